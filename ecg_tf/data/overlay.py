"""Lays one page's traces over another's and says how far they agree."""

from functools import lru_cache

import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter

from ecg_tf.data.views import coarse, unpack

STRETCHES = np.linspace(0.96, 1.04, 7)
SHIFTS = np.linspace(-0.03, 0.03, 13)  # of the page's width or height
CHANGES = [(stretch, shift) for stretch in STRETCHES for shift in SHIFTS]
ROUGH = 0.78  # agreement at the coarse scale below which pages differ
STEP = np.array([0.02, 0.02, 0.02, 0.02, 0.02, 0.02])  # that one round of fitting may go
FARTHEST = 0.1  # that a page may lie off another in any of the six numbers
ENOUGH = 1e-4  # a step below which fitting ends
STILL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def similarity(pair: tuple[bytes, bytes]) -> float:
    """How far two packed views show the same traces, -1..1; 0 for those that clearly differ.

    Most different pages are told apart at the coarse scale already. Where two agree there, the
    fine scale decides, at which strokes that merely come close no longer overlap.
    """
    moving, still = map(unpack, pair)
    small, small_still = coarse(moving), coarse(still)
    place = _fit(small, small_still, _first_place(small, small_still), rounds=6)
    if _agreement(_lay(small, place), small_still) < ROUGH:
        return 0.0
    place = _fit(moving, still, place, rounds=5)
    return _agreement(_lay(moving, place), still)


def sampling(source: int, target: int, stretch: float, shift: float) -> np.ndarray:
    """Weights float32 (target, source) that read a profile stretched about its middle, shifted."""
    wide = max(source / target, 1.0)
    at = (((np.arange(target) + 0.5) / target - 0.5) * stretch + 0.5 + shift) * source - 0.5
    distance = np.abs(at[:, None] - np.arange(source)) / wide
    return (np.maximum(1 - distance, 0) / wide).astype(np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows (n, d) or one row (d,) without their mean, of length 1."""
    rows = rows - rows.mean(axis=-1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


def _first_place(moving: np.ndarray, still: np.ndarray) -> np.ndarray:
    """A first guess for `_lay`: stretch and shift, of rows and of columns apart."""
    place = []
    for axis in (0, 1):
        read = _readings(moving.shape[axis]) @ _strength(moving, axis)
        likeness = unit(read) @ unit(_strength(still, axis))
        place.append(CHANGES[int(np.argmax(likeness))])
    (tall, down), (wide, right) = place
    return np.array([tall, 0.0, down, 0.0, wide, right])


@lru_cache
def _readings(n: int) -> np.ndarray:
    """For each of CHANGES the weights (n, n) that read a profile so changed: (91, n, n)."""
    return np.stack([sampling(n, n, *change) for change in CHANGES])


def _strength(view: np.ndarray, axis: int) -> np.ndarray:
    """The ink by row (axis 0), or that off the baselines by column (axis 1)."""
    if axis == 0:
        return view.mean(axis=1)
    return np.maximum(view - np.median(view, axis=1, keepdims=True), 0).mean(axis=0)


def _lay(view: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The view moved: its point (a v + b u + c, d v + e u + f) comes to (v, u).

    v runs down and u to the right, both -0.5..0.5; `place` is (a, b, c, d, e, f).
    """
    size = np.array(view.shape)
    matrix = place.reshape(2, 3)[:, :2] * size[:, None] / size[None, :]
    centre = (size - 1) / 2
    offset = centre + place[[2, 5]] * size - matrix @ centre
    return affine_transform(view, matrix, offset, order=1)


def _fit(moving: np.ndarray, still: np.ndarray, place: np.ndarray, rounds: int) -> np.ndarray:
    """The place at which the moved view is nearest to the other, by Gauss-Newton steps.

    Reference: B. D. Lucas and T. Kanade, An iterative image registration technique, 1981; with a
    sixth unknown more than theirs, the ratio of the two views' contrasts.
    """
    moving, still = gaussian_filter(moving, 1), gaussian_filter(still, 1)
    height, width = moving.shape
    v = ((np.arange(height, dtype=np.float32) + 0.5) / height - 0.5)[:, None]
    u = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    for _ in range(rounds):
        laid = _lay(moving, place)
        down, right = np.gradient(laid)
        down, right = down * height, right * width
        slopes = np.stack([down * v, down * u, down, right * v, right * u, right, laid])
        slopes = slopes.reshape(7, -1)
        normal = slopes @ slopes.T
        normal[np.diag_indices(7)] *= 1.0001
        step = np.linalg.solve(normal + 1e-6 * np.eye(7), slopes @ (still - laid).ravel())[:6]
        place = place + np.clip(step, -STEP, STEP)
        place = np.clip(place, np.subtract(STILL, FARTHEST), np.add(STILL, FARTHEST))
        if np.abs(step).max() < ENOUGH:
            break
    return place


def _agreement(laid: np.ndarray, still: np.ndarray) -> float:
    """Correlation of two views, -1..1, without what whole rows and columns have in common."""
    return float((_details(laid) * _details(still)).sum())


def _details(view: np.ndarray) -> np.ndarray:
    view = gaussian_filter(view, 0.7)
    view = view - view.mean(axis=1, keepdims=True)
    view = view - view.mean(axis=0, keepdims=True)
    return view / max(np.linalg.norm(view), 1e-9)
