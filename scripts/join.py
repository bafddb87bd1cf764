#!/usr/bin/env python3
"""Joins the networks on page, traces and beats, and their predictions out of fold.

    scripts/join.py PAGE_RUN TRACES_RUN BEATS_RUN --predictions docs/results

The run folder that comes out is what scripts/ship.py takes; the predictions are made of
effnet_msa-tuned-leak-free.csv, traces-signal-leak-free.csv and beats-kernel-leak-free.csv in the
same folder. The shares were set before any fold was looked at: the two readings of the traces
alike, the page half as much.
"""

import shlex
from pathlib import Path

from common import fail

import click  # isort: skip


NAMES = tuple(
    f"{part}-leak-free.csv" for part in ("effnet_msa-tuned", "traces-signal", "beats-kernel")
)
SHARES = (0.2, 0.4, 0.4)
run = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(help=__doc__.split("\n")[0])
@click.argument("page_run", type=run)
@click.argument("traces_run", type=run)
@click.argument("beats_run", type=run)
@click.option("--out", type=click.Path(path_type=Path), default="runs/joined", show_default=True)
@click.option("--predictions", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(page_run, traces_run, beats_run, out, predictions):
    from ecg_tf.evaluation.predictions import read_predictions, write_predictions
    from ecg_tf.training.joined import join_predictions, join_runs

    command = shlex.join(["scripts/join.py", "PAGE_RUN", "TRACES_RUN", "BEATS_RUN"])
    try:
        runs = page_run, traces_run, beats_run
        click.echo(f"Run: {join_runs(runs, SHARES, out, command)}")
        if predictions:
            parts = tuple(read_predictions(predictions / name) for name in NAMES)
            found = join_predictions(parts, SHARES, command)
            click.echo(f"Stored predictions: {write_predictions(predictions, found)}")
    except (OSError, ValueError) as error:
        fail(str(error))


if __name__ == "__main__":
    main()
