"""The network for pages of any printer, made and measured: what it says of recordings that it
never saw, and of real pages out of fold.

Which part answers is told by `familiar`, f in 0..1: the scores of the classes are f times those of
the network for the known printer and 1 - f times those of the part for others.
"""

from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np

from ecg_tf.data.catalogue import Page
from ecg_tf.data.folds import folds
from ecg_tf.evaluation.away_rows import Row
from ecg_tf.evaluation.calibration import fit_temperature
from ecg_tf.evaluation.predictions import Predictions
from ecg_tf.labels import LABELS
from ecg_tf.models.familiar import FAMILIAR
from ecg_tf.models.head import CLASSES, HEAD
from ecg_tf.models.joined import POOL
from ecg_tf.models.traces import READER
from ecg_tf.training.drawn_set import HOME, OTHER, PHOTOGRAPHED, REARRANGED, DrawnSet
from ecg_tf.training.familiar import Home, familiar, fit_familiar

NAME = "anywhere"
RECIPE = "widened"
HELD_OUT = "ptbxl"  # how the sources are called whose recordings are asked
FOLDS = 5
CONDITIONS = {
    HOME: "home",
    OTHER: "other paper",
    PHOTOGRAPHED: "other paper, photographed",
    REARRANGED: "letters on the grid or another layout",
}
BATCH = 128


def protocols(drawn: DrawnSet, seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, rows to train on, rows to ask) of each training that leaves recordings out: "without"
    any of the source that is asked, and "with" those of its other patients, fold by fold. Pages
    whose leads were not found are asked, but nothing learns from them."""
    source = np.char.startswith(drawn.source, HELD_OUT)
    unsure = ~drawn.sure & (drawn.target.max(axis=1) == 1.0)  # labelled by loose rules alone
    asked = source & ~unsure
    yield "without", np.flatnonzero(drawn.legible & ~source), np.flatnonzero(asked)
    patients, at = np.unique(drawn.patient, return_inverse=True)
    fold = np.random.default_rng([seed, 14]).integers(0, FOLDS, len(patients))[at]
    for number in range(FOLDS):
        test = np.flatnonzero(asked & (fold == number))
        yield f"with-{number}", np.flatnonzero(drawn.legible & (fold != number)), test


def halves(wide: keras.Model, signals: np.ndarray, pooled: np.ndarray) -> np.ndarray:
    """What the network says if the printer is not known and if it is, float32 (2, n, 4)."""
    behind = [wide.get_layer(name).output for name in (READER, POOL, FAMILIAR)]
    rest = keras.Model(behind, wide.get_layer(HEAD).output)
    found = np.empty((2, len(signals), CLASSES), np.float32)
    for known in (0, 1):
        for start in range(0, len(signals), BATCH):
            part = slice(start, start + BATCH)
            given = signals[part].astype(np.float32), pooled[part]
            turn = np.full((len(given[0]), 1), known, np.float32)
            found[known, part] = rest.predict_on_batch([*given, turn])
    return found


def mixed(halves: np.ndarray, f: np.ndarray, sharpness=1.0) -> np.ndarray:
    """The answers (n, 4) of `halves` (2, n, 4) for pages that are familiar by `f` (n,), the scores
    of the part for other printers times `sharpness`."""
    other, home = np.log(np.maximum(halves, 1e-7))
    scores = f[:, None] * home + (1.0 - f[:, None]) * sharpness * other
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def temperature_of(drawn: DrawnSet, rows: np.ndarray, halves: np.ndarray) -> float:
    """The temperature of the part for other printers, on `rows` that it never saw."""
    known = (drawn.sure & drawn.legible)[rows]
    return fit_temperature(drawn.target[rows][known].argmax(axis=1), halves[0][known])


def as_rows(drawn: DrawnSet, rows: np.ndarray, p: np.ndarray) -> list[Row]:
    """The answers `p` (n, 4) for `rows` of the set, as they are stored."""
    found = []
    for row, answer in zip(rows, p, strict=True):
        target = drawn.target[row]
        found.append(
            Row(
                name=str(drawn.name[row]),
                group=str(drawn.patient[row]),
                label=LABELS[target.argmax()] if drawn.sure[row] else "",
                infarction=int(target[1:3].sum() > 0.99),
                condition=CONDITIONS[int(drawn.look[row])],
                severity=0,
                score=float(drawn.score[row]),
                legible=int(drawn.legible[row]),
                **dict(zip(LABELS, map(float, answer), strict=True)),
            )
        )
    return found


def out_of_fold(
    stored: Predictions,
    pages: list[Page],
    home: Home,
    drawn: DrawnSet,
    halves: np.ndarray,
    facts: dict,
) -> Predictions:
    """What the wide network says of real pages out of fold.

    `stored` are the predictions of the network for the known printer. Its share of each page is
    told by a `familiar` that never saw the page; the rest are the answers `halves` (2, pages, 4).
    `facts` are told of the result.
    """
    name_of = {page.page_id: page.path.stem for page in pages}
    number_of = {page.page_id: number for number, page in enumerate(pages)}
    f = np.empty(len(stored))
    for fold in folds(pages, repeats=int(stored.repeat.max()) + 1):
        test = [pages[index].path.stem for index in fold.test]
        weights = fit_familiar(home.ink[~np.isin(home.name, test)], drawn.ink)
        plain = {name: home.ink[home.name == name][:1] for name in test}
        for place in np.flatnonzero((stored.repeat == fold.repeat) & (stored.fold == fold.fold)):
            f[place] = familiar(plain[name_of[stored.page_ids[place]]], weights)[0]
    at = [number_of[page_id] for page_id in stored.page_ids]
    p = mixed(np.stack([halves[0, at], stored.probabilities]), f)
    meta = {
        **stored.meta,
        **facts,
        "model": NAME,
        "recipe": RECIPE,
        "familiar": {"least": round(float(f.min()), 4), "below_half": int((f < 0.5).sum())},
    }
    return replace(stored, probabilities=p, meta=meta)
