"""Figures of answers away from home, with intervals.

`facts` is what is stored beside the rows: temperature and thresholds of the card.
"""

import numpy as np

from ecg_tf.evaluation.away_rows import Row
from ecg_tf.evaluation.calibration import apply_temperature
from ecg_tf.evaluation.intervals import resample, weighted_metrics
from ecg_tf.labels import LABELS

RESAMPLES = 1000


def probabilities(rows: list[Row], facts: dict) -> np.ndarray:
    """Calibrated, float (n, 4)."""
    raw = np.array([[getattr(row, label) for label in LABELS] for row in rows])
    return apply_temperature(raw, facts["temperature"])


def figures(rows: list[Row], facts: dict) -> dict[str, tuple[float, float, float]]:
    """{metric: (value, low, high)} of rows with labels, drawn by their groups."""
    labels = np.array([LABELS.index(row.label) for row in rows])
    return spread(labels, probabilities(rows, facts), rows)


def decisions(rows: list[Row], facts: dict) -> tuple[float, float]:
    """The parts refused and referred."""
    refused = np.array([row.score < facts["refuse_below"] for row in rows])
    return float(refused.mean()), float((~refused & ~answered(rows, facts)).mean())


def answered(rows: list[Row], facts: dict) -> np.ndarray:
    """Which pages get an answer, bool (n,)."""
    page = np.array([row.score >= facts["refuse_below"] and row.legible for row in rows], bool)
    return page & (probabilities(rows, facts).max(axis=1) >= facts["answer_from"])


def infarction(rows: list[Row], facts: dict) -> tuple[float, float, float]:
    """AUROC of "some infarction, of whatever age"."""
    p = probabilities(rows, facts)
    some = p[:, 1] + p[:, 2]
    two = np.stack([1.0 - some, some, np.zeros(len(p)), np.zeros(len(p))], axis=1)
    return spread(np.array([row.infarction for row in rows]), two, rows)["auroc/" + LABELS[1]]


def spread(labels, p, rows) -> dict[str, tuple[float, float, float]]:
    groups = np.array([row.group for row in rows])
    values = weighted_metrics(labels, p, np.ones((1, len(rows))))
    drawn = weighted_metrics(labels, p, resample(groups, RESAMPLES, 0))
    found = {}
    for name, each in drawn.items():
        known = each[~np.isnan(each)]
        edges = np.percentile(known, (2.5, 97.5)) if len(known) else (np.nan, np.nan)
        found[name] = (float(values[name][0]), *map(float, edges))
    return found
