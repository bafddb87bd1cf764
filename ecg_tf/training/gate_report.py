"""The gate's figures and the page of documentation that shows them."""

import numpy as np
from scipy.stats import binomtest

from ecg_tf.models.gate import GRID, LEAST_SCORE
from ecg_tf.pages.strangers import FAR, KINDS, NEAR
from ecg_tf.training.gate_rounds import ROUNDS
from ecg_tf.training.gate_sets import Set


def figures(sets: dict[str, Set], folds: dict[str, int], shipped: dict, rounds: list[dict]) -> dict:
    """How often the gate refuses, by kind: "refused" and "of" counts, ready for JSON.

    `shipped` and each of `rounds` are scores by set; see `gate_rounds`.
    """
    names = {name: each.names for name, each in sets.items()}
    own = _own_round(names, folds, rounds)
    kinds = names["strangers_test"]
    layouts = np.array([" severity ".join(str(n).split()[:2]) for n in names["drawn_test"]])
    copies = np.array(_word(names["real"], 0))
    seen = {name: np.array(_word(names[name], 2)) == "seen" for name in ("real", "drawn_test")}
    drawn = shipped["drawn_test"]
    found = {
        "real": _by(copies, own["real"]),
        "real_paper_found": _by(copies[seen["real"]], own["real"][seen["real"]]),
        "drawn": _by(layouts, drawn),
        "drawn_paper_found": _by(layouts[seen["drawn_test"]], drawn[seen["drawn_test"]]),
        "strangers": _by(kinds, shipped["strangers_test"]),
        "strangers_left_out": _by(kinds, own["strangers_test"]),
        "real_near": _by(_word(names["real_near"], 0), own["real_near"]),
        "foreign": _by(names["foreign"], shipped["foreign"]),
    }
    return {"least_score": LEAST_SCORE, "grid": GRID, "summary": summary(found), **found}


def summary(found: dict) -> dict[str, dict[str, int]]:
    """The counts of several kinds together: "refused" and "of"."""
    kinds, unseen = found["strangers"], found["strangers_left_out"]
    return {
        "far": _sum(kinds, FAR),
        "far_left_out": _sum(unseen, FAR),
        "near": _sum(kinds, NEAR),
        "near_left_out": _sum(unseen, NEAR),
        "near_of_real_pages": _sum(found["real_near"], found["real_near"]),
        "foreign": _sum(found["foreign"], found["foreign"]),
        "real": _sum(found["real"], ["plain"]),
        "real_weathered": _sum(found["real"], ["weathered"]),
        "real_weathered_paper_found": _sum(found["real_paper_found"], ["weathered"]),
        "drawn": _sum(found["drawn"], found["drawn"]),
        "drawn_worst_layout": _worst_layout(found["drawn"]),
        "drawn_paper_found": _sum(found["drawn_paper_found"], found["drawn_paper_found"]),
        "drawn_paper_found_worst_layout": _worst_layout(found["drawn_paper_found"]),
    }


