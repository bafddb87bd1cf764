#!/usr/bin/env python3
"""Measures speed, as ratios within one run, since machines differ and are noisy.

scripts/bench.py pipeline     what the input pipeline delivers against what training takes
scripts/bench.py predict      pages a second of the command line, and its memory
scripts/bench.py gallery      all methods of explanation on one page, in a fresh process
scripts/bench.py drawing      pages drawn a second on one core
scripts/bench.py portal       the portal over HTTP, with the shipped model
scripts/bench.py serving      the model server over gRPC and REST, against the model in-process
scripts/bench.py soak         ten minutes under load, version swaps, kills
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from common import ROOT

import click  # isort: skip
import numpy as np  # isort: skip

SIZE = (224, 224)
BATCH = 32
FEW = 4  # pages, for which the network is traced already


@click.group(help=__doc__.split("\n")[0])
def main():
    pass


@main.command(help="The input pipeline against the EfficientNet-B0 training step.")
@click.option("--pages", default=128, show_default=True, help="Drawn pages to run on.")
def pipeline(pages):
    import keras

    from ecg_tf.data.pipeline import Examples, tf_batches

    random = np.random.default_rng(0)
    images = random.integers(0, 255, (pages, *SIZE), dtype=np.uint8)
    target = np.eye(4, dtype=np.float32)[random.integers(0, 4, pages)]
    given = Examples(images, np.arange(pages), target, np.ones(pages, np.float32))
    rates = {"training step, EfficientNet-B0": training_rate(given)}
    rates["tf.data, augmented"] = rate(tf_batches(given, BATCH, 0, range(4), 1.0))
    rates["decoding and preparing"] = decoding_rate(min(pages, 48))
    report("pages a second", rates, "training step, EfficientNet-B0", keras.backend.backend())


@main.command(help="The command line on drawn pages of 1046 x 608.")
@click.option("--pages", default=100, show_default=True)
def predict(pages):
    from PIL import Image

    from ecg_tf.pages.synthetic import draw

    with tempfile.TemporaryDirectory() as folder:
        for seed in range(pages):
            page = draw(seed, layout="3x4+1", whole=False, size=(608, 1046))
            Image.fromarray(page.image).save(Path(folder) / f"{seed:04}.jpg", quality=90)
        files = sorted(map(str, Path(folder).iterdir()))
        one, few, every = (seconds(files[:count]) for count in (1, FEW, pages))
    rates = {"pages a second after start-up": (pages - FEW) / max(every - few, 1e-6)}
    report("predict", rates | {"seconds to the first answer": one}, None, f"{pages} pages")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    click.echo(f"largest memory of a run: {peak:.0f} MB")


@main.command(help="Every method of explanation on one drawn page, as the portal has it made.")
def gallery():
    from PIL import Image

    from ecg_tf.explain.about import ABOUT, in_order
    from ecg_tf.pages.synthetic import draw
    from webapp.gallery.painter import Painter

    painter, took, start = Painter(), {}, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.png"
        Image.fromarray(draw(104, "myocardial_infarction", "3x4+1").image).save(page)
        for method in in_order(ABOUT):
            painter.paint(page, "myocardial_infarction", method)
            took[f"{ABOUT[method].title}, done after"] = time.perf_counter() - start
    painter.close()
    report("seconds from the start of the process", took, None, "shipped network")


@main.command(help="Drawn pages of 1046 x 608 a second of one core's time, plain and photographed.")
@click.option("--pages", default=100, show_default=True)
def drawing(pages):
    from ecg_tf.pages.synthetic import CROP, draw

    rates = {}
    for severity in (0, 3):
        draw(0, severity=severity, size=CROP)
        start = time.process_time()
        for seed in range(pages):
            draw(seed, severity=severity, size=CROP)
        rates[f"severity {severity}"] = pages / (time.process_time() - start)
    report("pages a second of processor time", rates, None, f"{pages} pages")


@main.command(help="The portal over HTTP: upload to answer, history, memory, 20 people at once.")
@click.option("--pages", default=15, show_default=True, help="Uploads that are timed.")
@click.option("--models", type=click.Path(path_type=Path), help="Exported models, to save that.")
def portal(pages, models):
    from bench_portal import measure

    write_table("Portal", measure(pages, models), f"--pages {pages}")


base_option = click.option(
    "--base",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of exported models, to save the export of the shipped one (with --tflite).",
)


@main.command(help="The embedded server against the same model in this process.")
@base_option
@click.option("--rounds", default=30, show_default=True, help="Single calls timed each way.")
@click.option("--turn", default=10.0, show_default=True, help="Seconds of a turn under load.")
@click.option(
    "--calls", default=1000, show_default=True, help="Memory: after so many, and ten times."
)
def serving(base, rounds, turn, calls):
    from bench_options import batching, client_start, options
    from bench_serving import measure

    def rows(folder):
        yield from measure(folder, rounds, turn, calls)
        yield from batching(folder, turn)
        yield from client_start()
        yield from options(folder, rounds)

    with models(base) as folder:
        given = f"--rounds {rounds} --turn {turn:g} --calls {calls}"
        write_table("Serving", rows(folder), given)


@main.command(help="The embedded server for long, with versions that change, and killed.")
@base_option
@click.option("--minutes", default=10.0, show_default=True, help="At 80 % of the peak rate.")
@click.option("--swaps", default=50, show_default=True, help="Versions that replace each other.")
@click.option("--kills", default=5, show_default=True)
@click.option("--constants", is_flag=True, help="Swap and kill a model that loads in a second.")
def soak(base, minutes, swaps, kills, constants):
    import bench_soak
    from bench_serving import save_constants

    def rows(folder, scratch):
        yield from bench_soak.soak(folder, minutes)
        if constants:
            folder = scratch / "constants"
            save_constants(folder)
        yield from bench_soak.swaps(folder, scratch, swaps)
        yield from bench_soak.kills(folder, kills)

    with models(base) as folder, tempfile.TemporaryDirectory() as scratch:
        given = f"--minutes {minutes:g} --swaps {swaps} --kills {kills}"
        given += " --constants" if constants else ""
        write_table("Soak", rows(folder, Path(scratch)), given)


@contextmanager
def models(base: Path | None):
    """`base`, or a folder with the shipped model until the block ends."""
    if base:
        yield base
        return
    from ecg_tf.classifier import load
    from serving.export import export

    with tempfile.TemporaryDirectory() as folder:
        export(load(), Path(folder), tflite=True)
        yield Path(folder)


def write_table(title: str, rows, given: str) -> None:
    """Prints each row when it is there, and puts all into docs/PERFORMANCE.md."""
    from bench_serving import write_section

    lines = [f"## {title}", "", f"`scripts/bench.py {title.lower()} {given}`", ""]
    lines += ["| what | measured | goal |", "|---|---|---|"]
    for what, measured, goal in rows:
        click.echo(f"{what:<70}{measured:>12}   {goal}")
        lines.append(f"| {what} | {measured} | {goal} |")
    load = "/".join(f"{value:.0f}" for value in os.getloadavg())
    lines += ["", f"{os.cpu_count()} processors, load average at the end {load}."]
    write_section(ROOT / "docs" / "PERFORMANCE.md", title, lines)


def seconds(arguments: list[str]) -> float:
    """How long predict.py takes."""
    start = time.perf_counter()
    command = [sys.executable, str(ROOT / "scripts" / "predict.py"), "--json", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in found.splitlines():
        if "error" in json.loads(line):
            raise click.ClickException(line)
    return time.perf_counter() - start


def training_rate(given) -> float:
    """Pages a second of the training step of the proposed network, batch 32."""
    from ecg_tf.data.augment import plain
    from ecg_tf.models import build
    from ecg_tf.training.fit import compile_model
    from ecg_tf.training.recipes import recipe_named

    model = build("effnet_msa", SIZE)
    compile_model(model, recipe_named("paper"), 10)
    x, y = np.asarray(plain(given.pages[:BATCH])), given.target[:BATCH]
    model.train_on_batch(x, y)
    start = time.perf_counter()
    for _ in range(3):
        model.train_on_batch(x, y)
    return 3 * BATCH / (time.perf_counter() - start)


def rate(batches) -> float:
    """Pages a second, after the first batch."""
    found, start = 0, None
    for x, *_ in batches:
        if start is None:
            start = time.perf_counter()
            continue
        found += len(np.asarray(x))
    return found / (time.perf_counter() - start)


def decoding_rate(pages: int) -> float:
    """Pages a second from JPEG files of 1046 x 608 to model input."""
    from PIL import Image

    from ecg_tf.data.pipeline import load_pages
    from ecg_tf.pages.synthetic import draw

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{seed}.jpg" for seed in range(pages)]
        for seed, path in enumerate(paths):
            page = draw(seed, layout="3x4+1", whole=False, size=(608, 1046))
            Image.fromarray(page.image).save(path, quality=90)
        load_pages(paths[:2], SIZE)
        start = time.perf_counter()
        load_pages(paths, SIZE)
        return pages / (time.perf_counter() - start)


def report(title: str, rates: dict, reference: str | None, note: str) -> None:
    """A table, with ratios where there is a reference."""
    click.echo(f"{title} ({note})")
    for name, value in rates.items():
        ratio = f"   {value / rates[reference]:6.1f} x" if reference else ""
        click.echo(f"  {name:<34}{value:8.1f}{ratio}")


if __name__ == "__main__":
    main()
