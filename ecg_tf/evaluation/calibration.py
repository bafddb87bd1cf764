"""Whether a confidence of 80 % is right 80 % of the time, and the temperature that makes it so."""

import numpy as np
from scipy.optimize import minimize_scalar

from ecg_tf.evaluation.predictions import Predictions

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0  # temperatures between which the best one is looked for
SMALLEST = 5e-7  # probability; what a stored 0.000000 may stand for


def confidence_bins(probabilities: np.ndarray, bins: int = BINS) -> np.ndarray:
    """The equal-width bin of each page's highest probability, int (n,) in 0..bins-1."""
    confidence = probabilities.max(axis=1)
    return np.minimum((confidence * bins).astype(int), bins - 1)


def reliability(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean confidence, accuracy, count) of the bins that hold pages, each (k,)."""
    where = confidence_bins(probabilities, bins)
    right = probabilities.argmax(axis=1) == labels
    count = np.bincount(where, minlength=bins)
    held = count > 0
    confidence = np.bincount(where, probabilities.max(axis=1), bins)[held] / count[held]
    accuracy = np.bincount(where, right, bins)[held] / count[held]
    return confidence, accuracy, count[held]


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> float:
    """Mean distance between confidence and accuracy, weighted by the bins' pages (Guo 2017)."""
    confidence, accuracy, count = reliability(labels, probabilities, bins)
    return float(np.sum(count * np.abs(confidence - accuracy)) / len(labels))


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature of least log-loss; above 1 the probabilities were too sure.

    Fit it on out-of-fold probabilities: on pages that were trained on it comes out too cold.
    Raises ValueError for no pages.
    """
    if len(labels) == 0:
        raise ValueError("A temperature needs at least one page; there are 0.")

    def loss(log_temperature: float) -> float:
        softened = apply_temperature(probabilities, np.exp(log_temperature))
        return -np.log(np.maximum(softened[np.arange(len(labels)), labels], SMALLEST)).mean()

    bounds = (np.log(COLDEST), np.log(HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(log p / temperature), float (n, 4). Raises ValueError unless it is above 0."""
    if not temperature > 0:
        raise ValueError(f"The temperature is {temperature}; it must be above 0.")
    logits = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def cross_fitted(predictions: Predictions) -> np.ndarray:
    """Each fold's probabilities under the temperature fitted on the pages of the other folds of
    its repeat, float (n, 4).

    Raises ValueError for fewer than two folds.
    """
    fold, repeat = predictions.fold, predictions.repeat
    count = len(np.unique(fold))
    if count < 2:
        raise ValueError(f"Fitting on the other folds needs at least 2 folds, not {count}.")
    softened = np.empty_like(predictions.probabilities, dtype=float)
    for number, time in sorted(set(zip(fold, repeat, strict=True))):
        here = (fold == number) & (repeat == time)
        others = (fold != number) & (repeat == time)
        temperature = fit_temperature(predictions.labels[others], predictions.probabilities[others])
        softened[here] = apply_temperature(predictions.probabilities[here], temperature)
    return softened
