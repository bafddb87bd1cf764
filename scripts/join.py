#!/usr/bin/env python3
"""Joins trained networks into one, and their predictions out of fold.

    scripts/join.py effnet_msa_traces PAGE_RUN TRACES_RUN BEATS_RUN --predictions docs/results
    scripts/join.py densenet121_read_beats --predictions docs/results

effnet_msa_traces is the network on page, traces and beats for the printer of the real pages; the
run folder that comes out is what scripts/train_elsewhere.py takes. NAME_read_beats is one of the
eight networks on a picture of what was read, and the network on beats. Without runs only the
predictions are joined: those of the parts, in the same folder (ecg_tf/training/joined.py).
"""

from pathlib import Path

from common import fail

import click  # isort: skip


@click.command(help=__doc__.split("\n")[0])
@click.argument("model")
@click.argument(
    "runs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    nargs=-1,
    metavar="[RUN]...",
)
@click.option("--out", type=click.Path(path_type=Path), default="runs/joined", show_default=True)
@click.option("--predictions", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(model, runs, out, predictions):
    from ecg_tf.evaluation.predictions import read_predictions, write_predictions
    from ecg_tf.training.joined import join_predictions, join_runs, predictions_of

    command = f"scripts/join.py {model}"
    try:
        files = predictions_of(model)
        if not runs and not predictions:
            raise ValueError("There is nothing to join: give runs, --predictions or both.")
        if runs:
            click.echo(f"Run: {join_runs(model, runs, out, command + ' RUN' * len(runs))}")
        if predictions:
            parts = [read_predictions(predictions / file) for file in files]
            found = join_predictions(model, parts, f"{command} --predictions docs/results")
            click.echo(f"Stored predictions: {write_predictions(predictions, found)}")
    except (OSError, ValueError) as error:
        fail(str(error))


if __name__ == "__main__":
    main()
