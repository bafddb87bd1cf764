"""What is gained by not answering the least sure pages: the risk-coverage curve."""

import numpy as np


def risk_coverage(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(coverage, risk), each (k,): the part of pages answered and the part of those wrong.

    One point per different confidence, surest first: pages of one confidence are answered
    together, so their order in the file does not matter.
    """
    confidence = probabilities.max(axis=1)
    wrong = probabilities.argmax(axis=1) != labels
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(wrong[order])
    answered = np.arange(1, len(labels) + 1)
    last = np.append(np.diff(confidence[order]) != 0, True)
    return answered[last] / len(labels), errors[last] / answered[last]


def area_under_risk(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean risk over all coverages (AURC); lower is better, the error rate for blind confidence."""
    coverage, risk = risk_coverage(labels, probabilities)
    return float(np.sum(np.diff(coverage, prepend=0.0) * risk))


def accuracy_at(labels: np.ndarray, probabilities: np.ndarray, coverage: float) -> float:
    """Accuracy on the surest pages that make up at least `coverage` (0..1] of all.

    Raises ValueError for a coverage outside that range.
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"The coverage is {coverage}; it must lie above 0 and at most at 1.")
    answered, risk = risk_coverage(labels, probabilities)
    return float(1 - risk[np.searchsorted(answered, coverage - 1e-12)])


def threshold_for(labels: np.ndarray, probabilities: np.ndarray, accuracy: float) -> float | None:
    """The lowest confidence from which on answers reach `accuracy` (0..1); None if none does."""
    confidence = np.sort(np.unique(probabilities.max(axis=1)))[::-1]
    _, risk = risk_coverage(labels, probabilities)
    good = np.flatnonzero(1 - risk >= accuracy)
    return float(confidence[good[-1]]) if len(good) else None
