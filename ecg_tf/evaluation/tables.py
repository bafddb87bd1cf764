"""The Markdown tables of `docs/RESULTS.md`; what is missing is a dash, never a number."""

import numpy as np

from ecg_tf.evaluation.abstention import accuracy_at, area_under_risk
from ecg_tf.evaluation.calibration import (
    cross_fitted,
    expected_calibration_error,
    fit_temperature,
)
from ecg_tf.evaluation.metrics import MACRO
from ecg_tf.evaluation.paired import Comparison
from ecg_tf.evaluation.predictions import of_repeats
from ecg_tf.evaluation.results import (
    DASH,
    NAMES,
    PAPER,
    TITLES,
    Scored,
    extent,
    in_order,
    place,
    score,
)
from ecg_tf.labels import DISPLAY, LABELS


def table(titles: tuple[str, ...], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def overview(scored: list[Scored]) -> str:
    """The one table: a line per model and recipe; models without results keep their line."""
    lines: dict[tuple[str, str], dict[str, Scored]] = {}
    for one in scored:
        meta = one.predictions.meta
        lines.setdefault((meta["model"], meta["recipe"]), {})[meta["protocol"]] = one
    measured = {model for model, _ in lines}
    lines |= {(model, DASH): {} for model in NAMES if model not in measured}
    return table(
        (
            "model",
            "paper: accuracy / precision / recall / F1",
            "published split (leaks): accuracy",
            "published split (leaks): macro-F1",
            "leak-free, 5-fold: accuracy",
            "leak-free, 5-fold: macro-F1",
            "recipe",
            "folds, pages and epochs",
        ),
        [_overview_row(*key, lines[key]) for key in sorted(lines, key=lambda key: place(*key))],
    )


def _overview_row(model: str, recipe: str, found: dict[str, Scored]) -> list[str]:
    protocols = ("published", "leak-free")
    figures = [
        found[protocol].cell(metric) if protocol in found else DASH
        for protocol in protocols
        for metric in ("accuracy", "f1")
    ]
    said = [
        f"{protocol}: {extent(found[protocol].predictions)}"
        for protocol in protocols
        if protocol in found
    ]
    return [
        NAMES.get(model, model),
        PAPER.get(model, DASH),
        *figures,
        recipe,
        "; ".join(said) or DASH,
    ]


def macro_table(scored: list[Scored]) -> str:
    """All macro figures with intervals, a line per model."""
    return table(
        ("model", *TITLES.values()),
        [[one.title, *(one.cell(metric) for metric in TITLES)] for one in in_order(scored)],
    )


def repeated(scored: list[Scored]) -> list[Scored]:
    """Those whose pages were dealt into folds more than once."""
    return [one for one in scored if len(np.unique(one.predictions.repeat)) > 1]


def repeats_table(scored: list[Scored]) -> str:
    """The figures of each way of dealing the pages into folds by itself."""
    shown = {metric: TITLES[metric] for metric in ("accuracy", "f1", "auroc", "ece")}
    missed = {f"recall/{label}": f"recall of {DISPLAY[label]}" for label in LABELS}
    rows = []
    for one in in_order(repeated(scored)):
        for repeat in np.unique(one.predictions.repeat):
            alone = score(of_repeats(one.predictions, [repeat]))
            cells = (alone.cell(metric) for metric in (*shown, *missed))
            rows.append([one.title, str(repeat), *cells])
    return table(("model", "repeat", *shown.values(), *missed.values()), rows)


def class_table(scored: list[Scored]) -> str:
    """Precision, recall, F1 and AUROC of every class, a line per model and class."""
    rows = [
        [one.title, DISPLAY[label], *(one.cell(f"{metric}/{label}") for metric in MACRO)]
        for one in in_order(scored)
        for label in LABELS
    ]
    return table(("model", "class", *(TITLES[metric] for metric in MACRO)), rows)


def confidence_table(scored: list[Scored]) -> str:
    """Temperature, calibration error before and after it, and what abstention gains."""
    rows = []
    for one in in_order(scored):
        given = one.predictions
        data = given.labels, given.probabilities
        softened = DASH
        if len(given.meta["folds"]) > 1:
            after = cross_fitted(given)
            softened = f"{expected_calibration_error(given.labels, after):.3f}"
        rows.append(
            [
                one.title,
                f"{fit_temperature(*data):.2f}",
                f"{one.values['ece']:.3f}",
                softened,
                f"{area_under_risk(*data):.3f}",
                *(f"{accuracy_at(*data, coverage):.3f}" for coverage in (1.0, 0.9, 0.8)),
            ]
        )
    titles = ("temperature", "calibration error", "after temperature", "area under risk-coverage")
    answered = ("accuracy on all", "on the surest 90 %", "on the surest 80 %")
    return table(("model", *titles, *answered), rows)


def verdict_table(scored: list[Scored], pairs: list[Comparison]) -> str:
    """Per model: which others it beats, ties with and loses to, by the corrected tests."""
    titles = {one.predictions.name: one.title for one in scored}
    rows = []
    for one in in_order(scored):
        name = one.predictions.name
        better, tied, worse = [], [], []
        for pair in pairs:
            if name not in (pair.first, pair.second):
                continue
            ahead = (pair.difference > 0) == (pair.first == name)
            other = pair.second if pair.first == name else pair.first
            (tied if pair.tie else better if ahead else worse).append(titles[other])
        rows.append([one.title, *("; ".join(names) or DASH for names in (better, tied, worse))])
    return table(("model", "better than", "tied with", "worse than"), rows)


def pair_table(scored: list[Scored], pairs: list[Comparison]) -> str:
    """Every comparison with its numbers."""
    titles = {one.predictions.name: one.title for one in scored}
    rows = [
        [
            titles[pair.first],
            titles[pair.second],
            str(pair.pages),
            f"{pair.difference:+.3f} [{pair.low:+.3f}, {pair.high:+.3f}]",
            f"{pair.only_first} : {pair.only_second}",
            f"{pair.p:.2g}",
            f"{pair.adjusted:.2g}",
            "tie" if pair.tie else titles[pair.first if pair.difference > 0 else pair.second],
        ]
        for pair in pairs
    ]
    titled = ("first", "second", "common pages", "accuracy difference", "only one right")
    return table((*titled, "McNemar p", "after Holm", "better"), rows)
