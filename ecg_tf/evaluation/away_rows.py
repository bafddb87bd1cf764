"""Answers away from home, one a row, as they are stored."""

import csv
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One answer. `group` is drawn as one in the bootstrap: a page, or a patient."""

    name: str
    group: str
    label: str  # "" where only `infarction` is known
    infarction: int  # 1: some infarction, of whatever age
    condition: str  # an effect, "none", or what a recording was drawn on
    severity: int
    score: float = 0.0  # of the gate
    normal: float = 0.0
    myocardial_infarction: float = 0.0
    history_of_mi: float = 0.0
    abnormal_heartbeat: float = 0.0
    legible: int = 1  # 0: the layout was not found, so the page is referred


def write_rows(path: Path, rows: list[Row], facts: dict) -> None:
    """`path` as CSV, numbers to six digits, and the facts as JSON beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            values = asdict(row).items()
            writer.writerow({k: round(v, 6) if isinstance(v, float) else v for k, v in values})
    path.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_rows(path: Path) -> tuple[list[Row], dict]:
    """(rows, facts) as `write_rows` wrote them."""
    kinds = {field.name: field.type for field in fields(Row)}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [Row(**{k: kinds[k](v) for k, v in row.items()}) for row in csv.DictReader(file)]
    return rows, json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
