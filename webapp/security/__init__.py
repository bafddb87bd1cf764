"""Headers, limits and error pages: what every request gets."""
