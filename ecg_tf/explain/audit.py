"""The audit of explanations: every method on drawn infarctions and on real pages.

Drawn pages are asked of the network that is audited. Real pages are asked of the networks of
folds that never saw them, where such runs are given; else of the audited network itself, and the
rows say that it had seen them in training.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from ecg_tf.classifier import Classifier, load
from ecg_tf.data.catalogue import Page
from ecg_tf.explain.audit_rows import add_rows, key_of
from ecg_tf.explain.cases import Case, chosen, drawn_case, real_case
from ecg_tf.explain.faithfulness import Method, Subject, facts, measure
from ecg_tf.models import build

DIGITS = 12  # of the SHA-256 of the weights, as the network's short name
EVERY = 3  # on each third page of a method, maps of shuffled weights and nudged pages are drawn
# The slow methods, which come last in this order, and on each how many-th page they are measured.
SLOW = {"integrated_gradients": 1, "score_cam": 6, "smoothgrad": 6}

Step = tuple[Subject, int, Callable[[], Case]]  # a network, and a page to be made, with its number


def plan(
    weights: Path | None, runs: list[Path], pages: list[Page], drawn: int, real: int
) -> tuple[Classifier, list[Step]]:
    """The audited network, and which page is asked of which network.

    `weights` is a file with its card beside it, by default the shipped one; `runs` are run
    folders of folds. Drawn and real pages are numbered apart. Raises what `load` raises, and
    ValueError for a run that was tested on no page of `pages`.
    """
    audited = load(weights)
    subject = Subject(audited.model, audited.card["weights_sha256"][:DIGITS])
    size = subject.size
    steps = [(subject, number, partial(drawn_case, number, size)) for number in range(drawn)]
    if not runs:
        return audited, steps + _real(subject, chosen(pages, real), seen=True)
    for folder, part in zip(runs, np.array_split(np.arange(real), len(runs)), strict=True):
        fold, tested = _fold(folder, pages)
        steps += _real(fold, chosen(tested, len(part)), seen=False)
    return audited, steps


def run(
    steps: list[Step],
    methods: Mapping[str, Method],
    known: list[dict],
    path: Path,
    track: Callable[[list], Iterable] = iter,
    seconds: float = math.inf,
) -> list[dict]:
    """Measures what is not among the `known` rows and adds it to the file `path`, page by page.

    The slow methods come last. After so many `seconds` no further page is begun. Returns the rows
    of these steps, known and new. `track` may show a progress bar over the pages.
    """
    by_key = {key_of(row): row for row in known}
    found, started = [], time.monotonic()
    for wanted, (subject, number, make) in track(_rounds(steps, methods)):
        stride = SLOW.get(wanted[0], 1)
        again = number // stride % EVERY == 0
        case = make()
        page = {"network": subject.digest, "kind": case.kind, "page": case.name}
        keys = {name: key_of(page | {"method": name}) for name in wanted}
        found += [by_key[key] for key in keys.values() if key in by_key]
        missing = [name for name in wanted if keys[name] not in by_key]
        if not missing or time.monotonic() - started > seconds:
            continue
        page = facts(subject, case)
        new = [page | measure(subject, case, name, methods[name], again) for name in missing]
        add_rows(path, new)
        found += new
    return found


def _rounds(steps: list[Step], methods: Mapping[str, Method]) -> list[tuple[list[str], Step]]:
    """Which methods are asked of which page, in order."""
    quick = [name for name in methods if name not in SLOW]
    slow = [[name] for name in SLOW if name in methods]
    return [
        (names, step)
        for names in filter(None, [quick, *slow])
        for step in steps
        if step[1] % SLOW.get(names[0], 1) == 0
    ]


def _real(subject: Subject, pages: list[Page], seen: bool) -> list[Step]:
    return [
        (subject, number, partial(real_case, page, subject.size, seen))
        for number, page in enumerate(pages)
    ]


def _fold(run: Path, pages: list[Page]) -> tuple[Subject, list[Page]]:
    """The network of a run, and those of the pages that it was tested on."""
    record = json.loads((run / "run.json").read_text())
    held_out = set(record["test_pages"])
    tested = [page for page in pages if page.page_id in held_out]
    if not tested:
        raise ValueError(f"{run} was tested on none of the pages at hand.")
    weights = run / "model.weights.h5"
    model = build(record["model"], tuple(record["recipe"]["size"]))
    model.load_weights(weights)
    return Subject(model, hashlib.sha256(weights.read_bytes()).hexdigest()[:DIGITS]), tested
