"""The rows of an audit of explanations, in a CSV file that grows page by page."""

import csv
from collections.abc import Iterable
from pathlib import Path

from ecg_tf.explain.faithfulness import COLUMNS, KEY

DIGITS = 6  # significant


def read_rows(path: Path) -> list[dict]:
    """The rows of a file, numbers as floats, what is empty left out; none if there is no file.

    Raises ValueError for a file with other columns.
    """
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path} has not the columns of this version; name another folder.")
        return [_typed(row) for row in reader]


def add_rows(path: Path, rows: Iterable[dict]) -> None:
    """Appends rows, with the head where the file is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows({key: _plain(value) for key, value in row.items()} for row in rows)


def write_rows(path: Path, rows: Iterable[dict]) -> None:
    """A file of these rows alone."""
    path.unlink(missing_ok=True)
    add_rows(path, rows)


def key_of(row: dict) -> tuple[str, ...]:
    """What tells a row from all others."""
    return tuple(row[name] for name in KEY)


def _typed(row: dict) -> dict:
    return {
        key: value if key in KEY else float(value)
        for key, value in row.items()
        if value not in ("", None)
    }


def _plain(value):
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else value
