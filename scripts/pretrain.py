#!/usr/bin/env python3
"""Trains a network behind the reading on recordings of other sources and simulated signals.

    scripts/pretrain.py mobilenet_read --signals FOLDER
    scripts/train.py mobilenet_read --recipe pretrained --initial runs/pretrained/mobilenet_read.npz

    scripts/pretrain.py traces --signals FOLDER
    scripts/train.py traces --recipe pretrained --epochs 20 --initial FILE

The weights are kept under their names, so networks with the same backbone may begin from one file.
A run that was killed goes on where it was when the same command is given again.
"""

from pathlib import Path

from common import fail

import click  # isort: skip


@click.command(help=__doc__.split("\n")[0])
@click.argument("model")
@click.option(
    "--signals",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="ECG_TF_SIGNALS",
    required=True,
    help="Folder of recordings; default: the setting ECG_TF_SIGNALS.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default="runs/pretrained", show_default=True
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def main(model, signals, out, seed):
    from ecg_tf.progress import progress_bar
    from ecg_tf.training.epoch_bar import EpochBar
    from ecg_tf.training.initial import save_weights
    from ecg_tf.training.pretrain import network, plan_of, pretrain, signal_set

    try:
        whole, plan = network(model, seed), plan_of(model)
        examples = signal_set(signals, plan)
        with progress_bar() as bar:
            task = bar.add_task(model, total=plan.recipe.epochs)
            bars = (EpochBar(bar, task, model, plan.recipe.epochs),)
            pretrain(whole, examples, out / model, seed, bars)
        save_weights(whole, out / f"{model}.npz")
    except (OSError, ValueError, FloatingPointError) as error:
        fail(str(error))
    click.echo(f"Weights: {out / f'{model}.npz'}")


if __name__ == "__main__":
    main()
