"""What the gate learns from and is measured on: prepared pages and strangers, kept on disk.

Every set is uint8 (n, 224, 224), pages in their own layout, with one word a picture that says
what it is. Drawing takes minutes, so each set is written once and read afterwards.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg_tf.data.catalogue import Page, catalogue
from ecg_tf.data.folds import folds
from ecg_tf.pages.effects import weathered
from ecg_tf.pages.ink import lay_out
from ecg_tf.pages.layout import Box
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.near_misses import overlap
from ecg_tf.pages.read import read_file
from ecg_tf.pages.strangers import FROM_PAGE, KINDS, stranger
from ecg_tf.pages.styles import ASKED_FOR, LAYOUTS, PRINTOUT
from ecg_tf.pages.synthetic import CROP, PAGE, draw
from ecg_tf.training.gate_foreign import foreign

SIZE = (224, 224)
PRINTOUTS = 0.5  # of the drawn whole pages, how many have header and footer on the grid
MOST = 0.7  # part of a box that must lie on the paper found
Pictures = Iterator[tuple[str, np.ndarray]]  # names and uint8 (h, w, 3)


class Seen(NamedTuple):
    """A real page as near misses are made from it."""

    image: np.ndarray
    paper: Box
    lead_boxes: dict[str, Box]


class Set(NamedTuple):
    """Prepared pictures uint8 (n, 224, 224) and a name for each: kind, layout or page."""

    pages: np.ndarray
    names: np.ndarray


def material(data: Path, folder: Path, advance: Callable = lambda: None) -> dict[str, Set]:
    """All sets by name, with the real pages of `data`; `advance` is called per picture drawn.

    Raises ValueError and FileNotFoundError as `catalogue` does.
    """
    grid, whole = _real_pages(data)
    digest = catalogue(data).sha256[:8]  # sets of other real pages have other files
    sources = {
        "real": real(grid + whole, 0, 2),
        "real_near": real_near_misses(grid, 0),
        "drawn": drawn(100, 0, (0, 1, 2, 3, 4)),
        "strangers": strangers(100, 0, 4),
        "drawn_test": drawn(30, 1, (0, 1, 2, 3)),
        "strangers_test": strangers(25, 1, 3),
        "foreign": foreign(100, 1),
    }
    return {
        name: kept(folder, f"{name}-{digest}" if "real" in name else name, pairs, advance)
        for name, pairs in sources.items()
    }


def real_folds(data: Path) -> dict[str, int]:
    """In which of the five folds each real page is, by its file's name; a whole page stands in
    the fold of its grid crop."""
    grid, whole = _real_pages(data)
    found = {page.path.stem: int(page.sha256, 16) % 5 for page in whole}
    return found | {grid[row].path.stem: each.fold for each in folds(grid) for row in each.test}


def _real_pages(data: Path) -> tuple[list[Page], list[Page]]:
    """(grid crops or whatever the folder holds, whole pages if there are any)."""
    whole = Path(data) / "whole"
    return catalogue(data).clean, catalogue(whole).clean if whole.is_dir() else []


def kept(folder: Path, name: str, pairs: Pictures, advance: Callable = lambda: None) -> Set:
    """The set from `folder`/`name`.npz, or drawn from `pairs` and written there."""
    path = Path(folder) / f"{name}.npz"
    if not path.exists():
        names, pages = [], []
        for word, picture in pairs:
            names.append(word)
            pages.append(_prepared(picture))
            advance()
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, pages=np.stack(pages), names=np.array(names))
    with np.load(path) as file:
        return Set(file["pages"], file["names"])


def drawn(n: int, seed: int, severities: tuple[int, ...]) -> Pictures:
    """`n` drawn pages of every layout and severity, named "3x4+1 2 seen": layout, severity, and
    whether the paper found on the page holds all of its leads ("seen") or not ("cut")."""
    rng = np.random.default_rng([seed, 5])
    for layout, severity, _ in product(LAYOUTS + ASKED_FOR, severities, range(n)):
        whole = bool(rng.random() < 0.5)
        size = np.array(PAGE if whole else CROP) * rng.uniform(0.45, 1.0)
        size[0] *= rng.uniform(0.85, 1.2)
        size = (int(size[0]), int(size[1]))
        style = PRINTOUT if whole and rng.random() < PRINTOUTS else None
        page = draw(int(rng.integers(2**31)), None, layout, severity, size, whole, style=style)
        seen = _shows(page.image, page.lead_boxes.values())
        yield f"{layout} {severity} {'seen' if seen else 'cut'}", page.image


def _shows(image: np.ndarray, boxes: Iterable[Box]) -> bool:
    """Whether the boxes lie, but for their rims, on the paper that `find_paper` finds."""
    paper = Box(*(float(side) for side in find_paper(image.astype(np.float32))))
    return all(overlap(box, paper) > MOST for box in boxes)


def strangers(n: int, seed: int, worst: int) -> Pictures:
    """`n` strangers of every kind, every other one photographed or scanned at 1..`worst`."""
    for kind in KINDS:
        for place in range(n):
            rng = np.random.default_rng([seed, 6, place, KINDS.index(kind)])
            picture = stranger(kind, int(rng.integers(2**31)))
            yield (
                kind,
                weathered(picture, int(rng.integers(1, worst + 1)), rng) if place % 2 else picture,
            )


def real(pages: list[Page], seed: int, copies: int) -> Pictures:
    """Each real page as it is, and `copies` times photographed or scanned.

    Named "plain 0123456789ab seen" or "weathered 0123456789ab cut", after the page's file and as
    in `drawn`.
    """
    for number, page in enumerate(pages):
        image, rng = read_file(page.path), np.random.default_rng([seed, 7, number])
        paper = Box(*(float(side) for side in find_paper(image.astype(np.float32))))
        yield f"plain {page.path.stem} seen", image
        for _ in range(copies):
            changed = weathered(image, int(rng.integers(1, 4)), rng)
            # The effects move the paper by less than the part that may be missing.
            seen = _shows(changed, [paper])
            yield f"weathered {page.path.stem} {'seen' if seen else 'cut'}", changed


def real_near_misses(pages: list[Page], seed: int) -> Pictures:
    """Two near misses of each real page whose leads are found: ("upside_down page", picture)."""
    for number, page in enumerate(pages):
        image, rng = read_file(page.path), np.random.default_rng([seed, 8, number])
        layout = find_layout(image)
        for kind in rng.choice(list(FROM_PAGE), 2, replace=False) if layout.leads else ():
            seen = Seen(image, layout.paper, layout.leads)
            yield f"{kind} {page.path.stem}", FROM_PAGE[str(kind)](rng, seen)


def _prepared(picture: np.ndarray) -> np.ndarray:
    page = lay_out(picture.astype(np.float32), *SIZE).own[..., 0]
    return np.round(page).astype(np.uint8)
