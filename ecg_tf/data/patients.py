"""Which pages belong to one patient, where a table says so."""

import csv
from pathlib import Path

TABLE = "patients.csv"
COLUMNS = ("file", "patient")


def read_patients(folder: Path) -> dict[str, str]:
    """Patient by file, from `folder`/patients.csv; empty where there is no such table.

    Its column `file` holds paths below the folder of the labels, as in `normal/0001.jpg`. Raises
    ValueError for a table without the columns file and patient.
    """
    path = folder / TABLE
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as table:
        reader = csv.DictReader(table)
        missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
        if missing:
            raise ValueError(f"{path} lacks the columns {missing}; it needs {list(COLUMNS)}.")
        return {row["file"]: row["patient"] for row in reader if row["patient"]}
