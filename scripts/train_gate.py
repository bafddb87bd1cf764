#!/usr/bin/env python3
"""Trains the gate that refuses pictures which are no 12-lead ECG page, and measures it.

    scripts/train_gate.py                with the real pages of ECG_TF_DATA
    scripts/train_gate.py --drawn-only   without any real page in training

Draws its pictures on the first run (about 20 minutes on one core) and keeps them under --out;
trains six networks of a minute or two each: five for the figures on real pages and on kinds of
strangers that were left out, one to ship. Writes the weights, docs/results/gate.json and
docs/GATE.md.
"""

import hashlib
import json
import time
from pathlib import Path

from common import ROOT, data_option, fail

import click  # isort: skip
import numpy as np  # isort: skip


@click.command(help=__doc__.split("\n")[0])
@data_option
@click.option("--drawn-only", is_flag=True, help="Use real pages for the figures alone.")
@click.option("--epochs", type=click.IntRange(1), help="Instead of the usual number.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default="runs/gate", show_default=True)
def main(data, drawn_only, epochs, seed, out):
    from ecg_tf.models.gate import WEIGHTS
    from ecg_tf.progress import progress_bar
    from ecg_tf.training import gate_report, gate_rounds, gate_sets
    from ecg_tf.training.gate_fit import EPOCHS

    started = time.monotonic()
    with progress_bar() as bar:
        task = bar.add_task("drawing and reading", total=None)
        try:
            sets = gate_sets.material(data, out, lambda: bar.advance(task))
            folds = gate_sets.real_folds(data)
        except (ValueError, OSError) as error:
            fail(str(error))
        sets = gate_rounds.on_grid(sets)
        task = bar.add_task("training", total=gate_rounds.ROUNDS + 1)
        weights, shipped, rounds = gate_rounds.run(
            sets, folds, epochs or EPOCHS, seed, not drawn_only, lambda: bar.advance(task)
        )
    record = gate_report.figures(sets, folds, shipped, rounds)
    record |= {
        "command": "scripts/train_gate.py" + (" --drawn-only" if drawn_only else ""),
        "epochs": epochs or EPOCHS,
        "seed": seed,
        "parameters": sum(array.size for array in weights.values()),
        "seconds": round(time.monotonic() - started),
    }
    WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(WEIGHTS, **weights)
    tell_card(WEIGHTS)
    results = ROOT / "docs" / "results" / "gate.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    text = gate_report.as_markdown(record)
    (ROOT / "docs" / "GATE.md").write_text(text, encoding="utf-8")
    click.echo(text)


def tell_card(gate: Path) -> None:
    """Says on the shipped card which gate stands before it, so that models are exported anew."""
    from ecg_tf.classifier import SHIPPED, card_of

    card = card_of(SHIPPED)
    if card.is_file():
        told = json.loads(card.read_text())
        told["gate_sha256"] = hashlib.sha256(gate.read_bytes()).hexdigest()
        card.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
