"""What an audit of explanations comes to: figures by group of pages, the default, the card."""

import json
from collections.abc import Sequence
from pathlib import Path

from ecg_tf.explain.names import METHODS
from ecg_tf.explain.ranking import CRITERIA, figure, ranked
from ecg_tf.explain.references import TITLES

FIGURES = (
    *("hit_territory", "mass_territory", "chance_territory"),
    *("hit_leads", "mass_leads", "chance_leads"),
    *("hit_segments", "mass_segments", "chance_segments"),
    *("deletion", "insertion", "outside", "outside_chance"),
    *("sanity", "shift", "jpeg", "stability", "gap", "seconds"),
)
GROUPS = {
    "right": "drawn infarctions answered rightly",
    "drawn": "all drawn infarctions",
    "real": "real pages, asked of networks that never saw them",
    "seen": "real pages seen in training",
}
ON_CARD = (*CRITERIA, "hit_segments", "outside", "sanity")


def summarise(rows: Sequence[dict], described: dict) -> dict:
    """All figures of an audit, for JSON: `described` and, of each of GROUPS that has pages, the
    number of pages, the part answered rightly and {method: {name: figure}}."""
    groups = {}
    for group in GROUPS:
        part = in_group(rows, group)
        if part:
            once = list({row["page"]: row for row in part}.values())
            groups[group] = {
                "pages": len(once),
                "accuracy": figure(once, "right"),
                "p": figure(once, "p"),
                "p_blank": figure(once, "p_blank"),
                "methods": {name: _figures(part, name) for name in titles(part)},
            }
    default = ranked(in_group(rows, "right"))
    return {**described, "default": default, "groups": groups}


def in_group(rows: Sequence[dict], group: str) -> list[dict]:
    """The rows of one of GROUPS."""
    drawn = [row for row in rows if row["kind"] == "drawn"]
    real = [row for row in rows if row["kind"] == "real"]
    return {
        "right": [row for row in drawn if row["answer"] == row["label"]],
        "drawn": drawn,
        "real": [row for row in real if not row["seen"]],
        "seen": [row for row in real if row["seen"]],
    }[group]


def titles(rows: Sequence[dict]) -> dict[str, str]:
    """The methods in these rows with their titles, references last."""
    present = {row["method"] for row in rows}
    return {key: title for key, title in (METHODS | TITLES).items() if key in present}


def on_card(summary: dict) -> dict:
    """The entry `explanations` of a model's card: [value, low, high] of each method."""
    group = summary["groups"].get("right") or summary["groups"].get("drawn") or {"methods": {}}
    default = summary["default"]
    return {
        "pages": f"{group.get('pages', 0)} {GROUPS['right']}",
        "command": summary["command"],
        "default": default["winner"],
        "comes_first_in": default["wins"].get(default["winner"]),
        "methods": {
            name: {
                key: [figures[key][part] for part in ("value", "low", "high")]
                for key in ON_CARD
                if figures.get(key)
            }
            for name, figures in group["methods"].items()
        },
        "more": "docs/EXPLANATIONS.md",
    }


def put_on_card(card: Path, summary: dict) -> bool:
    """Writes the entry `explanations` into a card; False, and nothing is written, where the card
    is that of other weights than were audited."""
    content = json.loads(card.read_text(encoding="utf-8"))
    if not content["weights_sha256"].startswith(summary["network"]):
        return False
    content["explanations"] = on_card(summary)
    card.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return True


def _figures(rows: Sequence[dict], method: str) -> dict:
    own = [row for row in rows if row["method"] == method]
    found = {name: figure(own, name) for name in FIGURES}
    return {name: value for name, value in found.items() if value is not None}
