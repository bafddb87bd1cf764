"""docs/AWAY.md: the stored answers of `away` counted, with intervals, and a picture."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binomtest

from ecg_tf.evaluation.away_figures import (
    RESAMPLES,
    answered,
    decisions,
    figures,
    infarction,
    probabilities,
)
from ecg_tf.evaluation.away_rows import Row
from ecg_tf.evaluation.figures import COLOURS, DPI
from ecg_tf.evaluation.intervals import resample
from ecg_tf.labels import DISPLAY, LABELS
from ecg_tf.pages.effects import ALL_EFFECTS

GOAL = 0.05  # of accuracy, the most that severity 3 shall cost
# What of the source that is asked was in training: goal of the macro AUROC, and how it is said.
GOALS = {
    "without": (
        0.90,
        "No recording of PTB-XL in training: the part for other printers learnt from simulated "
        "signals and from those of the PhysioNet challenges 2020/21 (Chapman, Georgia, CPSC, PTB) "
        "and of Shandong.",
    ),
    "with": (
        0.95,
        "With PTB-XL in training, five folds by patient. The shipped weights have learnt from all "
        "of these recordings.",
    ),
}
HELD = "Each page was judged by the network of the fold that left it out."
SEEN = (
    "The shipped weights were asked, and they have seen these pages in training: the height of "
    "the figures says nothing, only their fall from severity 0 does."
)


def as_markdown(stored: dict[str, tuple[list[Row], dict]]) -> str:
    """The document, of what is stored: "photographs", "elsewhere-without" and "elsewhere-with" the
    source that is asked in training, "printouts", "real" and "gate"."""
    lines = [
        "# Away from home",
        "",
        "Research use only. Made by `scripts/away.py report` from the answers in "
        "`docs/results/away/`; brackets are 95 % intervals of a bootstrap over pages (patients).",
    ]
    if "photographs" in stored:
        lines += _photographs(*stored["photographs"])
    asked = {each: stored[f"elsewhere-{each}"] for each in GOALS if f"elsewhere-{each}" in stored}
    if asked:
        lines += _elsewhere(asked)
    if "printouts" in stored:
        lines += _printouts(*stored["printouts"])
    if "real" in stored:
        lines += _real(*stored["real"])
    if "gate" in stored:
        lines += _gate(*stored["gate"])
    return "\n".join(lines) + "\n"


def _photographs(rows: list[Row], facts: dict) -> list[str]:
    pages = len({row.name for row in rows})
    severities = sorted({row.severity for row in rows})
    lines = [
        "",
        "## Photographs and scans",
        "",
        f"{pages} real pages, every effect of `ecg_tf/pages/effects.py` by itself "
        f"({_asked(facts)}). {HELD if facts['held_out'] else SEEN} Accuracy and macro-F1 "
        "count refused pages too, by the answer that the network would have given. The "
        "straightening of pages askew was made on some of these pages and turns; EXPERIMENTS.md "
        "has it on others.",
        "",
        "![Accuracy against severity](results/away/severity.png)",
        "",
        f"Lost at severity 3, all effects: goal at most {GOAL}.",
        "",
        "| effect | accuracy at 0 | "
        + " | ".join(f"at {s}" for s in severities[1:])
        + " | lost at 3 | macro-F1 at 3 | refused at 3 | referred at 3 |",
        "|---" * (len(severities) + 5) + "|",
    ]
    for effect in (*ALL_EFFECTS, "all"):
        by = {s: _of(rows, effect, s) for s in severities}
        if 3 in by:
            lines.append(_effect_line(effect, by, facts))
    return lines


def _asked(facts: dict) -> str:
    """How the answers were got, and which of the shipped weights gave them."""
    shipped = "" if facts.get("held_out") else f", shipped weights of version {facts['version']}"
    return f"`{facts['command']}`{shipped}"


def _of(rows: list[Row], effect: str, severity: int) -> list[Row]:
    """The rows under an effect (any, for "all") at a severity, in one order of pages."""
    if severity == 0:
        chosen = [row for row in rows if row.severity == 0]
    else:
        chosen = [r for r in rows if r.severity == severity and effect in ("all", r.condition)]
    return sorted(chosen, key=lambda row: row.name)


def _effect_line(effect: str, by: dict[int, list[Row]], facts: dict) -> str:
    right = {s: {} for s in by}
    for severity, rows in by.items():
        for row, p in zip(rows, probabilities(rows, facts), strict=True):
            hit = float(LABELS[p.argmax()] == row.label)
            right[severity].setdefault(row.group, []).append(hit)
    groups = sorted(right[0])
    mean = {s: np.array([np.mean(right[s][group]) for group in groups]) for s in by}
    lost = mean[0] - mean[3]
    drawn = resample(np.array(groups), RESAMPLES, 0)
    spread = np.percentile(drawn @ lost / drawn.sum(axis=1), (2.5, 97.5))
    f1 = figures(by[3], facts)["f1"]
    refused, referred = decisions(by[3], facts)
    cells = [effect, *(f"{mean[s].mean():.3f}" for s in by)]
    cells += [f"{lost.mean():+.3f} [{spread[0]:+.3f}, {spread[1]:+.3f}]", _cell(f1)]
    return f"| {' | '.join(cells)} | {refused:.1%} | {referred:.1%} |"


def _elsewhere(asked: dict[str, tuple[list[Row], dict]]) -> list[str]:
    rows, facts = next(iter(asked.values()))
    counts = {label: len({row.name for row in rows if row.label == label}) for label in LABELS}
    lines = [
        "",
        "## Signals of another source, drawn as pages",
        "",
        "Recordings of PTB-XL (Wagner et al. 2020), each asked of a network that saw none of its "
        f"patient (`{facts['command']}`), drawn four times: *home* is the paper of the real pages, "
        "*photographed* has effects of severity 0 to 3, and header and margins on three pages of "
        "ten; so has the last, on which letters are on the grid itself (two of five) or the layout "
        "is 3x4+3, 6x2, 12x1 or 6x2+1, which are laid out anew. Strict labels: "
        + ", ".join(f"{DISPLAY[label]} {n}" for label, n in counts.items())
        + f", and {len({row.name for row in rows if not row.label})} with an infarction of unknown "
        "age, which count for *MI or not* alone. With so few acute infarctions their AUROC says "
        "little, and so does the mean of the four. *Refused* and *answered* are decided as for "
        "any page; *right* is of the answered ones. Pages whose layout was not found are counted, "
        "too, by the answer that the network would have given.",
    ]
    for name, (goal, words) in GOALS.items():
        if name in asked:
            lines += ["", words, "", *_elsewhere_table(*asked[name], goal)]
    return lines


def _elsewhere_table(rows: list[Row], facts: dict, goal: float) -> list[str]:
    titles = " | ".join(DISPLAY[each] for each in LABELS)
    lines = [
        f"| paper | macro AUROC (goal {goal:.2f}) | {titles} | MI or not | accuracy | "
        "calibration error | refused | layout not found | answered | right |",
        "|---" * 13 + "|",
    ]
    for condition in dict.fromkeys(row.condition for row in sorted(rows, key=_of_condition)):
        here = [row for row in rows if row.condition == condition]
        own = [row for row in here if row.label]
        found = figures(own, facts)
        cells = [_cell(found["auroc"]), *(_cell(found[f"auroc/{each}"]) for each in LABELS)]
        cells += [_cell(infarction(here, facts)), _cell(found["accuracy"]), _cell(found["ece"])]
        cells += _decided(own, facts)
        lines.append(f"| {condition} | {' | '.join(cells)} |")
    return lines


def _real(rows: list[Row], facts: dict) -> list[str]:
    titles = " | ".join(DISPLAY[each] for each in LABELS)
    found = figures(rows, facts)
    cells = [_cell(found["auroc"]), *(_cell(found[f"auroc/{each}"]) for each in LABELS)]
    cells += [_cell(found["accuracy"]), _cell(found["f1"])]
    cells += [f"{answered(rows, facts).mean():.1%}", _right(rows, facts)]
    answers = probabilities(rows, facts).argmax(axis=1)
    lines = [
        "",
        "## Real pages, asked of the part that never saw their like",
        "",
        f"All {len(rows)} real pages ({_asked(facts)}), answered by the part for other "
        "printers alone, and without its look at the thumbnail, whose network has learnt from "
        "these pages. It learnt from drawings, some of them in the look of this printer, and has "
        "seen none of these patients and nothing that these people labelled; what it says is the "
        "nearest thing here to an answer for another hospital. What one collection calls an "
        "abnormal heartbeat another calls normal, or an old infarction.",
        "",
        f"| macro AUROC | {titles} | accuracy | macro-F1 | answered | right |",
        "|---" * 9 + "|",
        f"| {' | '.join(cells)} |",
        "",
        f"| label | pages | {' | '.join(f'answered {DISPLAY[each]}' for each in LABELS)} |",
        "|---" * 6 + "|",
    ]
    for label in LABELS:
        own = [place for row, place in zip(rows, answers, strict=True) if row.label == label]
        counts = [str(own.count(place)) for place in range(len(LABELS))]
        lines.append(f"| {DISPLAY[label]} | {len(own)} | {' | '.join(counts)} |")
    return lines


def _of_condition(row: Row) -> int:
    return len(row.condition)  # from the plainest on


def _right(rows: list[Row], facts: dict) -> str:
    """The part of the answered pages that are right."""
    labels = np.array([LABELS.index(row.label) for row in rows])
    right = probabilities(rows, facts).argmax(axis=1) == labels
    given = answered(rows, facts)
    return f"{right[given].mean():.1%}" if given.any() else "–"


def _printouts(rows: list[Row], facts: dict) -> list[str]:
    lines = [
        "",
        "## Header and footer on the grid, and other layouts",
        "",
        f"{len({row.name for row in rows})} simulated signals that were in no training "
        f"({_asked(facts)}), each class as often, drawn with margins round the paper, with "
        "the letters on the grid itself, above and below lines of traces that are anywhere on the "
        "page, and, with margins, in other layouts, which are laid out anew as 3 x 4 leads and "
        "strip, as printed and photographed (the last of them, 3 x 4 without a strip, was in no "
        "training of the network). Gain and speed are drawn, too: 10 mm/mV and 25 mm/s "
        "on four pages of five, with twelve lines on every other one.",
        "",
        "| page | macro AUROC | accuracy | refused | layout not found | answered | right |",
        "|---" * 7 + "|",
    ]
    for condition in dict.fromkeys(row.condition for row in rows):
        own = [row for row in rows if row.condition == condition]
        found = figures(own, facts)
        cells = [_cell(found["auroc"]), _cell(found["accuracy"]), *_decided(own, facts)]
        lines.append(f"| {condition} | {' | '.join(cells)} |")
    return lines


def _decided(rows: list[Row], facts: dict) -> list[str]:
    """The parts refused, whose layout was not found, and answered, and how many of these right."""
    refused, _ = decisions(rows, facts)
    lost = np.mean([not row.legible for row in rows])
    parts = refused, lost, answered(rows, facts).mean()
    return [*(f"{part:.1%}" for part in parts), _right(rows, facts)]


def _gate(rows: list[Row], facts: dict) -> list[str]:
    lines = [
        "",
        "## Real pages refused",
        "",
        f"Whole pages and grid crops (`{facts['command']}`), as they are and under one to three "
        "random effects, the worst of them of severity 1 to 3. The gate has seen these pages, as "
        "they are, in training.",
        "",
        "| pages | refused | 95 % interval (Wilson) | lowest score |",
        "|---|---|---|---|",
    ]
    kinds = [("as they are", 0), *((f"worst effect of severity {s}", s) for s in (1, 2, 3))]
    for words, severity in (*kinds, ("all with effects", None)):
        scores = [r.score for r in rows if r.severity == severity]
        if severity is None:
            scores = [row.score for row in rows if row.severity]
        if scores:
            refused = sum(score < facts["refuse_below"] for score in scores)
            low, high = binomtest(refused, len(scores)).proportion_ci(method="wilson")
            lines.append(
                f"| {words} | {refused} of {len(scores)} | {low:.1%} to {high:.1%} "
                f"| {min(scores):.3f} |"
            )
    return lines


def _cell(value: tuple[float, float, float]) -> str:
    return "–" if np.isnan(value[0]) else "{:.3f} [{:.3f}, {:.3f}]".format(*value)


def curves(path: Path, rows: list[Row]) -> None:
    """Accuracy against severity, a line an effect, as PNG."""
    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.subplots()
    severities = sorted({row.severity for row in rows})
    for number, effect in enumerate(ALL_EFFECTS):
        parts = [_of(rows, effect, severity) for severity in severities]
        heights = [np.mean([_answer(row) == row.label for row in part]) for part in parts]
        style = "-" if number < len(COLOURS) else "--"
        axes.plot(severities, heights, style, color=COLOURS[number % 8], label=effect, marker=".")
    axes.set(xlabel="severity", ylabel="accuracy")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=DPI)


def _answer(row: Row) -> str:
    return max(LABELS, key=lambda label: getattr(row, label))
