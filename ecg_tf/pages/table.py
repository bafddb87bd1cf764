"""A page photographed on a table, as the effects of `ecg_tf.pages.warp`: image, severity and
generator in, new image and the homography (3, 3) from old to new pixel coordinates out."""

import numpy as np
from PIL import Image

from ecg_tf.pages.warp import homography, seen_through

FAR = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)  # width of the picture, in widths of the page
DEGREES = (0.0, 0.5, 1.0, 1.8, 2.8, 4.0)
LEAN = (0.0, 0.005, 0.01, 0.018, 0.028, 0.04)  # of a corner, in parts of the page's side
OFF = 0.3  # of the table beside the page: how far the page lies from the middle of the picture
LIGHT = 0.04  # for each severity: how much brighter or darker the sides of the picture are
GRAIN = ((1, 1), (6, 60), (60, 6), (3, 3))  # pixels of plain, wood (along, across) and cloth


def on_table(image: np.ndarray, severity: int, rng):
    """The page smaller, askew and seen at an angle, on a table or a cloth of any colour."""
    height, width = image.shape[:2]
    size = np.array([width, height])
    picture = np.round(size * FAR[severity]).astype(int)
    turn = np.deg2rad(rng.uniform(-1.0, 1.0) * DEGREES[severity])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    moved = (corners - size / 2) @ spin.T + picture / 2
    moved = moved + rng.uniform(-OFF, OFF, 2) * (picture - size)
    moved = moved + rng.uniform(-1.0, 1.0, (4, 2)) * LEAN[severity] * size
    matrix = homography(corners, moved)
    page = seen_through(matrix, image, picture)
    there = seen_through(matrix, np.full((height, width), 255, np.uint8), picture)
    there = there[..., None] / np.float32(255)
    sides = 1.0 + LIGHT * severity * rng.uniform(-1.0, 1.0) * np.linspace(-1, 1, picture[0])
    seen = (page * there + _table(rng, picture) * (1.0 - there)) * sides[None, :, None]
    return seen.clip(0, 255).astype(np.uint8), matrix


def _table(rng, size) -> np.ndarray:
    """A plain table, wood or cloth of `size` (width, height): float32 (height, width, 3)."""
    width, height = (int(side) for side in size)
    colour = rng.uniform(20, 230) + rng.uniform(-40, 40, 3)
    tall, wide = GRAIN[int(rng.integers(len(GRAIN)))]
    rough = rng.normal(0.0, rng.uniform(1.0, 30.0), (height // tall + 1, width // wide + 1))
    grain = Image.fromarray(rough.astype(np.float32)).resize((width, height))
    return colour.astype(np.float32) + np.asarray(grain)[..., None]
