"""Two maps that know nothing of the network: what any method has to beat.

They take the arguments of a method, (model, page, label), and look at the page's size only; the
random map also takes its seed from the page, so that the same page has the same map.
"""

import zlib

import numpy as np
from scipy.ndimage import gaussian_filter

GRAIN = 28  # hills along each side of the random map: as coarse as Grad-CAM's cells
SPREAD = 0.2  # standard deviation of the blob, in parts of each side


def random_map(model, page: np.ndarray, label: int) -> np.ndarray:
    """Smooth noise float32 (h, w) in 0..1, drawn with a seed made of the page's bytes."""
    rng = np.random.default_rng(zlib.crc32(np.ascontiguousarray(page)))
    size = page.shape[:2]
    noise = gaussian_filter(rng.standard_normal(size), [side / GRAIN for side in size])
    return ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)


def centre_blob(model, page: np.ndarray, label: int) -> np.ndarray:
    """A Gaussian hill in the middle of the page, float32 (h, w) in 0..1."""
    down, across = (np.linspace(-0.5, 0.5, side) / SPREAD for side in page.shape[:2])
    heat = np.exp(-0.5 * (down[:, None] ** 2 + across[None, :] ** 2))
    return (heat / heat.max()).astype(np.float32)


REFERENCES = {"random": random_map, "centre": centre_blob}
TITLES = {"random": "a random map", "centre": "a blob in the centre"}
