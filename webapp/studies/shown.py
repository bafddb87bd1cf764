"""What the study page is told: numbers as text, lengths of bars, boxes in pixels."""

from ecg_tf.explain.about import ABOUT, in_order
from ecg_tf.explain.rationale import percent
from ecg_tf.labels import DISPLAY, LABELS
from ecg_tf.pages.layout import RHYTHM, TERRITORY
from webapp.models import ANSWERED, FAILED, Study
from webapp.studies.owned import is_done
from webapp.studies.voice import feedback_form
from webapp.studies.wording import DECISIONS

SCALES = ("fine", "middle", "coarse")
NARROW = "\u202f%"  # with a space that is narrow and does not break
LEAST_SCALE = 0.1  # change of a probability that fills a bar at least, lest small ones look large
MINUS = "\u2212"
UNIT = 1000  # the boxes are drawn on a page that is so many units wide


def shown(study: Study) -> dict:
    """The variables of the template `studies/study.html`."""
    answered = study.status == ANSWERED
    refused = study.decision == "refuse"
    return {
        "answered": answered,
        "refused": refused,
        "failed": study.status == FAILED,
        "away": bool(study.error_code) and not is_done(study),
        "unexplained": answered and not study.explained and is_done(study) and not refused,
        "done": is_done(study),
        "title": DISPLAY[study.label].capitalize() if answered and not refused else None,
        "decision": DECISIONS.get(study.decision),
        "reason": (study.reason or "").replace(" %", NARROW),
        "bars_list": _bars(study.probabilities) if answered else [],
        "form": feedback_form(study) if answered else None,
        **(_explained(study) if study.explained else {"maps": []}),
    }


def _bars(probabilities: dict) -> list[dict]:
    """The four probabilities, the likeliest first."""
    ordered = sorted(LABELS, key=lambda label: -probabilities[label])
    return [
        {"name": DISPLAY[label].capitalize(), **_bar(probabilities[label])} for label in ordered
    ]


def _explained(study: Study) -> dict:
    found = study.explanation
    height = round(UNIT * study.height / study.width)
    weights = found["scale_weights"] or ()
    return {
        "text": found["text"].replace(" %", NARROW),
        "layout_problem": found["layout_problem"],
        "view": (UNIT, height),
        "maps": [
            {
                "key": key,
                "about": ABOUT[key],
                "method": seen["method"],
                "subtitle": seen["subtitle"].split(": ", 1)[-1],
                "outside": None if seen["outside"] is None else percent(seen["outside"]),
                "leads": [_lead(each, seen, found["leads"], height) for each in seen["leads"]],
            }
            for key, seen in ((key, found["maps"][key]) for key in in_order(found["maps"]))
        ],
        "without": _without(found),
        "scales": [
            {"name": name.capitalize(), **_bar(weight)}
            for name, weight in zip(SCALES, weights, strict=False)
        ],
    }


def _without(found: dict) -> list[dict]:
    """The rows of the table on what changes without a lead; none where that is not known."""
    changes = found.get("lead_occlusion") or {}  # studies of earlier versions have none
    most = max(LEAST_SCALE, *map(abs, changes.values())) if changes else LEAST_SCALE
    strongest = min(changes.values(), default=0.0)
    return [
        {
            "name": _named(lead),
            "territory": TERRITORY.get(lead, ""),
            "points": _points(change),
            "falls": change < 0,
            "length": round(50 * abs(change) / most, 1),
            "hot": change == strongest and change < 0,
        }
        for lead, change in changes.items()
    ]


def _points(change: float) -> str:
    """A change of a probability in percentage points, with its sign."""
    points = round(100 * change)
    sign = "+" if points > 0 else MINUS
    return f"{sign}{abs(points)}" if points else "0"


def _named(lead: str) -> str:
    return "Rhythm strip" if lead == RHYTHM else lead


def _lead(lead: dict, seen: dict, boxes: dict, height: int) -> dict:
    left, top, right, bottom = boxes[lead["lead"]]
    return {
        "name": _named(lead["lead"]),
        "territory": lead["territory"] or "",
        "times": f"{lead['times']:.1f}",
        "hot": lead["lead"] in seen["hottest"],
        "x": round(left * UNIT, 1),
        "y": round(top * height, 1),
        "width": round((right - left) * UNIT, 1),
        "height": round((bottom - top) * height, 1),
        **_bar(lead["share"]),
    }


def _bar(share: float) -> dict:
    """A share 0..1 in words and as the length of a bar of 100."""
    return {"percent": short_percent(share), "length": round(100 * share, 1)}


def short_percent(share: float) -> str:
    """As narrow as a table wants it."""
    return (
        percent(share).replace("less than ", "<").replace("more than ", ">").replace(" %", NARROW)
    )
