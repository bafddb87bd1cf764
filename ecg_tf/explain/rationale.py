"""The text beside an answer: what the model attended to, in words, from measured evidence.

It never says what is clinically so: the model's attention is a fact, what it means is for a
cardiologist. Needs neither TensorFlow nor Keras.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ecg_tf.explain.attention import Attention
from ecg_tf.explain.carried import Carried, carried
from ecg_tf.explain.doubts import doubts
from ecg_tf.explain.words import listed, name_leads, percent
from ecg_tf.labels import DISPLAY, LABELS
from ecg_tf.pages.layout import USUAL_FORM

CONFIDENCE = ((0.9, "high"), (0.7, "moderate"), (0.0, "low"))
LEAST_AGREEMENT = 0.3  # rank correlation over the 12 leads
LARGE_GAP = 0.05  # of integrated gradients; beyond it the map is called incomplete
CLOSE = 0.2  # distance of the second answer from the first below which it is called close

# One per class: what an answer of this class is, and what it is not.
TEMPLATES = {
    "normal": "The model sorts this page with the normal ones. That is an answer about the whole "
    "page: heat can mark what spoke for it, not what is missing.",
    "myocardial_infarction": "The model sorts this page with those labelled myocardial infarction. "
    "The label belongs to the whole page; the marked leads are where the model looked, not a "
    "finding in them.",
    "history_of_mi": "The model sorts this page with those labelled history of myocardial "
    "infarction. The label tells of a patient's past; the page alone may not show it.",
    "abnormal_heartbeat": "The model sorts this page with those labelled abnormal heartbeat. The "
    "class gathers many kinds of rhythms and beats; the model does not tell them apart.",
}
CLOSING = (
    "This tells what the model attended to, not what is clinically so. For research use only, not "
    "for diagnosis."
)
# What was measured, see `ecg_tf.explain.audit_words`.
APART = (
    "The heat marks other leads than that; of the two, it is the heat that named the true "
    "territory more often on drawn infarctions."
)


@dataclass(frozen=True)
class Evidence:
    """All that the text says, for JSON. The first of `attention` leads; `scale_weights` are the
    shares of the fine, middle and coarse maps, or None; `layout_problem` is "" where the lead
    boxes were found; `gap` is that of integrated gradients, or None; `carried` is what single
    leads were worth, or None; `doubts` are the reasons not to rely on the explanation; `form` is
    the page's layout, "" where it is not known."""

    label: str
    confidence: float
    confidence_word: str
    second: str
    second_confidence: float
    attention: tuple[Attention, ...]
    scale_weights: tuple[float, ...] | None = None
    layout_problem: str = ""
    gap: float | None = None
    carried: Carried | None = None
    doubts: tuple[str, ...] = ()
    form: str = ""

    def as_dict(self) -> dict:
        """As plain dicts, lists, strings and numbers."""
        return asdict(self)


def gather(
    probabilities: Mapping[str, float],
    attention: Sequence[Attention],
    scale_weights: Sequence[float] | None = None,
    layout_problem: str = "",
    gap: float | None = None,
    lead_occlusion: Mapping[str, float] | None = None,
    form: str = "",
) -> Evidence:
    """The evidence for the likeliest label of `probabilities` (label to 0..1, calibrated).

    `lead_occlusion` are the changes of its probability without each lead and the strip "rhythm".
    Raises ValueError when labels are missing or unknown, or there is no attention to speak of.
    """
    if set(probabilities) != set(LABELS):
        raise ValueError(f"Probabilities are needed for {', '.join(LABELS)}; got {probabilities}.")
    if not attention:
        raise ValueError("A rationale needs at least one measured heat map; got none.")
    first, second = sorted(LABELS, key=lambda label: -probabilities[label])[:2]
    confidence = float(probabilities[first])
    gap = None if gap is None else float(gap)
    worth = carried(lead_occlusion, confidence, tuple(attention)) if lead_occlusion else None
    return Evidence(
        label=first,
        confidence=confidence,
        confidence_word=next(word for least, word in CONFIDENCE if round(confidence, 2) >= least),
        second=second,
        second_confidence=float(probabilities[second]),
        attention=tuple(attention),
        scale_weights=None if scale_weights is None else tuple(map(float, scale_weights)),
        layout_problem=layout_problem,
        gap=gap,
        carried=worth,
        doubts=doubts(attention, first),
        form=form,
    )


