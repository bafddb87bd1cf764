"""A folder tree of pages as a table of *different* pages, by content hash, with all aliases."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ecg_tf.data.patients import read_patients
from ecg_tf.data.tree import SPLITS, Problem, scan
from ecg_tf.labels import LABELS
from ecg_tf.pages.read import PageError, read_bytes, read_page

__all__ = ["SPLITS", "Alias", "Catalogue", "Page", "Problem", "catalogue", "labels_of", "scan"]

DIGITS = 12  # of the SHA-256, as a page's short name
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


@dataclass(frozen=True)
class Alias:
    """One file of the tree."""

    path: Path
    label: str
    split: str | None


@dataclass
class Page:
    """One different page: the files that hold exactly these bytes."""

    sha256: str
    aliases: list[Alias] = field(default_factory=list)
    patient: str | None = None

    @property
    def page_id(self) -> str:
        return self.sha256[:DIGITS]

    @property
    def path(self) -> Path:
        return self.aliases[0].path

    @property
    def label(self) -> str:
        """The first file's label; `labels` tells whether others disagree."""
        return self.aliases[0].label

    @property
    def labels(self) -> set[str]:
        return {alias.label for alias in self.aliases}

    @property
    def splits(self) -> set[str]:
        return {alias.split for alias in self.aliases if alias.split}

    @property
    def group(self) -> str:
        """What must stay on one side of a split: the patient where one is known, else the page."""
        return self.patient or self.sha256


@dataclass
class Catalogue:
    """The different pages of a folder tree and everything that could not be taken."""

    root: Path
    pages: list[Page]
    problems: list[Problem]

    @property
    def clean(self) -> list[Page]:
        """The pages with exactly one label: those that can be learned from."""
        return [page for page in self.pages if len(page.labels) == 1]

    @property
    def sha256(self) -> str:
        """One hash over all pages and labels: names the data in a card or a run folder."""
        lines = sorted(f"{page.sha256} {page.label}" for page in self.clean)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def counts(self) -> dict[str, int]:
        """How many different pages each label has."""
        labels = [page.label for page in self.clean]
        return {label: labels.count(label) for label in LABELS}


def catalogue(
    root: str | Path, decode: bool = False, track: Callable[[list], Iterable] = iter
) -> Catalogue:
    """The catalogue of a folder tree: `<label>/`, the published folder names, train/test above.

    If `root` holds `grid/` (our own data folder), that is read. A table `patients.csv` in `root`
    (columns file, patient) says which pages belong to one patient. With `decode`, each different
    page is decoded too, so that damaged pictures are found now and not during training. `track`
    may show a progress bar over the files. One file at a time is in memory.

    Raises FileNotFoundError if `root` is no folder and ValueError if it holds no page.
    """
    given = Path(root)
    if not given.is_dir():
        raise FileNotFoundError(
            f"There is no folder {given}; name the folder that holds the pages."
        )
    root = given / "grid" if (given / "grid").is_dir() else given
    problems: list[Problem] = []
    patients = read_patients(given)
    pages: dict[str, Page] = {}
    damaged: dict[str, PageError] = {}
    for path, label, split in track(list(scan(root, problems))):
        try:
            digest = _digest(path, decode, pages, damaged)
        except PageError as error:
            problems.append(Problem(path, error.code, error.message))
            continue
        page = pages.setdefault(digest, Page(digest))
        page.aliases.append(Alias(path, label, split))
        _set_patient(page, patients.get(path.relative_to(root).as_posix()), path, problems)
    if not pages:
        raise ValueError(_nothing(root, problems))
    found = sorted(pages.values(), key=lambda page: page.sha256)
    problems += [_conflict(root, page) for page in found if len(page.labels) > 1]
    return Catalogue(root, found, problems)


def labels_of(pages: list[Page]) -> np.ndarray:
    """The pages' labels as int (n,), in the order of LABELS."""
    return np.array([LABELS.index(page.label) for page in pages], dtype=np.int32)


def _digest(path: Path, decode: bool, pages: dict, damaged: dict) -> str:
    """The SHA-256 of a file that is a picture. Bytes seen before are not decoded again."""
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    if digest in damaged:
        raise damaged[digest]
    if digest not in pages and (decode or not data.startswith(MAGIC)):
        try:
            read_page(data)
        except PageError as error:
            damaged[digest] = error
            raise
    return digest


def _set_patient(page: Page, patient: str | None, path: Path, problems: list[Problem]) -> None:
    """Notes whose page it is; one page under two patients is reported, the first one stays."""
    if patient and page.patient and patient != page.patient:
        message = f"One page stands under the patients {page.patient} and {patient}."
        problems.append(Problem(path, "patient_conflict", message))
    page.patient = page.patient or patient


def _conflict(root: Path, page: Page) -> Problem:
    """The problem of one page under several labels, with a file for each."""
    files = {alias.label: alias.path.relative_to(root) for alias in reversed(page.aliases)}
    where = " and ".join(f"{label} ({files[label]})" for label in sorted(files))
    return Problem(page.path, "label_conflict", f"One page stands under {where}.")


def _nothing(root: Path, problems: list[Problem]) -> str:
    message = (
        f"{root} holds no page: folders named after the labels ({', '.join(LABELS)}) "
        "with PNG or JPEG files in them are expected."
    )
    if problems:
        message += f" {len(problems)} problems, the first: {problems[0].message}"
    return message
