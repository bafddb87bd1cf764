"""Deletion and insertion (Petsiuk et al. 2018, RISE): does the answer rest on the hot pixels?

Deletion paints the hottest pixels of the network's input in the colour of paper, a larger and
larger part of them; a true map takes the probability of its class away early, so a small area
under the curve is good. Insertion begins with blank paper and brings the hottest pixels back; a
true map brings the probability back early, so a large area is good.

Both tell of the network, not of the heart, and a page with holes is no page that the network was
trained on: compare methods and references on the same pages, do not read the areas as such. A
class that the network gives to blank paper, too, has a high deletion curve under any map.
"""

from collections.abc import Callable

import numpy as np

from ecg_tf.explain.integrated_gradients import BLANK

# Parts of the page painted or restored: dense at first, for the ink of a page is a few per cent.
PARTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)


def deletion_insertion(
    predict: Callable, page: np.ndarray, heat: np.ndarray, label: int, seed: int = 0
) -> tuple[float, float]:
    """The areas under the deletion and the insertion curve of one map, each in 0..1.

    `predict` gives probabilities (n, classes) for pages (n, h, w, 3); `page` float32 (h, w, 3) is
    the network's input, `heat` (h, w) its map for the class `label`. The curves hold the
    probability of the class when the parts PARTS of all pixels, hottest first, are blank
    (deletion) or alone on blank paper (insertion); the area is that of straight lines between.
    Pixels of equal heat come in an order drawn with `seed`.
    """
    blank = np.full_like(page, BLANK)
    order = hottest_first(heat, seed)
    pages = np.concatenate([replaced(page, blank, order), replaced(blank, page, order)[1:-1]])
    p = np.asarray(predict(pages))[:, label]
    deleted, between = p[: len(PARTS)], p[len(PARTS) :]
    inserted = np.concatenate([deleted[-1:], between, deleted[:1]])
    return tuple(float(np.trapezoid(curve, PARTS)) for curve in (deleted, inserted))


def replaced(page: np.ndarray, other: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The page with its first 0, ..., all pixels in `order` (h * w,) taken from the other page:
    float32 (len(PARTS), h, w, c)."""
    pages = np.repeat(page[None], len(PARTS), axis=0)
    flat = pages.reshape(len(PARTS), len(order), -1)
    source = other.reshape(len(order), -1)
    for number, part in enumerate(PARTS):
        first = order[: round(part * len(order))]
        flat[number, first] = source[first]
    return pages


def hottest_first(heat: np.ndarray, seed: int = 0) -> np.ndarray:
    """Places in the flat map, int (h * w,), from hot to cold; equal ones in a drawn order."""
    drawn = np.random.default_rng(seed).permutation(heat.size)
    return drawn[np.argsort(-np.ravel(heat)[drawn], kind="stable")]
