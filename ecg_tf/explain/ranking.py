"""From rows to figures with intervals, and to the method that is shown by default.

How the default is chosen, fixed before any figure was seen. On the drawn infarctions that the
network answers rightly, the methods are ranked by each of CRITERIA, by their means over the same
pages; the smallest mean rank wins, and of equal ones the higher hit rate. A method is out

- whose maps still have a mean rank correlation of SANE or more with those of the same network with
  its weights shuffled, for such maps do not show what was learned;
- that needs more than SLOW seconds of processor time a page in the median: a person waits;
- that was measured on fewer pages than others, or not in all respects: nothing to compare.

The random map and the centre blob are ranked with nobody; a winner that does not beat both of them
in every criterion but stability, where they may be perfect, is said to be no better than they.
"""

from collections.abc import Sequence

import numpy as np

from ecg_tf.evaluation.intervals import LEVEL, resample
from ecg_tf.explain.references import REFERENCES

CRITERIA = {"hit_territory": 1, "deletion": -1, "insertion": 1, "stability": 1}  # 1: more is better
SANE = 0.5
SLOW = 3.0  # seconds
RESAMPLES = 1000


def values_of(rows: Sequence[dict], column: str) -> np.ndarray:
    """One column, float (n,), NaN where it is missing; `stability` is the mean of shift and jpeg,
    `right` is 1 where the page was answered rightly."""
    if column == "stability":
        return (values_of(rows, "shift") + values_of(rows, "jpeg")) / 2
    if column == "right":
        return np.array([float(row["answer"] == row["label"]) for row in rows])
    return np.array([row.get(column, np.nan) for row in rows], float)


def figure(rows: Sequence[dict], column: str, seed: int = 0) -> dict | None:
    """{value, low, high, n}: the mean over the rows that have the column, with the bootstrap's
    95 % interval over the pages; None where no row has it. Of seconds it is the median and the
    quartiles: the first call of a method builds it, too."""
    values = values_of(rows, column)
    known = ~np.isnan(values)
    if not known.any():
        return None
    pages = np.array([row["page"] for row in rows])[known]
    if column == "seconds":
        low, value, high = np.percentile(values[known], (25, 50, 75))
        return {"value": value, "low": low, "high": high, "n": len(set(pages))}
    weights = resample(pages, RESAMPLES, seed)
    means = weights @ values[known] / weights.sum(axis=1)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(means, (tail, 100 - tail))
    return {
        "value": round(float(values[known].mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "n": len(set(pages)),
    }


def ranked(rows: Sequence[dict], seed: int = 0) -> dict:
    """Who is shown by default: {winner, mean_rank, vetoes, wins, beats_references}.

    `rows` are those of drawn pages answered rightly. `mean_rank` is by method; `vetoes` say why a
    method is out; `wins` is the part of the bootstrap's resamples of the pages in which each method
    comes first: how sure the choice is. `winner` is None where all methods are out.
    """
    names = sorted({row["method"] for row in rows} - set(REFERENCES))
    most = max((len(_of(rows, name)) for name in names), default=0)
    vetoes = {name: why for name in names if (why := veto(_of(rows, name), most))}
    fair = [name for name in names if name not in vetoes]
    if not fair:
        return {"winner": None, "mean_rank": {}, "vetoes": vetoes, "wins": {}}
    means = np.array([[_mean(_of(rows, name), key) for key in CRITERIA] for name in fair])
    mean_rank = _mean_ranks(means)
    winner = fair[_first(mean_rank, means)]
    return {
        "winner": winner,
        "mean_rank": dict(zip(fair, mean_rank.round(3).tolist(), strict=True)),
        "vetoes": vetoes,
        "wins": _wins(rows, fair, seed),
        "beats_references": {name: _beats(rows, winner, name) for name in REFERENCES},
    }


def veto(rows: Sequence[dict], most: int) -> str:
    """Why a method may not be shown by default, from its rows; "" if it may. `most` is the largest
    number of rows that a method has."""
    lacking = [key for key in (*CRITERIA, "sanity") if np.isnan(values_of(rows, key)).all()]
    if lacking:
        return f"it was not measured in {', '.join(lacking)}"
    sanity, seconds = _mean(rows, "sanity"), float(np.median(values_of(rows, "seconds")))
    if sanity >= SANE:
        return f"its maps hardly change when the weights are shuffled (correlation {sanity:.2f})"
    if seconds > SLOW:
        return f"it needs {seconds:.1f} s of processor time a page"
    if len(rows) < most:
        return f"it was measured on {len(rows)} of {most} pages"
    return ""


def _of(rows: Sequence[dict], method: str) -> list[dict]:
    return [row for row in rows if row["method"] == method]


def _mean(rows: Sequence[dict], column: str) -> float:
    """The mean of the rows that have the column; NaN if none has."""
    values = values_of(rows, column)
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _mean_ranks(means: np.ndarray) -> np.ndarray:
    """Mean ranks (methods,), 1 the best, of means (methods, criteria); equals share a rank."""
    better = means * np.array(list(CRITERIA.values()))
    above = (better[None] > better[:, None]).sum(axis=1)
    beside = (better[None] == better[:, None]).sum(axis=1)
    return (above + (beside + 1) / 2).mean(axis=1)


def _first(mean_rank: np.ndarray, means: np.ndarray) -> int:
    """The index of the smallest mean rank; of equal ones, that of the higher first criterion."""
    return int(np.lexsort((-means[:, 0], mean_rank.round(9)))[0])


def _wins(rows: Sequence[dict], names: list[str], seed: int) -> dict[str, float]:
    """The part of the resamples of the pages in which each method comes first."""
    pages = sorted({row["page"] for row in rows})
    values = np.full((len(names), len(CRITERIA), len(pages)), np.nan)
    for number, name in enumerate(names):
        own = _of(rows, name)
        places = [pages.index(row["page"]) for row in own]
        for at, key in enumerate(CRITERIA):
            values[number, at, places] = values_of(own, key)
    known = ~np.isnan(values)
    weights = resample(np.array(pages), RESAMPLES, seed).T
    sums = np.where(known, values, 0.0) @ weights
    means = np.moveaxis(sums / np.maximum(known @ weights, 1.0), -1, 0)
    first = [_first(_mean_ranks(each), each) for each in means]
    counts = np.bincount(first, minlength=len(names))
    return dict(zip(names, (counts / RESAMPLES).round(3).tolist(), strict=True))


def _beats(rows: Sequence[dict], winner: str, reference: str) -> list[str]:
    """The criteria but stability in which the winner is better than a reference."""
    return [
        key
        for key, sign in CRITERIA.items()
        if key != "stability"
        and sign * (_mean(_of(rows, winner), key) - _mean(_of(rows, reference), key)) > 0
    ]
