"""When explanations of a page are not to be relied on, and why."""

from collections.abc import Sequence

from ecg_tf.explain.attention import Attention
from ecg_tf.explain.carried import Carried
from ecg_tf.explain.words import listed, percent

MOST_OUTSIDE = 0.15  # part of the heat outside the lead boxes; what lies there is no trace
LEAST_AGREEMENT = 0.3  # rank correlation over the 12 leads
LARGE_GAP = 0.05  # of integrated gradients; beyond it the map is called incomplete


def doubts(
    attention: Sequence[Attention], carried: Carried | None = None, gap: float | None = None
) -> tuple[str, ...]:
    """Reasons, as parts of a sentence; empty where the measured evidence gives none."""
    found = [
        f"{percent(seen.outside)} of the heat of {seen.method} lies outside the leads"
        for seen in attention
        if seen.region is not None and seen.outside is not None and seen.outside > MOST_OUTSIDE
    ]
    if carried is not None:
        apart = [name for name, r in carried.agreement.items() if r is None or r < LEAST_AGREEMENT]
        if apart:
            found.append(
                f"what is lost without single leads and the heat of {listed(apart)} disagree on "
                "which leads count"
            )
        if not carried.leads:
            found.append("no single lead makes much difference to the answer")
    if gap is not None and gap > LARGE_GAP:
        found.append(f"integrated gradients miss {percent(gap)} of the score")
    return tuple(found)
