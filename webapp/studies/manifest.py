"""What people said about answers, as a folder that `ecg_tf.data` reads as it reads any data."""

import csv
import hashlib
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp import audit
from webapp.extensions import db
from webapp.models import Feedback, Study
from webapp.studies import storage
from webapp.studies.intake import PAGE

TABLE = "manifest.csv"
DIGITS = 24  # of the SHA-256, as a file's name
COLUMNS = (
    "file",
    "label",
    "model_label",
    "agrees",
    "confidence",
    "decision",
    "model",
    "version",
    "said",
    "upload_sha256",
    "study",
    "comment",
)


@click.command("export-feedback")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def export_feedback(folder: Path) -> None:
    """Writes every page with an opinion to FOLDER/<label>/, and manifest.csv for review."""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty; name a new folder.")
    written, lost = export(folder)
    click.echo(f"{written} pages written to {folder}, with {TABLE}.")
    if lost:
        click.echo(f"{lost} pages were deleted meanwhile.", err=True)


def export(folder: Path) -> tuple[int, int]:
    """(pages written, pages whose files are gone). The tree is `<label>/<hash>.png or .jpg`, by
    the label that the person chose; nobody's name is in it, but comments are as they were typed.
    """
    rows, lost = [], 0
    for study, said in _said():
        try:
            data = (storage.folder(study.storage_key) / PAGE).read_bytes()
        except FileNotFoundError:
            lost += 1
            continue
        rows.append(_row(study, said, _write(folder, said.label, data)))
        audit.record("study.export", None, study.id)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    db.session.commit()
    return len(rows), lost


def _said() -> list[tuple[Study, Feedback]]:
    query = select(Study, Feedback).join(Feedback, Feedback.study_id == Study.id)
    return [(study, said) for study, said in db.session.execute(query.order_by(Feedback.created))]


def _write(folder: Path, label: str, data: bytes) -> str:
    """Writes a page once, whatever the number of people who uploaded it; returns its path."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpg"
    file = f"{label}/{hashlib.sha256(data).hexdigest()[:DIGITS]}.{kind}"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return file


def _row(study: Study, said: Feedback, file: str) -> dict:
    return {
        "file": file,
        "label": said.label,
        "model_label": study.label,
        "agrees": "yes" if said.agrees else "no",
        "confidence": round(study.confidence, 6),
        "decision": study.decision,
        "model": study.model,
        "version": study.model_version,
        "said": said.created.isoformat(timespec="seconds"),
        "upload_sha256": study.sha256,
        "study": study.id,
        "comment": _harmless(said.comment),
    }


def _harmless(text: str) -> str:
    """A comment that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
