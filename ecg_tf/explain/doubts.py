"""When explanations of a page are not to be relied on, and why."""

from collections.abc import Sequence

from ecg_tf.explain.attention import Attention
from ecg_tf.explain.words import percent

MOST_OUTSIDE = 0.15  # part of the heat outside the lead boxes; what lies there is no trace
INFARCTION = "myocardial_infarction"  # the answer whose territory is known on drawn pages
# Times the paper's mean. Of drawn infarctions (seeds 170000 to 170129) whose hottest territory was
# less hot than this it was the true one on 7 of 12, of the others on 53 of 53; what single leads
# are worth and how much integrated gradients miss told right and wrong territories less apart.
LEAST_TIMES = 2.0


def doubts(attention: Sequence[Attention], label: str) -> tuple[str, ...]:
    """Reasons, as parts of a sentence, from the maps for the answer `label`, the first of which
    leads; empty where the measured evidence gives none."""
    main, *others = attention
    found = [
        f"{percent(seen.outside)} of the heat of {seen.method} lies outside the leads"
        for seen in attention
        if seen.region is not None and seen.outside is not None and seen.outside > MOST_OUTSIDE
    ]
    found += [
        f"{main.method} and {other.method} mark different leads"
        for other in others
        if main.hottest and other.hottest and not set(main.hottest) & set(other.hottest)
    ]
    if label == INFARCTION and main.territory and main.territory_times < LEAST_TIMES:
        found.append("no territory stands out, and then the hottest is often not the true one")
    return tuple(found)