def as_markdown(record: dict) -> str:
    """docs/GATE.md: the summary against its goals, then every kind."""
    total = record["summary"]
    lines = [
        "# The gate",
        "",
        "The gate says how surely a picture is a whole, upright 12-lead ECG page; below a score of "
        f"{record['least_score']:g} the answer is *refuse*. It is a small convolutional network of "
        f"{record['parameters']:,} parameters on the page's ink at {GRID[0]} x {GRID[1]} "
        "(`ecg_tf/models/gate.py`), trained apart from the classifier on drawn pages (every "
        "other whole one with header and footer on its grid), real pages and drawn strangers "
        "(`ecg_tf/pages/strangers.py`).",
        "",
        f"Made by `{record['command']}`. Figures are parts refused. Real pages, and near misses "
        "made from them, are scored by a gate that saw neither the page nor a fifth of the kinds; "
        "*left out* is each kind scored by a gate that never saw that kind; *foreign* pictures "
        "(photographs, scanned digits, Matplotlib's plots) are in no training. All of them pass "
        "through the same reading as an upload: where `find_paper` cuts leads away, the gate sees "
        "a part of a page, and its refusal is counted in one row and left out of the other.",
        "",
        "| what | refused | 95 % interval | counts | goal |",
        "|---|---|---|---|---|",
        *(f"| {words} | {_share(total[key])} | {goal} |" for key, words, goal in ROWS),
        "",
        "## Kinds of strangers",
        "",
        "| kind | | refused | left out |",
        "|---|---|---|---|",
    ]
    for kind in KINDS:
        seen, unseen = record["strangers"][kind], record["strangers_left_out"][kind]
        side = "far" if kind in FAR else "near"
        lines.append(f"| {kind} | {side} | {_of(seen)} | {_of(unseen)} |")
    lines += ["", "## Near misses made from real pages", "", "| kind | refused |", "|---|---|"]
    lines += [f"| {kind} | {_of(count)} |" for kind, count in sorted(record["real_near"].items())]
    lines += ["", "## Foreign pictures", "", "| kind | refused |", "|---|---|"]
    lines += [f"| {kind} | {_of(count)} |" for kind, count in sorted(record["foreign"].items())]
    lines += ["", "## Pages wrongly refused", "", "| pages | refused |", "|---|---|"]
    lines += [f"| real, {kind} | {_of(count)} |" for kind, count in sorted(record["real"].items())]
    lines += [
        f"| drawn, {kind} | {_of(count)} |" for kind, count in sorted(record["drawn"].items())
    ]
    return "\n".join(lines) + "\n"


ROWS = (
    ("far", "far strangers", ">= 99 %"),
    ("far_left_out", "far strangers, kind left out", ""),
    ("near", "near strangers", ">= 90 %"),
    ("near_left_out", "near strangers, kind left out", ""),
    ("near_of_real_pages", "near misses made from real pages", ">= 90 %"),
    ("foreign", "foreign pictures", ">= 99 %"),
    ("real", "real pages, out of fold", "<= 1 %"),
    ("real_weathered", "real pages under effects of severity 1 to 3, out of fold", ""),
    ("real_weathered_paper_found", "the same, where the paper was found", ""),
    ("drawn", "drawn pages, severity 0 to 3", ""),
    ("drawn_worst_layout", "drawn pages, the worst layout", ""),
    ("drawn_paper_found", "drawn pages, where the paper was found", "<= 2 %"),
    ("drawn_paper_found_worst_layout", "the same, the worst layout", "<= 2 %"),
)


def _own_round(names: dict, folds: dict[str, int], rounds: list[dict]) -> dict[str, np.ndarray]:
    """Of each picture the score of the round that left it, or its kind, out."""
    owner = {
        "real": [folds[page] for page in _word(names["real"], 1)],
        "real_near": [folds[page] for page in _word(names["real_near"], 1)],
        "strangers_test": [KINDS.index(kind) % ROUNDS for kind in names["strangers_test"]],
    }
    return {
        name: np.array([rounds[place][name][row] for row, place in enumerate(places)])
        for name, places in owner.items()
    }


def _by(names, scores) -> dict[str, dict[str, int]]:
    names, refused = np.asarray(names), np.asarray(scores) < LEAST_SCORE
    return {
        str(name): {"refused": int(refused[names == name].sum()), "of": int((names == name).sum())}
        for name in sorted(set(names.tolist()))
    }


def _word(names, place: int) -> list[str]:
    return [str(name).split()[place] for name in names]


def _sum(counts: dict, kinds) -> dict[str, int]:
    return {key: sum(counts[kind][key] for kind in kinds) for key in ("refused", "of")}


def _worst_layout(counts: dict) -> dict[str, int]:
    layouts = sorted({name.split()[0] for name in counts})
    found = [_sum(counts, [name for name in counts if name.split()[0] == each]) for each in layouts]
    return max(found, key=lambda count: count["refused"] / count["of"])


def _share(count: dict) -> str:
    """Three cells: the part refused, its interval (Wilson), the counts."""
    low, high = binomtest(count["refused"], count["of"]).proportion_ci(method="wilson")
    return f"{count['refused'] / count['of']:.1%} | {low:.1%} to {high:.1%} | {_of(count)}"


def _of(count: dict) -> str:
    return f"{count['refused']} of {count['of']}"
