"""What a network answers away from home: photographs of real pages.

Everything is judged picture by picture and kept as rows (`away_rows`), from which `away_report`
counts.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ecg_tf.classifier import is_legible, prepare_page
from ecg_tf.data.catalogue import Page
from ecg_tf.evaluation.away_rows import Row
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.models.gate import page_score
from ecg_tf.pages.effects import ALL_EFFECTS, WORST, distort, weathered
from ecg_tf.pages.other_layouts import FORMS
from ecg_tf.pages.read import read_file
from ecg_tf.pages.styles import LAYOUTS, PRINTOUT
from ecg_tf.pages.synthetic import draw

BATCH = 16
GATE_SIZE = (224, 224)
PRINTED_SEED = 500_000  # of signals that nothing has learnt from
PRINTED_SEVERITY = 2  # of what is photographed


class Judge(NamedTuple):
    """A network and the pages that it may be asked about; None: all of them."""

    model: keras.Model
    size: tuple[int, int]
    page_ids: frozenset[str] | None


Pictures = Iterator[tuple[Row, np.ndarray]]  # uint8 (h, w, 3)


def fold_judges(folder: Path) -> Iterator[Judge]:
    """The network of each finished fold under `folder`, which may judge its test pages alone.

    Raises FileNotFoundError where there is none.
    """
    paths = sorted(folder.glob("**/run.json"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no finished run (no run.json).")
    for path in paths:
        record = json.loads(path.read_text())
        size = tuple(record["recipe"]["size"])
        model = build(record["model"], size)
        model.load_weights(path.parent / "model.weights.h5")
        yield Judge(model, size, frozenset(record["test_pages"]))


def judged(judge: Judge, pictures: Pictures, advance: Callable = lambda: None) -> list[Row]:
    """The rows of the pictures with what the network and the gate say; uncalibrated."""
    found, waiting = [], []
    for row, picture in pictures:
        waiting.append((row, prepare_page(picture, judge.size)))
        advance()
        if len(waiting) == BATCH:
            found += _answered(judge.model, waiting)
            waiting = []
    return found + (_answered(judge.model, waiting) if waiting else [])


def _answered(model, waiting) -> list[Row]:
    pages = np.stack([page.image for _, page in waiting])
    scores = np.asarray(page_score(np.stack([page.own for _, page in waiting])))
    answers = np.asarray(model.predict_on_batch(pages))
    legible = np.asarray(is_legible(model, pages))
    return [
        replace(
            row,
            score=float(score),
            legible=int(can),
            **dict(zip(LABELS, map(float, answer), strict=True)),
        )
        for (row, _), score, answer, can in zip(waiting, scores, answers, legible, strict=True)
    ]


def sample(pages: list[Page], n: int, seed: int) -> list[Page]:
    """`n` of the pages, each label as often as in all of them, at least twice."""
    rng = np.random.default_rng([seed, 11])
    found = []
    for label in LABELS:
        own = [page for page in pages if page.label == label]
        wanted = min(max(round(n * len(own) / len(pages)), 2), len(own))
        found += [own[place] for place in sorted(rng.permutation(len(own))[:wanted])]
    return found


def plain(pages: list[Page]) -> Pictures:
    """Each page as it is."""
    for page in pages:
        yield _plain(page), read_file(page.path)


def _plain(page: Page) -> Row:
    infarction = int(page.label in LABELS[1:3])
    return Row(page.page_id, page.group, page.label, infarction, "none", 0)


def photographed(pages: list[Page], whole: dict[str, Path], severities, seed: int) -> Pictures:
    """Each page plain, and under each effect at each of `severities` above 0.

    `whole` has the files of pages that are there with banner and margins; those are shown so.
    """
    for page in pages:
        image, row = read_file(whole.get(page.path.stem, page.path)), _plain(page)
        yield row, image
        for place, effect in enumerate(ALL_EFFECTS):
            for severity in severities:
                if 0 < severity <= WORST:
                    rng = np.random.default_rng([seed, 12, int(page.page_id, 16), place, severity])
                    changed, _ = distort(image, effect, severity, rng)
                    yield replace(row, condition=effect, severity=severity), changed


def printed(n: int) -> Pictures:
    """`n` simulated signals of each class, each with margins round the paper, as a printout with
    header and footer on the grid, that photographed, and in other layouts, as printed and
    photographed."""
    looks = (
        ("margins", None, 0, LAYOUTS[0]),
        ("letters on the grid", PRINTOUT, 0, LAYOUTS[0]),
        ("letters on the grid, photographed", PRINTOUT, PRINTED_SEVERITY, LAYOUTS[0]),
        *((f"layout {form.name}", None, 0, form.name) for form in FORMS),
        *(
            (f"layout {form.name}, photographed", None, PRINTED_SEVERITY, form.name)
            for form in FORMS
        ),
    )
    for condition, style, severity, layout in looks:
        for number in range(n * len(LABELS)):
            label = LABELS[number % len(LABELS)]
            name, seed = str(number), PRINTED_SEED + number
            row = Row(name, name, label, int(label in LABELS[1:3]), condition, severity)
            page = draw(seed, label, layout, severity, whole=True, style=style)
            yield row, page.image


def gated(data: Path, n: int | None, seed: int, advance: Callable = lambda: None) -> list[Row]:
    """What the gate alone says of `n` (or all) real pages, whole ones and grid crops, in random
    order: as they are ("plain"), and under one to three effects at most at severity 1, 2 or 3
    ("weathered")."""
    files = [path for kind in ("whole", "grid") for path in sorted((data / kind).glob("*/*"))]
    rows = []
    for number in np.random.default_rng(seed).permutation(len(files))[:n]:
        path, rng = files[number], np.random.default_rng([seed, int(number)])
        image, severity = read_file(path), int(rng.integers(1, 4))
        both = (image, weathered(image, severity, rng))
        prepared = np.stack([prepare_page(each, GATE_SIZE).own for each in both])
        scores = np.asarray(page_score(prepared))
        row = Row(path.stem, path.stem, path.parent.name, 0, "plain", 0, float(scores[0]))
        other = replace(row, condition="weathered", severity=severity, score=float(scores[1]))
        rows += [row, other]
        advance()
    return rows
