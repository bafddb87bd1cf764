"""Fits `ecg_tf.models.familiar`: real pages of the known printer against drawn ones."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from ecg_tf.data.catalogue import catalogue
from ecg_tf.models.gate import GRID, shrink
from ecg_tf.pages.effects import weathered
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.read import read_file
from ecg_tf.training.drawn_set import SIZE

STRENGTH = 0.02  # scikit-learn's C
STEEP = 3.0  # times as steep as fitted, so that few pages are of both
SEVERITIES = {"grid": (0, 2, 3), "whole": (0, 1, 2, 3)}  # of effects; 0 is the page as it is


class Home(NamedTuple):
    """Real pages, plain and under effects: `ink` float16 (n, *GRID), `name` str (n,), the file's,
    and `severity` int (n,)."""

    ink: np.ndarray
    name: np.ndarray
    severity: np.ndarray


def home_set(data: Path, file: Path, advance: Callable = lambda: None) -> Home:
    """The set from `file`, or read from the real pages of `data` and written there."""
    if not file.exists():
        rows = []
        for number, (kind, path) in enumerate(_files(data)):
            image = read_file(path)
            for severity in SEVERITIES[kind]:
                rng = np.random.default_rng([number, severity])
                changed = weathered(image, severity, rng) if severity else image
                page = prepare(changed.astype(np.float32), *SIZE)
                ink = np.asarray(shrink(page[None]))[0].astype(np.float16)
                rows.append((ink, path.stem, severity))
            advance()
        file.parent.mkdir(parents=True, exist_ok=True)
        found = Home(*(np.array(each) for each in zip(*rows, strict=True)))
        np.savez_compressed(file, **found._asdict())
    with np.load(file) as stored:
        return Home(**{name: stored[name] for name in Home._fields})


def _files(data: Path) -> list[tuple[str, Path]]:
    whole = sorted((Path(data) / "whole").glob("*/*"))
    grid = [("grid", page.path) for page in catalogue(data).clean]
    return grid + [("whole", path) for path in whole]


def fit_familiar(home: np.ndarray, drawn: np.ndarray) -> list[np.ndarray]:
    """The weights of `Familiar`, of the ink (n, *GRID) of known and of other pages."""
    ink = np.concatenate([home, drawn]).astype(np.float32).reshape(-1, GRID[0] * GRID[1])
    known = np.arange(len(ink)) < len(home)
    middle = ink.mean(axis=0)
    # Balanced: there are many more drawn pages, but a real one is no rarer where it is asked about.
    regression = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced")
    regression.fit(ink - middle, known)
    kernel = STEEP * regression.coef_.T
    bias = STEEP * regression.intercept_ - middle @ kernel
    return [kernel.astype(np.float32), bias.astype(np.float32)]


def familiar(ink: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """What `Familiar` says of ink (n, *GRID): (n,) in 0..1."""
    kernel, bias = weights
    logits = ink.astype(np.float32).reshape(len(ink), -1) @ kernel + bias
    return 1.0 / (1.0 + np.exp(-logits[:, 0]))
