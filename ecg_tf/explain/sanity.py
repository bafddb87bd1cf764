"""Sanity and stability of maps: they must change with the weights, and not with a nudged page.

A map that stays as it is when everything that was learned is gone shows the page, not the network
(Adebayo et al. 2018, model parameter randomisation, here of all layers at once).
"""

import io

import keras
import numpy as np
from PIL import Image
from scipy.stats import spearmanr

from ecg_tf.explain.integrated_gradients import BLANK

CELL = 8  # pixels a side of the cells whose means are compared: neighbours say the same
SHIFT = 2  # pixels, down and to the right
QUALITY = 75  # of JPEG


def shuffled(model: keras.Model, seed: int = 0) -> keras.Model:
    """A network of the same layers in which the numbers within each weight tensor are shuffled.

    Nothing learned is left, but every tensor keeps its mean and spread, so the network is as alive
    as before; freshly drawn weights under untrained batch norms answer nothing but a constant.
    """
    other = keras.models.clone_model(model)
    rng = np.random.default_rng(seed)
    learned = model.get_weights()
    other.set_weights([rng.permutation(each.ravel()).reshape(each.shape) for each in learned])
    return other


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation of two maps (h, w), by the means of their cells; 0 where one is even,
    for then nothing of the other is left in it."""
    one, other = cells(one), cells(other)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one, other, axis=None).statistic)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two maps (h, w), pixel by pixel; 0 where one is even."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def shifted(page: np.ndarray, pixels: int = SHIFT) -> np.ndarray:
    """The page (h, w, 3) moved down and to the right, blank paper where it came from."""
    moved = np.full_like(page, BLANK)
    moved[pixels:, pixels:] = page[:-pixels, :-pixels]
    return moved


def shift_correlation(heat: np.ndarray, moved: np.ndarray, pixels: int = SHIFT) -> float:
    """The correlation of the map of a page with that of the page `shifted`, moved back."""
    return correlation(heat[:-pixels, :-pixels], moved[pixels:, pixels:])


def compressed(image: np.ndarray, quality: int = QUALITY) -> np.ndarray:
    """The image uint8 (h, w, 3) after it was saved as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file, formats=("JPEG",)))


def cells(heat: np.ndarray, side: int = CELL) -> np.ndarray:
    """The means of whole cells of a map (h, w): (h // side, w // side)."""
    rows, columns = heat.shape[0] // side, heat.shape[1] // side
    whole = heat[: rows * side, : columns * side]
    return whole.reshape(rows, side, columns, side).mean(axis=(1, 3))
