"""One's own studies, and nobody else's: whose study it is decides whether it exists."""

from uuid import UUID

from flask import abort, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp.extensions import db
from webapp.models import ANSWERED, Study


def owned(study_id: UUID) -> Study:
    """The study if it belongs to the person who asks; 404 for all others alike."""
    found = db.session.scalar(
        select(Study).where(Study.id == study_id, Study.user_id == current_user.id)
    )
    return found or abort(404)


def is_done(study: Study) -> bool:
    """Whether no job will change the study any more."""
    return study.due is None


def status_of(study: Study) -> dict:
    """How far a study is, for the scripts of the pages."""
    stage = "explained" if study.explained else study.status
    return {
        "id": str(study.id),
        "url": url_for("studies.study", study_id=study.id),
        "status_url": url_for("studies.status", study_id=study.id),
        "thumbnail": url_for("studies.thumbnail", study_id=study.id),
        "stage": stage,
        "done": is_done(study),
        "away": study.status != ANSWERED and bool(study.error_code) and not is_done(study),
        "label": study.label if study.decision != "refuse" else None,
        "confidence": study.confidence,
        "decision": study.decision,
        "error": study.error_message,
    }
