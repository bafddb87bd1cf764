#!/usr/bin/env python3
"""Trains the part for other printers, measures it, and joins it with the home network.

    scripts/train_elsewhere.py runs/joined --signals FOLDER
    scripts/ship.py runs/anywhere --predictions docs/results/anywhere-widened-leak-free.csv

The run folder is what scripts/join.py wrote. Recordings and simulated signals are drawn as pages
on the first run (40 minutes on two cores) and kept under --out, as is what was read off the real
pages. Then the part is trained seven times, about five minutes each: without any recording of the
source that is asked (PTB-XL), five times without a fifth of all patients, and with all of them,
to ship. Stores the answers of the first six in docs/results/away (`scripts/away.py report` counts
them) and those for real pages, out of fold, in docs/results.

A run that was killed goes on where it was when the same command is given again.
"""

import json
import shlex
from pathlib import Path

from common import ROOT, data_option, fail

import click  # isort: skip
import numpy as np  # isort: skip

HOME_PREDICTIONS = "effnet_msa_traces-joined-leak-free.csv"


@click.command(help=__doc__.split("\n")[0])
@click.argument("home_run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
@click.option("--signals", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--results", type=click.Path(path_type=Path), default=ROOT / "docs" / "results")
@click.option("--out", type=click.Path(path_type=Path), default="runs/anywhere", show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def main(home_run, data, signals, results, out, seed):
    from ecg_tf.classifier import load
    from ecg_tf.data.catalogue import catalogue
    from ecg_tf.data.parallel import cores, mapping
    from ecg_tf.evaluation.calibration import fit_temperature
    from ecg_tf.evaluation.predictions import of_repeats, read_predictions, write_predictions
    from ecg_tf.progress import progress_bar
    from ecg_tf.training import widened
    from ecg_tf.training.drawn_set import drawn_set
    from ecg_tf.training.familiar import home_set

    command = shlex.join(["scripts/train_elsewhere.py", "HOME_RUN", "--signals", "FOLDER"])
    command += f" --seed {seed}" if seed else ""
    try:
        record = json.loads((home_run / "run.json").read_text())
        stored = read_predictions(results / HOME_PREDICTIONS)
        pages = catalogue(data).clean
        with progress_bar() as bar:
            with mapping(cores(), bar) as run:
                weights = home_run / "model.weights.h5"
                drawn = drawn_set(signals, weights, out / "drawn.npz", run)
            task = bar.add_task("reading real pages", total=None)
            home = home_set(data, out / "home.npz", lambda: bar.advance(task))
            made = Maker(home_run, record, drawn, home, out, seed, bar)
            first = of_repeats(stored, [0])  # as scripts/ship.py does
            temperature = fit_temperature(first.labels, first.probabilities)
            kept = ("refuse_below", "answer_from")
            facts = {"command": command, "seed": seed, "temperature": temperature}
            facts |= {key: load().card[key] for key in kept}
            sharpness = store_away(results / "away", drawn, made.answers(), temperature, facts)
            wide = made.final(sharpness, {"command": command, "elsewhere": counted(drawn)})
            both = of_real_pages(wide, pages, bar)
        facts = {"command": command, "params": wide.count_params()}
        found = widened.out_of_fold(stored, pages, home, drawn, both, facts)
        click.echo(f"Run: {out}")
        click.echo(f"Stored predictions: {write_predictions(results, found)}")
    except (OSError, ValueError, FloatingPointError) as error:
        fail(str(error))


class Maker:
    """Trainings of the part for other printers, each kept in a folder under `out`."""

    def __init__(self, home_run, record, drawn, home, out, seed, bar):
        from ecg_tf.models import build
        from ecg_tf.training.widened import NAME

        size = tuple(record["recipe"]["size"])
        self.record, self.drawn, self.home = record, drawn, home
        self.out, self.seed, self.bar = out, seed, bar
        self.joined = build(record["model"], size)
        self.joined.load_weights(home_run / "model.weights.h5")
        self.wide = build(NAME, size)

    def answers(self) -> dict:
        """{protocol: (rows asked, answers of both halves (2, n, 4), how familiar they are (n,))}"""
        from ecg_tf.training.familiar import familiar, fit_familiar
        from ecg_tf.training.widened import halves, protocols

        found = {}
        for name, rows, asked in protocols(self.drawn, self.seed):
            file = self.out / name / "answers.npz"
            if not file.exists():
                weights = fit_familiar(self.home.ink, self.drawn.ink[rows])
                self.train(name, rows, weights)
                both = halves(self.wide, self.drawn.signals[asked], self.drawn.pooled[asked])
                np.savez(file, halves=both, familiar=familiar(self.drawn.ink[asked], weights))
            with np.load(file) as kept:
                found[name] = asked, kept["halves"], kept["familiar"]
        return found

    def train(self, name, rows, familiar, sharpness=1.0) -> None:
        """Trains on `rows` and gives the wide network its weights."""
        from ecg_tf.models.anywhere import widen
        from ecg_tf.training.elsewhere import RECIPE, SHARES, train
        from ecg_tf.training.epoch_bar import EpochBar

        task = self.bar.add_task(name, total=RECIPE.epochs)
        bars = (EpochBar(self.bar, task, name, RECIPE.epochs),)
        part = train(self.drawn, rows, self.out / name, self.seed, bars)
        networks = part.traces, part.beats
        widen(self.wide, self.joined, networks, part.page_head, SHARES, familiar, sharpness)

    def final(self, sharpness: float, facts: dict):
        """The wide network of all rows, its weights and its record in `out`."""
        from ecg_tf.training.elsewhere import RECIPE, SHARES
        from ecg_tf.training.familiar import fit_familiar
        from ecg_tf.training.widened import NAME
        from ecg_tf.training.widened import RECIPE as WIDENED

        record, weights = self.out / "run.json", self.out / "model.weights.h5"
        if record.exists():
            self.wide.load_weights(weights)
            return self.wide
        familiar = fit_familiar(self.home.ink, self.drawn.ink)
        self.train("final", np.flatnonzero(self.drawn.legible), familiar, sharpness)
        self.wide.save_weights(weights)
        recipe = self.record["recipe"] | {"name": WIDENED}
        own = {"shares": SHARES, "epochs": RECIPE.epochs, "sharpness": round(sharpness, 4)}
        found = {**self.record, **facts, "model": NAME, "recipe": recipe}
        found |= {"parameters": self.wide.count_params(), "elsewhere": facts["elsewhere"] | own}
        record.write_text(json.dumps(found, indent=1) + "\n")
        return self.wide


def store_away(folder: Path, drawn, answers: dict, temperature: float, facts: dict) -> float:
    """Stores the answers for recordings that were left out; returns how sharp the part for other
    printers has to be made so that, at the card's temperature, it is as sure as it is right."""
    from ecg_tf.evaluation.away_rows import write_rows
    from ecg_tf.training.widened import as_rows, mixed, temperature_of

    asked, both, f = answers.pop("without")
    rows = as_rows(drawn, asked, mixed(both, f, temperature))
    write_rows(folder / "elsewhere-without.csv", rows, facts)
    rows = []
    for name, (asked, both, f) in answers.items():
        others = [each for other, each in answers.items() if other != name]
        sharpness = temperature / temperature_of(drawn, *together(others))
        rows += as_rows(drawn, asked, mixed(both, f, sharpness))
    write_rows(folder / "elsewhere-with.csv", rows, facts)
    return temperature / temperature_of(drawn, *together(list(answers.values())))


def together(answers: list) -> tuple[np.ndarray, np.ndarray]:
    """Rows asked and answers of both halves, of several trainings."""
    asked, both, _ = zip(*answers, strict=True)
    return np.concatenate(asked), np.concatenate(both, axis=1)


def of_real_pages(wide, pages, bar) -> np.ndarray:
    """What both halves say of real pages, float32 (2, n, 4)."""
    import keras

    from ecg_tf.data.pipeline import load_pages
    from ecg_tf.models.joined import POOL
    from ecg_tf.models.traces import READER
    from ecg_tf.training.run import predict
    from ecg_tf.training.widened import halves

    task = bar.add_task("asking about real pages", total=len(pages))
    paths = [page.path for page in pages]
    images = load_pages(paths, tuple(wide.input_shape[1:3]), lambda: bar.advance(task))
    layers = [wide.get_layer(name).output for name in (READER, POOL)]
    signals, pooled = (predict(keras.Model(wide.input, layer), images) for layer in layers)
    return halves(wide, signals, pooled)


def counted(drawn) -> dict:
    """What is said of the set on the card."""
    source, count = np.unique(drawn.source, return_counts=True)
    return {"drawn_pages": dict(zip(source.tolist(), count.tolist(), strict=True))}


if __name__ == "__main__":
    main()
