"""Near misses made from pages that are already prepared: thousands of them at no cost.

They look as the same near miss of the picture would after `prepare`, up to the blur of a cut-out
half; the measured sets hold pictures that went the whole way.
"""

import numpy as np

from ecg_tf.models.gate import GRID
from ecg_tf.pages.near_misses import TILES
from ecg_tf.pages.pooling import pool_matrix

KINDS = ("upside_down", "sideways", "half_page", "scrambled")
PARTS = (0.38, 0.57)  # of the page that half a page may show
SIDES = ("left", "right", "top", "bottom")
# A half that still shows all leads is a page: any stretch of time will do, strips are not needed.
WHOLE_ALL_THE_SAME = {"12x1": ("left", "right"), "3x4+3": ("top",)}
COVERED = 0.3  # of the halves: the rest of the page is there, but empty


def derive(kind: str, pages: np.ndarray, layouts: list[str], seed: int) -> np.ndarray:
    """The near misses of prepared pages uint8 (n, h, w), as ink uint8 (n, *GRID), 255 full ink.

    `layouts` says what each page is: half a page depends on where its leads are.
    """
    found = np.empty((len(pages), *GRID), np.uint8)
    for row, (page, layout) in enumerate(zip(pages, layouts, strict=True)):
        rng = np.random.default_rng([seed, 10, KINDS.index(kind), row])
        found[row] = _one(kind, 1.0 - page.astype(np.float32) / 255.0, layout, rng)
    return found


def _one(kind: str, ink: np.ndarray, layout: str, rng) -> np.ndarray:
    if kind == "half_page":
        return _half(ink, layout, rng)
    if kind == "upside_down":
        ink = ink[::-1, ::-1]
    elif kind == "sideways":
        ink = np.rot90(ink, int(rng.choice([1, 3])))
    else:
        ink = _scrambled(ink, rng)
    return _pooled(ink, (0.0, 0.0, 1.0, 1.0))


def _half(ink: np.ndarray, layout: str, rng) -> np.ndarray:
    part = rng.uniform(*PARTS)
    boxes = ((0, 0, part, 1), (1 - part, 0, 1, 1), (0, 0, 1, part), (0, 1 - part, 1, 1))
    sides = [side for side in SIDES if side not in WHOLE_ALL_THE_SAME.get(layout, ())]
    box = boxes[SIDES.index(str(rng.choice(sides)))]
    if rng.random() >= COVERED:
        return _pooled(ink, box)
    left, top, right, bottom = (round(side * len(ink)) for side in box)
    shown = np.zeros_like(ink)
    shown[top:bottom, left:right] = ink[top:bottom, left:right]
    return _pooled(shown, (0.0, 0.0, 1.0, 1.0))


def _scrambled(ink: np.ndarray, rng) -> np.ndarray:
    rows, columns = TILES[int(rng.integers(len(TILES)))]
    tall, wide = ink.shape[0] // rows, ink.shape[1] // columns
    tiles = ink[: rows * tall, : columns * wide].reshape(rows, tall, columns, wide).swapaxes(1, 2)
    tiles = tiles.reshape(-1, tall, wide)[rng.permutation(rows * columns)]
    tiles = tiles.reshape(rows, columns, tall, wide).swapaxes(1, 2)
    return tiles.reshape(rows * tall, columns * wide)


def _pooled(ink: np.ndarray, box) -> np.ndarray:
    """The part of the ink in a box (left, top, right, bottom), as `gate.shrink` pools it."""
    left, top, right, bottom = box
    down = pool_matrix(ink.shape[0], GRID[0], top, bottom)
    across = pool_matrix(ink.shape[1], GRID[1], left, right)
    return np.round(255.0 * (down @ ink**4 @ across.T) ** 0.25).astype(np.uint8)
