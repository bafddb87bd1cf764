"""Effects that move things on the page, each with the matrix that says where everything went.

No flips and no strong turns: a mirrored or upturned ECG is a different finding. Every function
takes an image uint8 (h, w, 3), a severity 1..5 and a generator, and gives the new image and the
homography (3, 3) from old to new pixel coordinates.
"""

import numpy as np
from PIL import Image

from ecg_tf.pages.layout import Box

DEGREES = (0.0, 0.7, 1.5, 2.6, 4.0, 6.0)
LEAN = (0.0, 0.012, 0.025, 0.042, 0.062, 0.085)  # of a corner, in parts of the page's side
CUT = (0.0, 0.01, 0.02, 0.035, 0.055, 0.08)  # of an edge, in parts of the page's side
SMALLEST_PART = 0.25  # of a box's area that must stay in sight for the box to be kept


def rotation(image: np.ndarray, severity: int, rng):
    """A page laid on the glass a little askew."""
    height, width = image.shape[:2]
    turn = np.deg2rad(DEGREES[severity] * rng.uniform(0.6, 1.0) * rng.choice([-1.0, 1.0]))
    to_middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    matrix = np.linalg.inv(to_middle) @ spin @ to_middle
    return _transform(image, matrix, rng), matrix


def perspective(image: np.ndarray, severity: int, rng):
    """A page photographed at an angle: each corner moves inwards by its own amount."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [width, height]
    moved = corners + inwards * rng.uniform(0.0, LEAN[severity], (4, 2))
    matrix = homography(corners, moved)
    return _transform(image, matrix, rng), matrix


def crop(image: np.ndarray, severity: int, rng):
    """One or two edges of the page outside the picture."""
    height, width = image.shape[:2]
    cuts = CUT[severity] * rng.uniform(0.5, 1.0, 4) * (rng.permutation(4) < rng.integers(1, 3))
    left, top = int(cuts[0] * width), int(cuts[1] * height)
    right, bottom = width - int(cuts[2] * width), height - int(cuts[3] * height)
    matrix = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    return np.ascontiguousarray(image[top:bottom, left:right]), matrix


def _transform(image: np.ndarray, matrix: np.ndarray, rng) -> np.ndarray:
    """The image seen through the homography; a plain table shows where the page ends."""
    table = tuple(int(part) for part in rng.integers(20, 256) + rng.integers(-12, 13, 3))
    fill = tuple(min(max(part, 0), 255) for part in table)
    return seen_through(matrix, image, (image.shape[1], image.shape[0]), fill)


def seen_through(matrix: np.ndarray, image: np.ndarray, size, fill=None) -> np.ndarray:
    """The image through a homography, on a picture of `size` (width, height); `fill` is the colour
    (black) where it does not reach."""
    back = np.linalg.inv(matrix)
    back /= back[2, 2]
    picture = Image.fromarray(image).transform(
        (int(size[0]), int(size[1])),
        Image.Transform.PERSPECTIVE,
        back.ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
        fillcolor=fill,
    )
    return np.array(picture)


def homography(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The matrix (3, 3) that takes four points (4, 2) to four others."""
    rows, right = [], []
    for (x, y), (u, v) in zip(old, new, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)


def move_box(box: Box, matrix: np.ndarray, old: tuple[int, int], new: tuple[int, int]):
    """The upright box round `box` after the move, or None where too little of it is in sight.

    `old` and `new` are the (height, width) of the images.
    """
    corners = [
        (x * old[1], y * old[0], 1.0) for x in (box.left, box.right) for y in (box.top, box.bottom)
    ]
    points = matrix @ np.array(corners).T
    x, y = points[0] / points[2] / new[1], points[1] / points[2] / new[0]
    whole = (x.max() - x.min()) * (y.max() - y.min())
    x, y = np.clip((x.min(), x.max()), 0.0, 1.0), np.clip((y.min(), y.max()), 0.0, 1.0)
    if (x[1] - x[0]) * (y[1] - y[0]) < SMALLEST_PART * whole or whole <= 0.0:
        return None
    return Box(*(float(side) for side in (x[0], y[0], x[1], y[1])))
