"""Shortcut probes: what a small model makes of everything on a page except its traces.

A label that can be told from the paper, the header or the size of the picture will be told from
it, and an accuracy measured then says nothing about reading ECGs.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from ecg_tf.data.fingerprint import TOUCHED, Fingerprint
from ecg_tf.labels import LABELS

FOLDS = 5
REPEATS = 3
PERMUTATIONS = 499
RESAMPLES = 2000
MOST = 2000  # pages that a probe is given; more make it slower, not wiser
FEWEST = 5  # independent pages below which a label is left out
FREE = 0.97  # part of the pages that must leave a cell of the paper free of traces
LEVEL = 0.01  # share of permutations as good below which a probe is above chance ...
DOUBT = 0.05  # ... and from which on it is at chance


@dataclass(frozen=True)
class Probe:
    """What a probe found. `interval` is 95 %; `chance` is what permuted labels reach on average,
    `p` the share of permutations that did as well as the true labels."""

    pages: int
    labels: tuple[str, ...]
    balanced_accuracy: float
    interval: tuple[float, float]
    chance: float
    p: float

    @property
    def verdict(self) -> str:
        if self.p >= DOUBT:
            return "at chance"
        return "above chance" if self.p < LEVEL else "in doubt"


def background_features(fingerprints: list[Fingerprint]) -> np.ndarray:
    """(n, d) colours of the paper without its traces; cells that a trace touches are NaN.

    Only cells that nearly all pages leave free: which cells are missing would tell the traces.
    """
    cells = np.stack([one.background.reshape(-1) for one in fingerprints]).astype(np.float32)
    free = cells != TOUCHED
    return np.where(free, cells, np.nan)[:, free.mean(axis=0) >= FREE]


def rim_features(fingerprints: list[Fingerprint]) -> np.ndarray:
    """(n, d) colours of header and margins; every page must have some."""
    return np.stack([one.rim.reshape(-1) for one in fingerprints]).astype(np.float32)


def form_features(fingerprints: list[Fingerprint]) -> np.ndarray:
    """(n, 3): height and width of the picture in pixels, and 100 for a PNG."""
    return np.array([one.form for one in fingerprints], np.float32) * np.float32([1, 1, 100])


def probe(features: np.ndarray, labels: np.ndarray, seed: int = 0) -> Probe | str:
    """How well a ridge classifier tells the labels, int (n,), from features (n, d); or why not.

    The answer is cross-validated, with an interval and a permutation test; where the question
    cannot be asked, a sentence says why.

    The pages must be independent (one of each group of copies, one of each patient): then folds
    cut between groups, and labels may be permuted. Features are in grey levels or pixels;
    differences below 1 do not count. A missing feature takes its mean, of which a linear model
    can make nothing.
    """
    enough = np.flatnonzero(np.bincount(labels, minlength=len(LABELS)) >= FEWEST)
    if len(enough) < 2:
        return f"of fewer than two labels there are {FEWEST} independent pages"
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(np.isin(labels, enough))
    if len(chosen) > MOST:
        chosen = rng.choice(chosen, MOST, replace=False)
    scaled = _scale(features[chosen])
    if scaled is None:
        return f"in this all {len(chosen)} pages are alike, so that it tells nothing"
    target = np.searchsorted(enough, labels[chosen])
    asked = np.stack([target, *(rng.permutation(target) for _ in range(PERMUTATIONS))], axis=1)
    right = _right(scaled, asked, len(enough), seed)
    scores = _recalls(right, asked, len(enough)).mean(axis=0)
    return Probe(
        pages=len(chosen),
        labels=tuple(LABELS[index] for index in enough),
        balanced_accuracy=float(scores[0]),
        interval=_interval(right[:, 0], target, rng),
        chance=float(scores[1:].mean()),
        p=float(np.mean(scores >= scores[0] - 1e-9)),
    )


def _scale(features: np.ndarray) -> np.ndarray | None:
    """Features centred, of deviation 1 (those that vary by less stay smaller), missing ones 0, and
    rows of mean length 1. None if there are none or no page differs from the mean by 1."""
    known = np.isfinite(features)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0).sum(axis=0) / count
    off = np.where(known, features - mean, 0)
    if np.abs(off).max(initial=0) < 1:
        return None
    scaled = off / np.maximum(np.sqrt((off**2).sum(axis=0) / count), 1)
    return scaled / np.sqrt((scaled**2).sum(axis=1).mean())


def _right(features: np.ndarray, asked: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """(n, k): the part of REPEATS in which page n was told right, for each column of labels.

    Ridge regression is linear in its targets, so one fit a fold serves all permutations.
    """
    right = np.zeros(asked.shape, np.float32)
    for repeat in range(REPEATS):
        # Not stratified: folds that know the true labels would favour them over permuted ones.
        cut = KFold(FOLDS, shuffle=True, random_state=seed + repeat)
        for train, test in cut.split(features):
            target = (asked[train][..., None] == np.arange(classes)).astype(np.float32)
            target /= np.maximum(target.sum(axis=0), 1)  # each class weighs the same
            target -= target.mean(axis=0)
            model = Ridge(alpha=1.0, solver="cholesky")
            model.fit(features[train], target.reshape(len(train), -1) * len(train))
            said = model.predict(features[test]).reshape(len(test), -1, classes).argmax(axis=-1)
            right[test] += (said == asked[test]) / REPEATS
    return right


def _recalls(right: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
    """(classes, k): the part told right of each class, for each column of labels."""
    return np.stack(
        [(right * (asked == index)).sum(axis=0) / (asked == index).sum(axis=0)
         for index in range(classes)]
    )  # fmt: skip


def _interval(right: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> tuple:
    """95 % of the balanced accuracy, from pages drawn again within each class."""
    means = [
        rng.choice(right[target == index], (RESAMPLES, (target == index).sum())).mean(axis=1)
        for index in np.unique(target)
    ]
    low, high = np.quantile(np.mean(means, axis=0), (0.025, 0.975))
    return float(low), float(high)
