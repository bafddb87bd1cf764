"""The migrations make what the models say, on SQLite and PostgreSQL, and take it back."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.webapp.conftest import make_study
from tests.webapp.databases import new_postgres
from webapp import audit, create_app, tables
from webapp.extensions import db
from webapp.models import AuditEvent, Base, Study, User


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """A portal on an empty database."""
    settings = {"TESTING": True, "STATE": tmp_path}
    if request.param == "sqlite":
        yield from _portal(settings)
        return
    with new_postgres() as address:
        yield from _portal({**settings, "DATABASE_URL": address})


def _portal(settings):
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def differences() -> list:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)


def test_up_equals_the_models_and_down_leaves_nothing(empty):
    tables.upgrade()
    assert differences() == []
    tables.downgrade()
    assert sa.inspect(db.engine).get_table_names() == ["alembic_version"]
    tables.upgrade()
    assert differences() == []


def test_a_difference_would_be_found(empty):
    tables.upgrade()
    db.session.execute(sa.text("ALTER TABLE person ADD COLUMN forgotten INTEGER"))
    db.session.commit()
    assert len(differences()) == 1


def test_the_command_upgrades(empty):
    found = empty.test_cli_runner().invoke(args=["portal", "upgrade"])
    assert found.exit_code == 0, found.output
    assert "study" in sa.inspect(db.engine).get_table_names()


def test_what_is_written_is_read_back(empty):
    tables.upgrade()
    user = User(login="ann", name="Ann Ö \u2764", password_hash="x")
    db.session.add(user)
    db.session.flush()
    audit.record("study.upload", user.id)
    given = {"probabilities": {"normal": 0.1}, "confidence": 0.123456789012345}
    study_id = make_study(user.id, "k", **given).id
    created = db.session.get(Study, study_id).created
    db.session.commit()
    db.session.expire_all()
    study = db.session.get(Study, study_id)
    assert study.created == created
    assert study.created.utcoffset().total_seconds() == 0
    assert study.probabilities == given["probabilities"]
    assert study.confidence == given["confidence"]
    assert study.user.name == "Ann Ö \u2764"


def test_with_a_person_goes_what_is_theirs(empty):
    tables.upgrade()
    user = User(login="ann", name="Ann", password_hash="x")
    db.session.add(user)
    db.session.flush()
    make_study(user.id, "k")
    db.session.commit()
    db.session.execute(sa.delete(User))
    db.session.commit()
    assert db.session.scalars(sa.select(Study)).all() == []


@pytest.mark.parametrize(
    "change", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event"]
)
def test_the_database_itself_keeps_the_audit_log(empty, change):
    tables.upgrade()
    audit.record("study.upload")
    db.session.commit()
    with pytest.raises(sa.exc.DBAPIError, match="the audit log only grows"):
        db.session.execute(sa.text(change))
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 1
