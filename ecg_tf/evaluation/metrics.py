"""The figures of a set of predictions: (labels, probabilities) in, {name: value} out.

`labels` is int (n,) in the order of LABELS, `probabilities` float (n, 4). Names of figures per
class are `<metric>/<label>`; macro means are over the labels that occur.
"""

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

from ecg_tf.evaluation.calibration import SMALLEST, expected_calibration_error
from ecg_tf.labels import LABELS

MACRO = ("precision", "recall", "f1", "auroc")
METRICS = ("accuracy", *MACRO, "log_loss", "ece")

CLASSES = range(len(LABELS))


def metrics(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """All METRICS, and those of MACRO per class; NaN where a class does not occur."""
    answers = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, answers, labels=CLASSES, zero_division=0
    )
    present = support > 0
    per_class = {
        "precision": precision,
        "recall": np.where(present, recall, np.nan),
        "f1": np.where(present, f1, np.nan),
        "auroc": np.array([_auroc(labels == c, probabilities[:, c]) for c in CLASSES]),
    }
    found = {"accuracy": float(accuracy_score(labels, answers))}
    found |= {name: float(np.nanmean(per_class[name][present])) for name in MACRO}
    found["log_loss"] = float(log_loss(labels, normalised(probabilities), labels=CLASSES))
    found["ece"] = expected_calibration_error(labels, probabilities)
    for name in MACRO:
        found |= {f"{name}/{LABELS[c]}": float(per_class[name][c]) for c in CLASSES}
    return found


def confusion(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Counts, int (4, 4): rows are the true labels, columns the answers."""
    return confusion_matrix(labels, probabilities.argmax(axis=1), labels=CLASSES)


def normalised(probabilities: np.ndarray) -> np.ndarray:
    """Rows that sum to exactly 1 and hold no 0: stored ones are rounded to six digits."""
    probabilities = np.maximum(probabilities, SMALLEST)
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def _auroc(positive: np.ndarray, score: np.ndarray) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    return float(roc_auc_score(positive, score))
