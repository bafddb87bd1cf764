"""ECG-TF: from a picture of a 12-lead ECG page to one of four answers. Research use only."""

__version__ = "0.1.0"
