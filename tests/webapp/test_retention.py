"""What is too old goes, with its files; what is young stays."""

import os
import time as real
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.webapp.conftest import make_study
from webapp import clock
from webapp.extensions import db
from webapp.models import AuditEvent, Invitation, LoginSession, Study, User
from webapp.retention import delete_expired
from webapp.studies.storage import folder


def keep(key, days_old, user_id) -> None:
    """A study with a file."""
    make_study(user_id, key, created=clock.now() - timedelta(days=days_old))
    folder(key).mkdir(parents=True)
    (folder(key) / "page").write_bytes(b"x")


@pytest.fixture
def user(app):
    with app.app_context():
        user = User(login="ann", name="Ann", password_hash="x")
        db.session.add(user)
        db.session.flush()
        yield user


def test_old_studies_go_and_young_ones_stay(app, user):
    for key, days in (("old", 30.1), ("older", 400), ("young", 29.9)):
        keep(key, days, user.id)
    db.session.commit()
    told = app.test_cli_runner().invoke(args=["portal", "delete-expired"])
    assert told.exit_code == 0
    assert told.output == "2 studies deleted.\n"
    assert db.session.scalars(select(Study.storage_key)).all() == ["young"]
    assert [folder(key).exists() for key in ("old", "older", "young")] == [False, False, True]
    events = db.session.scalars(select(AuditEvent.action)).all()
    assert events == ["study.expire"] * 2


def test_the_setting_counts(make_app):
    app = make_app(RETENTION_DAYS=2)
    with app.app_context():
        user = User(login="ann", name="Ann", password_hash="x")
        db.session.add(user)
        db.session.flush()
        keep("old", 3, user.id)
        keep("young", 1, user.id)
        db.session.commit()
        assert delete_expired() == 1


def test_files_without_a_study_go_after_a_day(app, user):
    keep("known", 1, user.id)
    db.session.commit()
    for key, age in (("lost", 2 * 86400), ("under-way", 60)):
        folder(key).mkdir(parents=True)
        (folder(key) / "page").write_bytes(b"x")
        then = real.time() - age
        os.utime(folder(key), (then, then))
    assert delete_expired() == 0
    assert [folder(key).exists() for key in ("known", "lost", "under-way")] == [True, False, True]


def test_dead_sessions_and_old_invitations_go(app, user):
    long_ago = clock.now() - timedelta(days=9)
    db.session.add(LoginSession(token_hash="a", user_id=user.id, created=long_ago, seen=long_ago))
    db.session.add(LoginSession(token_hash="b", user_id=user.id))
    db.session.add(Invitation(token_hash="c", created=long_ago, expires=long_ago))
    db.session.commit()
    delete_expired()
    assert db.session.scalars(select(LoginSession.token_hash)).all() == ["b"]
    assert db.session.scalars(select(Invitation)).all() == []
