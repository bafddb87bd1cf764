"""Bootstrap intervals: pages are drawn with replacement, all lines of a page together."""

import numpy as np

from ecg_tf.evaluation.calibration import BINS, confidence_bins
from ecg_tf.evaluation.metrics import MACRO, normalised
from ecg_tf.labels import LABELS

RESAMPLES = 1000
LEVEL = 0.95


def intervals(
    labels: np.ndarray,
    probabilities: np.ndarray,
    page_ids: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """The 95 % percentile interval of every figure that `metrics` gives: {name: (low, high)}."""
    drawn = resample(page_ids, resamples, seed)
    tail = 50 * (1 - LEVEL)
    return {
        name: tuple(_percentiles(values, (tail, 100 - tail)))
        for name, values in weighted_metrics(labels, probabilities, drawn).items()
    }


def resample(page_ids: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """How often each line counts in each resample, float (resamples, n).

    As many pages as there are different ones are drawn; lines of one page count alike.
    """
    _, group = np.unique(page_ids, return_inverse=True)
    pages = group.max() + 1
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(pages, np.full(pages, 1 / pages), size=resamples)
    return drawn[:, group].astype(float)


def weighted_metrics(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """What `metrics` gives, for many weightings of the lines at once.

    `weights` float (r, n) of at least 0; each value is float (r,). With all weights 1 the figures
    are those of `metrics`; scikit-learn would need minutes for thousands of resamples.
    """
    total = weights.sum(axis=1)
    answers = probabilities.argmax(axis=1)
    per_class = _counted(labels, answers, weights)
    per_class["auroc"] = np.stack(
        [_auroc(labels == c, probabilities[:, c], weights) for c in range(len(LABELS))],
        axis=1,
    )
    present = np.stack([weights @ (labels == c) for c in range(len(LABELS))], axis=1) > 0
    true = normalised(probabilities)[np.arange(len(labels)), labels]
    found = {"accuracy": weights @ (answers == labels) / total}
    found |= {name: _mean_where(per_class[name], present) for name in MACRO}
    found["log_loss"] = -(weights @ np.log(true)) / total
    found["ece"] = _calibration_error(answers == labels, probabilities, weights) / total
    for name in MACRO:
        found |= {f"{name}/{label}": per_class[name][:, c] for c, label in enumerate(LABELS)}
    return found


def _counted(labels: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> dict:
    """Precision, recall and F1 per class, each (r, 4)."""
    found = {"precision": [], "recall": [], "f1": []}
    for c in range(len(LABELS)):
        support, answered = weights @ (labels == c), weights @ (answers == c)
        right = weights @ ((labels == c) & (answers == c))
        found["precision"].append(np.where(answered > 0, right / np.maximum(answered, 1), 0.0))
        found["recall"].append(_where(support > 0, right, support))
        found["f1"].append(_where(support > 0, 2 * right, support + answered))
    return {name: np.stack(values, axis=1) for name, values in found.items()}


def _auroc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(r,): the chance that a positive scores above a negative, ties counting half."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(score[order]) != 0))
    sorted_weights = weights[:, order]
    positives = np.add.reduceat(sorted_weights * positive[order], starts, axis=1)
    negatives = np.add.reduceat(sorted_weights * ~positive[order], starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives
    won = np.sum(positives * (below + negatives / 2), axis=1)
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    return _where(pairs > 0, won, pairs)


def _calibration_error(
    right: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    surplus = probabilities.max(axis=1) - right
    where = confidence_bins(probabilities)
    return sum(np.abs(weights @ (surplus * (where == b))) for b in range(BINS))


def _where(held: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(held, above / np.where(held, below, 1), np.nan)


def _mean_where(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Mean over the classes that occur and have a value; NaN if there is none."""
    counted = present & ~np.isnan(values)
    return _where(
        counted.any(axis=1),
        np.where(counted, values, 0).sum(axis=1),
        counted.sum(axis=1),
    )


def _percentiles(values: np.ndarray, at: tuple[float, float]) -> list[float]:
    known = values[~np.isnan(values)]
    return [float(edge) for edge in np.percentile(known, at)] if len(known) else [np.nan, np.nan]
