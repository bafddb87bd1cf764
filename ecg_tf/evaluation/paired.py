"""Whether one model is better than another on the same pages; what cannot be told is a tie."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.stats import binomtest

from ecg_tf.evaluation.predictions import Predictions, per_page

ALPHA = 0.05
RESAMPLES = 10_000


@dataclass(frozen=True)
class Comparison:
    """Two models on their common pages, each page once.

    `difference` is the accuracy of `first` minus that of `second`, with its 95 % interval `low`
    to `high`; `only_first` and `only_second` count the pages that only one got right; `p` is
    McNemar's exact test, `adjusted` the same after Holm's correction over all pairs.
    """

    first: str
    second: str
    pages: int
    difference: float
    low: float
    high: float
    only_first: int
    only_second: int
    p: float
    adjusted: float

    @property
    def tie(self) -> bool:
        return self.adjusted >= ALPHA


def compare_all(models: list[Predictions], seed: int = 0) -> list[Comparison]:
    """Every pair that has pages in common, p-values corrected over these pairs (Holm 1979)."""
    pairs = [compare(a, b, seed) for a, b in combinations(models, 2)]
    pairs = [pair for pair in pairs if pair is not None]
    adjusted = holm(np.array([pair.p for pair in pairs]))
    return [replace(pair, adjusted=float(p)) for pair, p in zip(pairs, adjusted, strict=True)]


def compare(first: Predictions, second: Predictions, seed: int = 0) -> Comparison | None:
    """The two on their common pages; None if they have none in common.

    Probabilities are averaged over the repeats that both have, so that neither is helped by more.

    Raises ValueError if a common page has different labels.
    """
    repeats = np.intersect1d(first.repeat, second.repeat)
    a_ids, a_labels, a_probabilities = per_page(first, repeats)
    b_ids, b_labels, b_probabilities = per_page(second, repeats)
    common, a, b = np.intersect1d(a_ids, b_ids, assume_unique=True, return_indices=True)
    if not len(common):
        return None
    differ = a_labels[a] != b_labels[b]
    if differ.any():
        raise ValueError(
            f"The page {common[differ][0]} has different labels in {first.name} and {second.name}."
        )
    a_right = a_probabilities[a].argmax(axis=1) == a_labels[a]
    b_right = b_probabilities[b].argmax(axis=1) == b_labels[b]
    only_first, only_second = (
        int((a_right & ~b_right).sum()),
        int((~a_right & b_right).sum()),
    )
    p = mcnemar(only_first, only_second)
    n = len(common)
    low, high = _difference_interval(only_first, only_second, n, seed)
    difference = (only_first - only_second) / n
    return Comparison(
        first.name, second.name, n, difference, low, high, only_first, only_second, p, p
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value: are pages that only one got right shared evenly?"""
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def holm(p: np.ndarray) -> np.ndarray:
    """p-values (k,) corrected for k tests, step-down: never below the raw ones, at most 1."""
    order = np.argsort(p, kind="stable")
    steps = (len(p) - np.arange(len(p))) * p[order]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(p) else steps
    return adjusted


def _difference_interval(
    only_first: int, only_second: int, n: int, seed: int
) -> tuple[float, float]:
    """Paired bootstrap of the accuracy difference over n pages.

    A page adds +1, -1 or 0, so drawing pages is drawing these three from a multinomial.
    """
    parts = np.array([only_first, only_second, n - only_first - only_second]) / n
    drawn = np.random.default_rng(seed).multinomial(n, parts, size=RESAMPLES)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / n, [2.5, 97.5])
    return float(low), float(high)
