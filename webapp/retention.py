"""Deletes what is older than ECG_TF_RETENTION_DAYS."""

import time
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select

from webapp import audit, clock
from webapp.auth import sessions
from webapp.extensions import db
from webapp.models import Invitation, Study
from webapp.studies.storage import delete_files, folder, stored_keys

A_DAY = 24 * 3600  # seconds; an upload that is under way has a folder before it has a row


def delete_expired() -> int:
    """Deletes old studies with their files, files without a study, dead sessions and old
    invitations; returns how many studies."""
    oldest = clock.now() - timedelta(days=current_app.config["RETENTION_DAYS"])
    expired = db.session.execute(
        select(Study.id, Study.user_id, Study.storage_key).where(Study.created < oldest)
    ).all()
    for study_id, user_id, _ in expired:
        audit.record("study.expire", user_id, study_id)
        db.session.execute(delete(Study).where(Study.id == study_id))
        db.session.commit()
    sessions.forget_stale()
    db.session.execute(delete(Invitation).where(Invitation.expires < clock.now()))
    db.session.commit()
    delete_files(row.storage_key for row in expired)
    delete_files(_without_study())
    return len(expired)


def _without_study() -> list[str]:
    """Storage keys of folders that have stood for a day and belong to no study."""
    known = set(db.session.scalars(select(Study.storage_key)))
    yesterday = time.time() - A_DAY
    lost = []
    for key in set(stored_keys()) - known:
        try:
            if folder(key).stat().st_mtime < yesterday:
                lost.append(key)
        except FileNotFoundError:
            continue
    return lost
