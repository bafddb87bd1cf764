#!/usr/bin/env python3
"""Draws labelled ECG pages with their truth.

    scripts/draw.py OUT --count 100                      a hundred pages of every kind
    scripts/draw.py OUT --label normal --severity 3      normal pages, photographed badly
    scripts/draw.py OUT --signals FOLDER                 real signals drawn as pages

Writes OUT/<number>.png and OUT/truth.jsonl, one JSON object a line; the same arguments give the
same files. `--save-signals` adds OUT/<number>.npz with the signal (float32, mV) and its rate.
"""

import json
import sys
from itertools import chain
from pathlib import Path

from common import fail

import click  # isort: skip
import numpy as np  # isort: skip
from PIL import Image  # isort: skip
from rich.progress import track  # isort: skip

from ecg_tf.labels import LABELS  # isort: skip
from ecg_tf.pages.styles import ASKED_FOR, LAYOUTS  # isort: skip


@click.command(help=__doc__.split("\n")[0])
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(1), default=20, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the first.")
@click.option("--label", type=click.Choice(LABELS), help="Default: drawn at random.")
@click.option("--layout", type=click.Choice(LAYOUTS + ASKED_FOR), help="Default: drawn at random.")
@click.option("--severity", type=click.IntRange(0, 5), default=0, show_default=True)
@click.option("--signals", type=click.Path(path_type=Path), help="Folder of real signals.")
@click.option("--save-signals", is_flag=True, help="Also write the signals, one .npz a page.")
def main(out, count, seed, label, layout, severity, signals, save_signals):
    from ecg_tf.pages.synthetic import draw, draw_signal

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        fail(f"{out} is not an empty folder; name a new one.")
    records = None
    if signals:
        try:
            records = _labelled(signals, label)
            records = chain([next(records)], records)  # the folder is read here, not in the loop
        except (OSError, ValueError) as error:
            fail(str(error))
    out.mkdir(parents=True, exist_ok=True)
    with (out / "truth.jsonl").open("w", encoding="utf-8") as truth:
        for number in track(range(seed, seed + count), "Drawing", disable=not sys.stderr.isatty()):
            if records:
                record = next(records)
                page = draw_signal(record.signal, record.fs, record.label, number, layout, severity)
            else:
                record = None
                page = draw(number, label, layout, severity)
            name = f"{number:06d}"
            Image.fromarray(page.image).save(out / f"{name}.png")
            if save_signals:
                np.savez_compressed(out / f"{name}.npz", signal=page.signal, fs=page.fs)
            line = {"file": f"{name}.png", "seed": number} | page.truth()
            if record:
                line["record_id"] = record.record_id
            truth.write(json.dumps(line) + "\n")
    click.echo(f"{count} pages in {out}")


def _labelled(folder: Path, label: str | None):
    """Recordings with a strict label (that one, if given), again from the start at the end."""
    from ecg_tf.pages.recordings import recordings

    while True:
        found = False
        for record in recordings(folder):
            if record.label and label in (None, record.label):
                found = True
                yield record
        if not found:
            raise ValueError(f"{folder} holds no recording labelled {label or 'at all'}.")


if __name__ == "__main__":
    main()
