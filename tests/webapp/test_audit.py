"""The audit log: complete, in order, and a change to it is found."""

import threading
import uuid

import pytest
import sqlalchemy as sa

from tests.webapp.databases import new_postgres
from webapp import audit, tables
from webapp.extensions import db
from webapp.models import AuditEvent

TRIGGERS = ("audit_event_no_update", "audit_event_no_delete")


def write(count: int) -> None:
    for _ in range(count):
        audit.record("study.view", uuid.uuid4(), uuid.uuid4())
        db.session.commit()


def tamper(statement: str) -> None:
    """As somebody would who holds the database: the triggers first."""
    for trigger in TRIGGERS:
        db.session.execute(sa.text(f"DROP TRIGGER IF EXISTS {trigger}"))
    db.session.execute(sa.text(statement))
    db.session.commit()


@pytest.fixture
def log(app):
    """Ten events."""
    with app.app_context():
        write(10)
        yield


def test_an_untouched_log_verifies(log):
    count, head, wrong = audit.verify()
    assert (count, wrong) == (10, "")
    assert len(head) == 64


def test_an_empty_log_verifies(app):
    with app.app_context():
        assert audit.verify() == (0, audit.FIRST_SEAL, "")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_event SET action = 'study.delete' WHERE number = 4", "event 4 was changed"),
        ("UPDATE audit_event SET user_id = NULL WHERE number = 10", "event 10 was changed"),
        ("UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE number = 1", "event 1 was"),
        ("UPDATE audit_event SET study_id = user_id WHERE number = 5", "event 5 was changed"),
        ("UPDATE audit_event SET seal = 'x' WHERE number = 10", "event 10 was changed"),
        ("DELETE FROM audit_event WHERE number = 1", "event 1 is missing"),
        ("DELETE FROM audit_event WHERE number = 6", "event 6 is missing"),
        ("DELETE FROM audit_event WHERE number = 10", "9 events where 10 were written"),
        ("DELETE FROM audit_event", "0 events where 10 were written"),
        ("DELETE FROM audit_head", "the head of the log is missing"),
        ("UPDATE audit_head SET number = 9", "10 events where 9 were written"),
        (
            "INSERT INTO audit_event SELECT 11, at, user_id, action, study_id, seal "
            "FROM audit_event WHERE number = 10",
            "event 11 was changed",
        ),
    ],
)
def test_tampering_is_found(app, log, statement, found):
    tamper(statement)
    assert found in audit.verify()[2]
    told = app.test_cli_runner().invoke(args=["portal", "verify-audit-log"])
    assert told.exit_code == 1
    assert "tampered" in told.output


def test_swapped_events_are_found(log):
    for was, becomes in ((3, 99), (4, 3), (99, 4)):
        tamper(f"UPDATE audit_event SET number = {becomes} WHERE number = {was}")
    assert "event 3 was changed" in audit.verify()[2]


def test_the_command_says_how_many(app, log):
    told = app.test_cli_runner().invoke(args=["portal", "verify-audit-log"])
    assert told.exit_code == 0
    assert told.output.startswith("10 events, all in order")


def test_a_head_noted_elsewhere_finds_a_log_that_was_cut_with_its_head(app, log):
    """Somebody with the database alone can put an old copy of both tables back."""
    runner = app.test_cli_runner()
    _, noted, _ = audit.verify()
    assert runner.invoke(args=["portal", "verify-audit-log", "--since", noted]).exit_code == 0
    write(1)
    assert runner.invoke(args=["portal", "verify-audit-log", "--since", noted]).exit_code == 0
    seal = db.session.scalar(sa.select(AuditEvent.seal).where(AuditEvent.number == 9))
    tamper("DELETE FROM audit_event WHERE number > 9")
    tamper(f"UPDATE audit_head SET number = 9, seal = '{seal}'")
    assert audit.verify()[2] == ""
    told = runner.invoke(args=["portal", "verify-audit-log", "--since", noted])
    assert told.exit_code == 1


def test_a_rolled_back_deed_leaves_no_event(app, log):
    with app.app_context():
        audit.record("study.delete")
        db.session.rollback()
        assert audit.verify()[0] == 10


def test_an_earlier_secret_key_still_verifies(make_app):
    with make_app(SECRET_KEY="a" * 64).app_context():
        write(2)
    with make_app(SECRET_KEY="b" * 64, SECRET_KEY_FALLBACKS=["a" * 64]).app_context():
        write(2)
        assert audit.verify()[::2] == (4, "")
    with make_app(SECRET_KEY="b" * 64).app_context():
        assert "event 1 was changed, or the secret key" in audit.verify()[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def busy(request, make_app, tmp_path):
    """A portal on SQLite and one on PostgreSQL."""
    if request.param == "sqlite":
        yield make_app()
        return
    with new_postgres() as address:
        app = make_app(DATABASE_URL=address, STATE=tmp_path / "postgres")
        with app.app_context():
            tables.upgrade()
        yield app
        with app.app_context():
            db.engine.dispose()


def test_writers_at_once_take_turns(busy):
    def work():
        with busy.app_context():
            write(10)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with busy.app_context():
        assert audit.verify()[::2] == (60, "")
