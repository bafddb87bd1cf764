#!/usr/bin/env python3
"""Measures a network away from home: photographs of real pages, and pages refused.

scripts/away.py photographs --runs runs/NAME   each page judged by the fold that left it out
scripts/away.py photographs                    the shipped weights, which have seen the pages
scripts/away.py real                           the part for other printers, asked of real pages
scripts/away.py printouts                      drawn pages, letters on the grid, other layouts
scripts/away.py gate                           how many real pages are refused
scripts/away.py report                         docs/AWAY.md from docs/results/away

Signals of other sources are asked of networks that never saw them: scripts/train_elsewhere.py
stores their answers.
"""

import shlex
import sys
from pathlib import Path

from common import ROOT, data_option, fail

import click  # isort: skip

docs_option = click.option(
    "--docs", type=click.Path(path_type=Path), default=ROOT / "docs", show_default="docs"
)
runs_option = click.option(
    "--runs", type=click.Path(path_type=Path, exists=True), help="Folder of fold runs."
)
seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)


@click.group(help=__doc__.split("\n")[0])
def main() -> None:
    pass


@main.command()
@data_option
@runs_option
@docs_option
@seed_option
@click.option("--pages", "n", type=click.IntRange(8), default=60, show_default=True)
@click.option("--severity", "severities", multiple=True, type=click.IntRange(1, 5))
def photographs(data, runs, docs, seed, n, severities):
    """Stores the answers for pages under each effect, by default at severities 1 to 5."""
    from ecg_tf.data.catalogue import catalogue
    from ecg_tf.evaluation.away import judged, photographed, sample
    from ecg_tf.evaluation.away_rows import write_rows

    severities = severities or (1, 2, 3, 4, 5)
    try:
        found = catalogue(data)
        pages = sample(found.clean, n, seed)
        whole = {path.stem: path for path in (data / "whole").glob("*/*")}
        rows = []
        for judge in judges(runs):
            own = [
                page for page in pages if judge.page_ids is None or page.page_id in judge.page_ids
            ]
            rows += judged(judge, photographed(own, whole, severities, seed))
            click.echo(f"{len(rows)} answers", err=True)
        facts = about(runs, seed) | {"data_sha256": found.sha256, "whole": len(whole)}
        write_rows(docs / "results" / "away" / "photographs.csv", rows, facts)
    except (ValueError, OSError) as error:
        fail(str(error))


@main.command()
@data_option
@docs_option
def real(data, docs):
    """Stores what the part for other printers alone answers for the real pages."""
    from ecg_tf.classifier import load
    from ecg_tf.data.catalogue import catalogue
    from ecg_tf.evaluation.away import Judge, judged, plain
    from ecg_tf.evaluation.away_rows import write_rows
    from ecg_tf.models.anywhere import answer_as_elsewhere

    try:
        found = catalogue(data)
        shipped = load()
        answer_as_elsewhere(shipped.model)
        rows = judged(Judge(shipped.model, shipped.size, None), plain(found.clean))
        facts = about(None, 0) | {"data_sha256": found.sha256}
        write_rows(docs / "results" / "away" / "real.csv", rows, facts)
    except (ValueError, OSError) as error:
        fail(str(error))
    click.echo(f"{len(rows)} answers")


@main.command()
@docs_option
@click.option("--pages", "n", type=click.IntRange(1), default=50, show_default=True)
def printouts(docs, n):
    """Stores the answers for pages with letters on the grid and in other layouts, N a class."""
    from ecg_tf.evaluation.away import judged, printed
    from ecg_tf.evaluation.away_rows import write_rows

    try:
        (judge,) = judges(None)
        rows = judged(judge, printed(n))
        write_rows(docs / "results" / "away" / "printouts.csv", rows, about(None, 0))
    except (ValueError, OSError) as error:
        fail(str(error))
    click.echo(f"{len(rows)} answers")


@main.command()
@data_option
@docs_option
@click.option("--seed", type=click.IntRange(0), default=5, show_default=True)
@click.option("--pages", "n", type=click.IntRange(1), help="Only so many, drawn at random.")
def gate(data, docs, seed, n):
    """Stores the gate's scores of real pages, plain and under effects."""
    from ecg_tf.evaluation.away import gated
    from ecg_tf.evaluation.away_rows import write_rows

    try:
        rows = gated(data, n, seed)
        write_rows(docs / "results" / "away" / "gate.csv", rows, about(None, seed))
    except (ValueError, OSError) as error:
        fail(str(error))
    click.echo(f"{len(rows)} scores")


@main.command()
@docs_option
def report(docs):
    """Writes AWAY.md and its picture from the stored answers."""
    from ecg_tf.evaluation.away_report import as_markdown, curves
    from ecg_tf.evaluation.away_rows import read_rows

    folder = docs / "results" / "away"
    stored = {path.stem: read_rows(path) for path in sorted(folder.glob("*.csv"))}
    if "photographs" in stored:
        curves(folder / "severity.png", stored["photographs"][0])
    (docs / "AWAY.md").write_text(as_markdown(stored), encoding="utf-8")
    click.echo(docs / "AWAY.md")


def judges(runs):
    """The networks of the folds, or the shipped one."""
    from ecg_tf.classifier import load
    from ecg_tf.evaluation.away import Judge, fold_judges

    if runs:
        yield from fold_judges(runs)
    else:
        shipped = load()
        yield Judge(shipped.model, shipped.size, None)


def about(runs, seed: int) -> dict:
    """What the report says of where the answers come from."""
    from ecg_tf.classifier import load

    card = load().card
    # A folder by its name alone: where it lies is this machine's affair.
    words = [word if word[:1] != "/" else Path(word).name for word in sys.argv[1:]]
    kept = ("model", "version", "weights_sha256", "temperature", "answer_from", "refuse_below")
    return {
        "command": shlex.join(["scripts/away.py", *words]),
        "seed": seed,
        "held_out": bool(runs),
        **{key: card[key] for key in kept},
    }


if __name__ == "__main__":
    main()
