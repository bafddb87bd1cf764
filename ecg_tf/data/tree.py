"""Walking a folder tree of pages: which label and which side of a split each file stands for."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecg_tf.labels import LABELS, label_of_folder

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_SPLIT = re.compile(rf"(?:ecg)?({'|'.join(SPLITS)})(?:set|data|images)?")


@dataclass(frozen=True)
class Problem:
    """A file or folder that did not become a page. `code` is one of `unknown_folder`,
    `label_conflict`, `patient_conflict`, `link_loop`, or a PageError code."""

    path: Path
    code: str
    message: str


def split_of_folder(name: str) -> str | None:
    """`train`, `validation` or `test` for a folder name such as "Test set", else None."""
    found = _SPLIT.fullmatch(re.sub(r"[^a-z]", "", name.lower()))
    return SPLITS[found[1]] if found else None


def scan(root: str | Path, problems: list[Problem]) -> Iterator[tuple[Path, str, str | None]]:
    """Each file below `root` whose folders name a label: (path, label, split or None), in order.

    The label is that of the deepest folder that names one, so a split may stand above or below
    it. Folders that name none but hold pictures are added to `problems`, with their number of
    pictures; other files there (tables, texts) are passed over.
    """
    root = Path(root)
    strays: Counter[Path] = Counter()
    for path in _files(root, (), problems):
        folders = path.relative_to(root).parts[:-1]
        label = next(filter(None, map(label_of_folder, reversed(folders))), None)
        if label:
            yield path, label, next(filter(None, map(split_of_folder, folders)), None)
        elif path.suffix.lower() in PICTURES:
            strays[path.parent] += 1
    problems += [_unknown(folder, count) for folder, count in strays.items()]


def _files(folder: Path, above: tuple, problems: list[Problem]) -> Iterator[Path]:
    """All files below `folder`, sorted; links to folders are followed, but not in circles."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError:
        problems.append(
            Problem(folder, "no_permission", "The folder may not be read; change its permissions.")
        )
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        problems.append(
            Problem(folder, "link_loop", "The link leads to a folder above it; remove the link.")
        )
        return
    for entry in entries:
        path = folder / entry.name
        if os.path.isdir(path):  # false where a link leads nowhere or in a circle
            yield from _files(path, (*above, here), problems)
        else:
            yield path


def _unknown(folder: Path, count: int) -> Problem:
    return Problem(
        folder,
        "unknown_folder",
        f"The folder '{folder.name}' names none of the labels ({', '.join(LABELS)}); "
        f"{count} picture{'s' if count > 1 else ''} in it left out.",
    )
