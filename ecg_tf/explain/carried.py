"""Which leads carried an answer: measured by what is lost of it when each lead is blanked.

Needs neither TensorFlow nor Keras: the numbers come from `ecg_tf.explain.occlusion`, in the same
process or over the wire.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_tf.explain.attention import MOST_NAMED, Attention
from ecg_tf.pages.layout import LEADS, RHYTHM

MATTERS = 0.02  # fall of the probability from which on a lead is named
BESIDE_LARGEST = 0.5  # part of the largest loss of log-odds that a lead needs to be named with it
CLOSEST = 1e-6  # to 0 or 1 that a probability counts


@dataclass(frozen=True)
class Carried:
    """What the leads were worth. `without` is the probability of the answer when a lead is blanked;
    `leads`, largest loss first, are those that matter; `agreement` the rank correlation of the
    losses with each method's heat by lead, or None where one of them is the same everywhere.

    No territory is named by them: on drawn infarctions that is right far less often than the heat
    is, see `ecg_tf.explain.naming`."""

    without: dict[str, float]
    leads: tuple[str, ...]
    agreement: dict[str, float | None]


def carried(
    changes: Mapping[str, float], confidence: float, attention: tuple[Attention, ...] = ()
) -> Carried:
    """What the leads were worth, from the change of the confidence without each of the 12 leads and
    of the strip "rhythm", if there is one. Raises ValueError for leads that are missing or unknown.
    """
    if set(changes) - {RHYTHM} != set(LEADS):
        raise ValueError(f"Changes are needed for 12 leads and {RHYTHM!r}; got {list(changes)}.")
    without = {lead: min(max(confidence + changes[lead], 0.0), 1.0) for lead in changes}
    # In log-odds: near 1 a probability hardly moves, whatever it loses.
    losses = {lead: _log_odds(confidence) - _log_odds(p) for lead, p in without.items()}
    ranked = sorted(losses, key=lambda lead: -losses[lead])
    named = [
        lead
        for lead in ranked
        if confidence - without[lead] >= MATTERS
        and losses[lead] >= BESIDE_LARGEST * losses[ranked[0]]
    ]
    return Carried(
        without=without,
        leads=tuple(named[:MOST_NAMED]),
        agreement={each.method: _agreement(losses, each) for each in attention if each.leads},
    )


def by_lead(changes: Sequence[float], shown: Container[str] = (*LEADS, RHYTHM)) -> dict[str, float]:
    """Changes (13,) of the 12 leads and the strip by name, those of them that are `shown` on the
    page; {} for no changes, or for those of a page whose layout was not recognised, which are NaN.
    """
    values = [float(change) for change in changes]
    if not values or any(np.isnan(values)):
        return {}
    named = zip((*LEADS, RHYTHM), values, strict=True)
    return {lead: change for lead, change in named if lead in shown}


def _log_odds(p: float) -> float:
    p = min(max(p, CLOSEST), 1.0 - CLOSEST)
    return float(np.log(p / (1.0 - p)))


def _agreement(losses: Mapping[str, float], seen: Attention) -> float | None:
    heat = {each.lead: each.times for each in seen.leads}
    lost = _ranks([max(losses[lead], 0.0) for lead in LEADS])
    hot = _ranks([heat[lead] for lead in LEADS])
    if np.ptp(lost) == 0.0 or np.ptp(hot) == 0.0:
        return None
    return float(np.corrcoef(lost, hot)[0, 1])


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks, those of equal values averaged. (scipy has them, but the web process spares it.)"""
    values = np.asarray(values)
    return (values[:, None] > values).sum(axis=1) + (values[:, None] == values).sum(axis=1) / 2
