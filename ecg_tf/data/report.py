"""The findings of an audit as a Markdown report, as JSON and with a picture of the counts."""

import json
from pathlib import Path

from ecg_tf.data.counts_picture import draw_counts
from ecg_tf.labels import DISPLAY

MOST = 20  # entries of a list in the Markdown report; the JSON has them all
SEES = {
    "traces removed": "the paper, its traces removed",
    "header and margins": "header and margins alone",
    "size and format": "size and format of the picture alone",
}


def write_report(found: dict, folder: Path) -> list[Path]:
    """Writes report.md, report.json and counts.png into `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("report.md", "report.json", "counts.png")]
    paths[0].write_text(as_markdown(found), encoding="utf-8")
    paths[1].write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw_counts(found, paths[2])
    return paths


def verdict(found: dict) -> str:
    """The audit's result in one sentence."""
    leaks = {kind: len(cases) for kind, cases in found["leaks"].items()}
    if found["verdict"] == "leaking":
        return (
            f"LEAKING: on two sides of the split stand {_count(leaks['exact'], 'page')}, "
            f"{_count(leaks['near'], 'group')} of near-duplicates and "
            f"{_count(leaks['patient'], 'patient')}."
        )
    if found["lookup"]["split"] == "given":
        return "CLEAN: no page, near-duplicate or patient stands on two sides of the split."
    if found["groups"] < found["files"]:
        return "NO SPLIT IS GIVEN, and files repeat: split by content, not by file."
    return "NO SPLIT IS GIVEN, and no page repeats."


def as_markdown(found: dict) -> str:
    """The report for people."""
    parts = [
        f"# Audit of `{found['folder']}`",
        f"**{verdict(found)}**",
        _counts(found),
        _copies(found),
        _leaks(found["leaks"]),
        _lookup(found["lookup"]),
        _probes(found["probes"]),
        _problems(found),
        f"Data: SHA-256 `{found['data_sha256']}` over all different pages and their labels.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(found: dict) -> str:
    sides = sorted({side for count in found["counts"].values() for side in count["splits"]})
    heads = ["label", "files", "different pages", "different traces"]
    rows = [
        [DISPLAY[label], *(count[kind] for kind in ("files", "pages", "groups"))]
        + [count["splits"].get(side, 0) for side in sides]
        for label, count in found["counts"].items()
    ]
    table = _table(heads + [f"files in {side}" for side in sides], rows)
    return f"## Pages\n\n![Files and pages of each label](counts.png)\n\n{table}"


def _copies(found: dict) -> str:
    exact = sorted(found["exact_duplicates"], key=len, reverse=True)
    near, conflicts = found["near_duplicates"], found["label_conflicts"]
    spare = sum(len(files) - 1 for files in exact)
    lines = [
        "## Copies\n",
        f"- Exact duplicates: {_count(len(exact), 'page')} in several files; "
        f"{_count(spare, 'file')} could go.",
        *_first([_listed(files) for files in exact]),
        f"- Near-duplicates (other bytes, the same traces): {_count(len(near), 'group')}.",
        *_first([f"{_listed(one['files'])}; similarity {one['similarity']}" for one in near]),
        f"- Label conflicts (one page, exact or near, under several labels): {len(conflicts)}.",
        *_first([_by_side(one) for one in conflicts]),
    ]
    return "\n".join(lines)


def _leaks(leaks: dict[str, list]) -> str:
    words = {"exact": "Pages", "near": "Groups of near-duplicates", "patient": "Patients"}
    lines = ["## Leaks\n"]
    for kind, cases in leaks.items():
        lines.append(f"- {words[kind]} on two sides of the split: {len(cases)}.")
        lines += _first([_by_side(one) for one in cases])
    return "\n".join(lines)


def _lookup(found: dict) -> str:
    """The table of the look-up's accuracy."""
    head = (
        "## What a look-up table scores\n\nIt has learned nothing and only knows pages again, by "
        "their bytes or by their traces; for unknown pages it says the training side's majority. "
        "An accuracy near it says nothing of a model.\n\n"
    )
    columns = ["files tested", "majority alone", "by bytes", "by traces"]
    kinds = ("majority", "exact", "near")
    if found["split"] == "given":
        rows = [
            [side, one["files"], *(f"{one[kind]:.3f}" for kind in kinds)]
            for side, one in found["sides"].items()
        ]
        return head + _table(["split", *columns], rows)
    if "exact" not in found:
        return head + "There is only one file: nothing to split."
    cells = [
        f"{found[kind]['mean']:.3f} ({found[kind]['range'][0]:.3f}-{found[kind]['range'][1]:.3f})"
        for kind in kinds
    ]
    name = f"random by file, {found['repeats']} times"
    return head + _table(["split", *columns], [[name, f"{found['part']:.0%}", *cells]])


def _probes(probes: dict) -> str:
    """The table of the shortcut probes."""
    lines = [
        "## Shortcuts\n",
        "A small linear model, cross-validated on one page of each group, sees what should tell "
        "nothing; balanced accuracy with its 95 % interval. Chance is what permuted labels reach; "
        "p is the share of permutations that did as well.\n",
    ]
    rows, without = [], []
    for name, one in probes.items():
        if isinstance(one, str):
            without.append(f"\n- {SEES[name]}: {one}.")
            continue
        low, high = one["interval"]
        accuracy = f"{one['balanced_accuracy']:.2f} ({low:.2f}-{high:.2f})"
        word = one["verdict"] if one["verdict"] == "at chance" else f"**{one['verdict']}**"
        figures = [accuracy, f"{one['chance']:.2f}", f"{one['p']:.3f}"]
        rows.append([SEES[name], one["pages"], *figures, word])
    if rows:
        heads = ["it sees", "pages", "balanced accuracy", "chance", "p", "verdict"]
        lines.append(_table(heads, rows))
    return "\n".join(lines) + "".join(without)


def _problems(found: dict) -> str:
    problems, blank = found["problems"], found["without_traces"]
    lines = [
        "## Problems\n",
        f"- Files and folders left out or in doubt: {len(problems)}.",
        *_first([f"`{one['path']}` ({one['code']}): {one['message']}" for one in problems]),
        f"- Pages on which no trace was found: {len(blank)}.",
        *_first([f"`{name}`" for name in blank]),
    ]
    return "\n".join(lines)


def _table(heads: list[str], rows: list[list]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _first(entries: list[str]) -> list[str]:
    more = [f"... and {len(entries) - MOST} more in report.json"] if len(entries) > MOST else []
    return [f"  - {entry}" for entry in entries[:MOST] + more]


def _listed(files: list[str]) -> str:
    more = f" and {len(files) - 4} more" if len(files) > 5 else ""
    return ", ".join(f"`{name}`" for name in (files[:4] if more else files)) + more


def _by_side(files: dict[str, list[str]]) -> str:
    return "; ".join(f"{side}: {_listed(names)}" for side, names in files.items())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