def rationale(evidence: Evidence) -> str:
    """The text, a few sentences."""
    main, *others = evidence.attention
    sentences = [
        TEMPLATES[evidence.label],
        _confidence(evidence),
        _form(evidence.form),
        _main_attention(main, evidence.layout_problem),
        _outside(main),
        *(_compared(other, main) for other in others),
        _incomplete(evidence.gap),
        _carried(evidence),
        _doubts(evidence.doubts),
        _scales(evidence.scale_weights),
        CLOSING,
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _confidence(evidence: Evidence) -> str:
    close = evidence.confidence - evidence.second_confidence < CLOSE
    return (
        f"Its confidence is {evidence.confidence_word} ({percent(evidence.confidence)}); its "
        f"second answer is {DISPLAY[evidence.second]} ({percent(evidence.second_confidence)})"
        f"{', which is close' if close else ''}."
    )


def _form(form: str) -> str:
    """What was done to a page of another layout than the usual one."""
    if form in ("", USUAL_FORM):
        return ""
    return (
        f"The page has the layout {form}; the model saw 2.5 seconds of each lead, laid out as "
        "3 x 4 leads and a rhythm strip."
    )


def _main_attention(seen: Attention, layout_problem: str) -> str:
    if seen.region is None:
        return f"By {seen.method}, no part of the page spoke for this answer."
    region = (
        f"By {seen.method}, the hottest region is the {seen.region} third of the paper "
        f"({percent(seen.regions[seen.region])} of the heat)"
    )
    if not seen.leads:
        reason = f": {layout_problem}" if layout_problem else ""
        return f"{region}. Lead boxes are not named, because the layout was not recognised{reason}."
    territory = (
        f" Of the territories, the {seen.territory} leads are the hottest "
        f"({seen.territory_times:.1f} times the paper's mean)."
    )
    if not seen.hottest:
        spread = f"{region}, but no lead box stands out: the heat is spread over the page."
        return spread + territory
    held = sum(each.share for each in seen.leads if each.lead in seen.hottest)
    return (
        f"{region}, and the model attended most to {name_leads(seen.hottest)}, which "
        f"{'holds' if len(seen.hottest) == 1 else 'hold'} {percent(held)} of the heat.{territory}"
    )


def _outside(seen: Attention) -> str:
    if seen.region is None or seen.outside is None:
        return ""
    sentence = f"Outside the lead boxes lies {percent(seen.outside)} of the heat"
    if seen.outside <= seen.outside_area:
        return f"{sentence}."
    return f"{sentence}, more than that part's share of the paper ({percent(seen.outside_area)})."


def _compared(other: Attention, main: Attention) -> str:
    """One sentence on a second map, and whether it agrees with the first."""
    method = other.method[0].upper() + other.method[1:]
    if other.region is None:
        return f"{method} found no part of the page that spoke for this answer."
    if not (other.hottest and main.hottest):
        same = "the same" if other.region == main.region else "another"
        return f"{method} found {same} hottest region, the {other.region} one."
    shared = [lead for lead in other.hottest if lead in main.hottest]
    agree = f"agree on {name_leads(shared)}" if shared else "do not agree"
    return f"{method} mark {name_leads(other.hottest)} most; the two methods {agree}."


def _incomplete(gap: float | None) -> str:
    if gap is None or gap <= LARGE_GAP:
        return ""
    return f"Integrated gradients miss {percent(gap)} of the score."


def _carried(evidence: Evidence) -> str:
    """What is lost without single leads, and whether the heat agrees."""
    seen = evidence.carried
    if seen is None:
        return ""
    if seen.leads:
        least = min(seen.leads, key=seen.without.get)
        sentence = (
            f"With one lead blanked at a time, the confidence falls most without "
            f"{name_leads(seen.leads)}: from {percent(evidence.confidence)} to "
            f"{percent(seen.without[least])} without {name_leads([least]).split(' (')[0]}."
        )
    else:
        least = min(seen.without.values())
        stays = "above 99 %" if least > 0.99 else f"at {percent(least)} or more"
        sentence = (
            f"With one lead blanked at a time, the confidence stays {stays}: "
            "no single lead carried the answer."
        )
    agree = [name for name, r in seen.agreement.items() if r is not None and r >= LEAST_AGREEMENT]
    if agree:
        return f"{sentence} The heat of {listed(agree)} agrees with it."
    if seen.agreement and seen.leads:
        return f"{sentence} {APART}"
    return sentence


def _doubts(reasons: Sequence[str]) -> str:
    return f"Do not rely on this explanation: {listed(reasons)}." if reasons else ""


def _scales(weights: Sequence[float] | None) -> str:
    if weights is None:
        return ""
    fine, middle, coarse = (percent(each) for each in weights)
    return f"It weighed its fine scale {fine}, its middle one {middle} and its coarse one {coarse}."
