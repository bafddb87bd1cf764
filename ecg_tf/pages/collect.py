"""The files that paths stand for: files as they are, folders with everything in them."""

import os
from collections.abc import Iterator
from pathlib import Path

from ecg_tf.pages.read import PageError


def collect(paths: list[Path]) -> Iterator[tuple[Path, PageError | None]]:
    """Each file to read, in order; a folder that holds none comes with an error.

    Hidden files and folders are left out; everything else in a folder is given, pictures or not,
    so that nothing is passed over in silence.
    """
    for path in paths:
        if not path.is_dir():
            yield path, None
            continue
        found = list(_walk(path))
        if not found:
            yield path, PageError("no_pages", "The folder holds no file; name one that does.")
        for file in found:
            yield file, None


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(where) / name


def printable(path: Path) -> str:
    """The path as valid UTF-8, bytes that are none written as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
