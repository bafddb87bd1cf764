#!/usr/bin/env python3
"""Exports the shipped model for TensorFlow Serving: DIR/ecg/N and DIR/ecg_explain/N.

scripts/export.py --base models
"""

from pathlib import Path

from common import fail

import click  # isort: skip


@click.command(help=__doc__.split("\n")[0])
@click.option("--base", type=click.Path(path_type=Path), required=True, help="Folder of models.")
@click.option("--weights", type=click.Path(path_type=Path), help="Default: the shipped model.")
@click.option("--version", type=click.IntRange(1), help="Default: the next free number.")
@click.option("--steps", default=32, show_default=True, help="A multiple of 8.")
@click.option("--tflite", is_flag=True, help="Adds ecg/N/model.tflite (see docs/SERVING.md).")
def main(base, weights, version, steps, tflite):
    from ecg_tf.classifier import load
    from serving.export import MODELS, export

    try:
        number = export(load(weights), base, version, steps, tflite)
    except (OSError, ValueError) as error:
        fail(str(error))
    for name in MODELS:
        click.echo(base / name / str(number))


if __name__ == "__main__":
    main()
