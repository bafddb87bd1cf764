"""The two jobs of a study: ask for the answer, then for the explanation.

No transaction is open while the model server works, so a study may be deleted meanwhile: what is
written then meets no row.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError

from serving.client import REFUSED, Result, ServingFailed
from webapp import clock, logs
from webapp.extensions import db
from webapp.model_server import client
from webapp.models import ANSWERED, FAILED, WAITING, Study
from webapp.studies import jobs, storage
from webapp.studies.explaining import explain as measured
from webapp.studies.intake import PAGE
from webapp.studies.wording import reason

LONGEST_PAUSE = 20.0  # seconds between two attempts at a model server that is away
UNREADABLE = "refused", "The model could not read this page. Save it anew as PNG and upload it."
BROKEN = "internal_error", "Something went wrong on our side. You can ask for it again."


def answer(study_id: UUID) -> None:
    """Asks the model server and stores the answer; the explanation is queued then."""
    study = _begun(study_id, WAITING)
    if study is None:
        return
    try:
        found = client().predict([storage.folder(study.storage_key) / PAGE])[0]
        explained = found.decision != "refuse"  # nothing to point at on what is no ECG page
        values = {
            **_answer(found),
            "status": ANSWERED,
            "due": clock.now() + jobs.LEASE if explained else None,
        }
        written = _write(study_id, WAITING, values)
    except Exception as error:
        _failed(study, WAITING, error)
        return
    if written and explained:
        jobs.put(study_id, ANSWERED)


def explain(study_id: UUID) -> None:
    """Asks for the maps, measures them and stores what the study page shows."""
    study = _begun(study_id, ANSWERED)
    if study is None or study.explained or study.decision == "refuse":
        return
    folder = storage.folder(study.storage_key)
    try:
        found = client().explain(folder / PAGE)
        values = {"explained": clock.now(), "due": None}
        probabilities = study.probabilities
        if (found.version, found.label) != (study.model_version, study.label):
            # Another version was rolled out since: one answer and its reasons, not two.
            values |= _answer(found)
            probabilities = found.probabilities
        _write(study_id, ANSWERED, values | {"explanation": measured(found, probabilities, folder)})
    except Exception as error:
        _failed(study, ANSWERED, error)


def again(study: Study) -> None:
    """Asks once more for what has failed; the caller commits and queues."""
    study.status = ANSWERED if study.answered else WAITING
    study.error_code = study.error_message = None
    study.attempts, study.due = 0, clock.now() + jobs.LEASE


def _begun(study_id: UUID, status: str) -> Study | None:
    """The study, detached, with this attempt counted; None if it is gone or further on."""
    study = db.session.get(Study, study_id)
    if study is None or study.status != status or study.due is None:
        return None
    study.attempts += 1
    study.due = clock.now() + jobs.LEASE
    db.session.commit()
    db.session.refresh(study)
    db.session.expunge(study)
    db.session.rollback()
    return study


def _answer(found: Result) -> dict:
    """The columns of an answer."""
    return {
        "answered": clock.now(),
        "attempts": 0,
        "error_code": None,
        "error_message": None,
        "label": found.label,
        "confidence": found.confidence,
        "probabilities": found.probabilities,
        "decision": found.decision,
        "reason": reason(found),
        "page_score": found.page_score,
        "model": found.model.removesuffix("_explain"),
        "model_version": found.version,
    }


def _failed(study: Study, status: str, error: Exception) -> None:
    """Tries later where that can help; else the study says what happened."""
    db.session.rollback()
    if isinstance(error, FileNotFoundError) and db.session.get(Study, study.id) is None:
        return  # deleted meanwhile
    logs.event("job.failed", study=str(study.id), stage=status, kind=_kind(error))
    if isinstance(error, (OperationalError, InterfaceError)):
        raise error  # the database is away: the lease runs out and the sweep comes back
    refused = isinstance(error, ServingFailed) and error.cause == REFUSED
    passing = isinstance(error, (ServingFailed, OSError)) and not isinstance(
        error, FileNotFoundError
    )
    if passing and not refused:
        _write(study.id, status, {"due": _next(study.attempts), "error_code": _kind(error)})
        return
    code, message = UNREADABLE if refused else BROKEN
    values = {"due": None, "error_code": code, "error_message": message}
    # A study that has its answer keeps it; only the explanation is missing.
    _write(study.id, status, values | ({"status": FAILED} if status == WAITING else {}))
    if not refused:
        raise error  # the queue logs where it happened


def _kind(error: Exception) -> str:
    return error.cause if isinstance(error, ServingFailed) else type(error).__name__


def _next(attempts: int) -> datetime:
    return clock.now() + timedelta(seconds=min(2.0 ** min(attempts, 10), LONGEST_PAUSE))


def _write(study_id: UUID, status: str, values: dict) -> bool:
    """Sets columns if the study is still there and in that state."""
    query = update(Study).where(Study.id == study_id, Study.status == status).values(**values)
    written = db.session.execute(query).rowcount == 1
    db.session.commit()
    return written
