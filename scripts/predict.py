#!/usr/bin/env python3
"""Answers for ECG pages: files or folders of PNG and JPEG pictures. Research use only.

    scripts/predict.py PAGE.jpg FOLDER            a table
    scripts/predict.py FOLDER --json              one JSON object a line
    scripts/predict.py PAGE.jpg --explain OUT     overlays and the text too

Exit status 1 if any file could not be read; the others are answered all the same.
"""

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from common import fail

import click  # isort: skip

BATCH = 8
FEW = 2  # pages, for which it does not pay to trace the network
NOTICE = "Research use only: what the network answers is no diagnosis."


@click.command(help=__doc__.split("\n")[0])
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--explain", type=click.Path(path_type=Path), help="Folder for overlays and texts.")
@click.option("--beside", is_flag=True, help="Overlays and texts next to each page.")
@click.option("--weights", type=click.Path(path_type=Path), help="Other weights than the shipped.")
@click.option("--draw", type=click.Path(path_type=Path), help="Draws a page there and reads it.")
def main(paths, as_json, explain, beside, weights, draw):
    if draw:
        paths = (*paths, draw_page(draw))
    if not paths:
        fail("Name at least one file or folder.")
    from ecg_tf.classifier import load
    from ecg_tf.pages.collect import collect

    try:
        classifier = load(weights)
        if explain:
            explain.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        fail(str(error))
    files = list(collect(list(paths)))
    show = JsonLines() if as_json else Table([path for path, _ in files])
    found = {}
    with show:
        for path, result in answers(classifier, iter(files), len(files) > FEW):
            found[path] = result
            show.add(path, record(path, result, classifier.card))
    if explain or beside:  # after the answers: they need not wait for the pictures
        write_explanations(classifier, found, explain, quiet=as_json)
    sys.exit(1 if any(isinstance(result, Exception) for result in found.values()) else 0)


def answers(classifier, files: Iterator, traced: bool) -> Iterator[tuple]:
    """(path, Answer or PageError) for each file, in order, a batch at a time."""
    from ecg_tf.classifier import classify, prepare_page
    from ecg_tf.pages.read import PageError, read_file

    def read(item):
        path, error = item
        try:
            if error:
                raise error
            return path, prepare_page(read_file(path), classifier.size)
        except PageError as found:
            return path, found

    full = 0  # pages of the first batch; a smaller one would have the network traced anew
    with ThreadPoolExecutor(2) as pool:
        while batch := list(islice(files, BATCH)):
            read_batch = list(pool.map(read, batch))
            prepared = [given for _, given in read_batch if not isinstance(given, PageError)]
            full = full or len(prepared)
            filled = prepared + prepared[:1] * (full - len(prepared))
            found = iter(classify(classifier, filled, traced) if prepared else ())
            for path, given in read_batch:
                yield path, given if isinstance(given, PageError) else next(found)


def record(path: Path, result, card: dict) -> dict:
    """The line that --json prints for one file."""
    from ecg_tf.pages.collect import printable

    if isinstance(result, Exception):
        error = {"code": result.code, "message": result.message}
        return {"file": printable(path), "error": error}
    return {
        "file": printable(path),
        "label": result.label,
        "confidence": result.confidence,
        "probabilities": result.probabilities,
        "decision": result.decision,
        "reason": result.reason,
        "model": card["model"],
        "version": card["version"],
    }


class JsonLines:
    """Prints each record as it comes."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def add(self, path: Path, line: dict) -> None:
        print(json.dumps(line), flush=True)


class Table:
    """A readable table; a progress bar on the error stream while many files are read."""

    def __init__(self, paths: list[Path]):
        from rich.console import Console
        from rich.table import Column
        from rich.table import Table as RichTable

        from ecg_tf.progress import progress_bar

        path = Column("file", overflow="fold")
        self.table = RichTable(path, "answer", "confidence", "decision", "reason")
        self.console = Console()
        self.bar = progress_bar(disable=len(paths) < 2)
        self.task = self.bar.add_task("reading pages", total=len(paths))
        # What all paths share says nothing and would fill the column.
        parents = [os.path.abspath(path.parent) for path in paths] or ["."]
        self.folder = os.path.commonpath(parents)

    def __enter__(self):
        self.bar.start()
        return self

    def __exit__(self, *_):
        self.bar.stop()
        self.console.print(self.table)
        self.console.print(NOTICE)

    def add(self, path: Path, line: dict) -> None:
        from rich.text import Text

        from ecg_tf.labels import DISPLAY
        from ecg_tf.pages.collect import printable

        self.bar.advance(self.task)
        file = printable(Path(os.path.relpath(path, self.folder)))
        if "error" in line:
            cells = [file, "-", "-", "error", line["error"]["message"]]
        else:
            name = DISPLAY[line["label"]] if line["decision"] != "refuse" else "-"
            cells = [file, name, f"{line['confidence']:.2f}", line["decision"], line["reason"]]
        self.table.add_row(*map(Text, cells))


def write_explanations(classifier, found: dict, folder: Path | None, quiet: bool) -> None:
    """Overlays and text of every page that was not refused; prints them unless `quiet`."""
    from ecg_tf.pages.collect import printable
    from ecg_tf.pages.read import read_file

    write = Explainer(classifier, folder, traced=len(found) > FEW)
    for path, result in found.items():
        if isinstance(result, Exception) or result.decision == "refuse":
            continue
        text, paths = write(path, read_file(path), result)
        if not quiet:
            click.echo("\n".join(["", text, *(f"Written: {printable(each)}" for each in paths)]))


class Explainer:
    """Writes overlays and text of a page, into one folder or next to the page."""

    def __init__(self, classifier, folder: Path | None, traced: bool):
        from ecg_tf.explain.maps import explainer

        temperature = classifier.card["temperature"]
        self.maps = explainer(classifier.model, temperature=temperature, traced=traced)
        self.size = classifier.size
        self.folder, self.used = folder, set()

    def __call__(self, path: Path, page, answer) -> tuple[str, list[Path]]:
        """(text, paths written)"""
        from ecg_tf.explain.explain import explain_page

        found = explain_page(self.maps, page, self.size, answer.probabilities)
        stem = self.stem(path)
        try:
            paths = [stem.with_name(f"{stem.name}-explanation.txt")]
            paths[0].write_text(found.text + "\n")
            for method, picture in found.pictures.items():
                paths.append(stem.with_name(f"{stem.name}-{method.replace('_', '-')}.png"))
                picture.save(paths[-1])
        except OSError as error:
            fail(f"The explanation cannot be written to {stem.parent}: {error.strerror}.")
        return found.text, paths

    def stem(self, path: Path) -> Path:
        """Where the files of a page go; pages of one name in one folder get a number."""
        base = (self.folder or path.parent) / path.stem
        found, number = base, 2
        while found in self.used:
            found, number = base.with_name(f"{base.name}-{number}"), number + 1
        self.used.add(found)
        return found


def draw_page(path: Path) -> Path:
    """A drawn page, so that the program can be tried without any ECG at hand."""
    from PIL import Image

    from ecg_tf.pages.synthetic import draw

    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = draw(104, "myocardial_infarction", "3x4+1", whole=True, style="banner")
    Image.fromarray(drawn.image).save(path)
    click.echo(f"Drew a page ({drawn.label.replace('_', ' ')}, {drawn.territory}): {path}")
    return path


if __name__ == "__main__":
    main()
