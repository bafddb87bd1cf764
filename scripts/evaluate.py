#!/usr/bin/env python3
"""Makes docs/RESULTS.md and its pictures from stored predictions, and those of the baselines.

scripts/evaluate.py baselines --data DIR   docs/results/{lookup,majority,classical}-*.csv
scripts/evaluate.py report                 docs/RESULTS.md, docs/results/pairs.md, pictures
"""

import platform
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from common import ROOT, data_option, fail

import click  # isort: skip
import numpy as np  # isort: skip

from ecg_tf.data.catalogue import Catalogue, catalogue
from ecg_tf.data.folds import Fold, folds, folds_sha256
from ecg_tf.data.published import published_split
from ecg_tf.evaluation import figures, report
from ecg_tf.evaluation.baselines import BASELINES, page_features, predict_baseline, table_of
from ecg_tf.evaluation.intervals import RESAMPLES
from ecg_tf.evaluation.metrics import confusion
from ecg_tf.evaluation.predictions import read_all, write_predictions
from ecg_tf.evaluation.results import Scored, with_protocol
from ecg_tf.progress import progress_bar

docs_option = click.option(
    "--docs",
    type=click.Path(path_type=Path),
    default=ROOT / "docs",
    show_default="docs",
    help="Folder with results/*.csv.",
)
PACKAGES = ("numpy", "scipy", "scikit-learn")


@click.group(help=__doc__.split("\n")[0])
def main() -> None:
    pass


@main.command("report")
@docs_option
@click.option("--resamples", type=click.IntRange(min=100), default=RESAMPLES, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Of the resampling.")
@click.option("--pictures/--no-pictures", default=True, show_default=True)
def write_report(docs: Path, resamples: int, seed: int, pictures: bool) -> None:
    """Writes RESULTS.md from the predictions in docs/results."""
    with told():
        stored = read_all(docs / "results")
        scored = report.score_all(stored, resamples=resamples, seed=seed)
        pairs = report.comparisons(scored)
    (docs / "RESULTS.md").write_text(report.results_text(scored, pairs), encoding="utf-8")
    (docs / "results" / "pairs.md").write_text(report.pairs_text(scored, pairs), encoding="utf-8")
    if pictures:
        draw(docs / "results" / "figures", scored)
    click.echo(f"{docs / 'RESULTS.md'}: {len(stored)} stored results, {len(pairs)} comparisons.")


@main.command("baselines")
@data_option
@docs_option
@click.option("--seed", default=0, show_default=True, help="Of the folds and the trees.")
def write_baselines(data: Path, docs: Path, seed: int) -> None:
    """Stores the predictions of look-up table, majority class and trace features + ExtraTrees,
    leak-free and, where the data folder holds pages.csv, on the published split."""
    with told():
        found = catalogue(data)
        pages = found.clean
        splits = {"leak-free": folds(pages, seed=seed)}
        if (data / "pages.csv").exists():
            train, test = published_split(data / "pages.csv", pages)
            splits["published"] = [Fold(0, 0, train, test)]
        else:
            click.echo(f"{data} has no pages.csv; the published split is left out.", err=True)
        measured = list(track("reading traces", pages, page_features))
    table = table_of(pages, np.stack(measured))
    for protocol, parts in splits.items():
        for name in BASELINES:
            started = time.perf_counter()
            meta = describe(found, splits["leak-free"], seed)
            predictions = predict_baseline(name, table, parts, protocol, meta)
            predictions.meta["seconds"] = round(time.perf_counter() - started, 1)
            path = write_predictions(docs / "results", predictions)
            right = np.mean(predictions.probabilities.argmax(axis=1) == predictions.labels)
            click.echo(f"{path.name}: accuracy {right:.3f}")


def track(what: str, items: list, work: Callable) -> Iterator:
    """The work's result for each item, with a progress bar."""
    with progress_bar() as bar:
        for item in bar.track(items, description=what):
            yield work(item)


def describe(found: Catalogue, leak_free: list[Fold], seed: int) -> dict:
    """What the JSON beside a baseline's predictions says about data, folds and versions."""
    return {
        "seed": seed,
        "command": shlex.join(["scripts/evaluate.py", "baselines", "--seed", str(seed)]),
        "data_sha256": found.sha256,
        "folds_sha256": folds_sha256(found.clean, leak_free),
        "params": None,
        "size": None,
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
    }


def draw_one(folder: Path, one: Scored) -> None:
    """A confusion matrix and curves."""
    given = one.predictions
    title = f"{one.title} ({given.meta['protocol']})"
    data = given.labels, given.probabilities
    figures.confusion_figure(folder / f"{given.name}-confusion.png", confusion(*data), title)
    figures.curves_figure(folder / f"{given.name}-curves.png", *data, title)


def draw(folder: Path, scored: list[Scored]) -> None:
    """Pictures of every result, and two overviews of the leak-free ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for _ in track("drawing", scored, lambda one: draw_one(folder, one)):
        pass
    free = with_protocol(scored, "leak-free")
    if free:
        accuracy = {one.title: (one.values["accuracy"], *one.intervals["accuracy"]) for one in free}
        figures.intervals_figure(folder / "accuracy.png", accuracy, "accuracy")
        curves = {
            one.title: (one.predictions.labels, one.predictions.probabilities) for one in free
        }
        figures.risk_figure(folder / "risk.png", curves)


@contextmanager
def told():
    """Turns the errors that a person can act on into one line and exit status 2."""
    try:
        yield
    except (ValueError, OSError) as error:
        fail(str(error))


if __name__ == "__main__":
    main()
