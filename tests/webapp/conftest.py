"""An application with a migrated SQLite file of its own, people, and browsers for them."""

import io
import json
import logging
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from serving.client import UNAVAILABLE, ServingFailed
from webapp import clock, create_app, tables
from webapp.auth import passwords
from webapp.extensions import db
from webapp.logs import JsonLines
from webapp.models import Study

PASSWORD = "correct horse battery"


def make_study(user_id, storage_key, **fields) -> Study:
    """A study in the database, without files; the caller commits."""
    given = {"name": "page.png", "width": 40, "height": 30, "size": 99, "sha256": "0" * 64}
    study = Study(user_id=user_id, storage_key=storage_key, **{**given, **fields})
    db.session.add(study)
    db.session.flush()
    return study


class NoServer:
    """A model server that is down; tests of studies bring their own."""

    def predict(self, files):
        raise ServingFailed(UNAVAILABLE, "no model server in this test")

    explain = status = predict

    def wait_until_ready(self, seconds=0.0, models=()):
        self.predict([])


class Browser(FlaskClient):
    """A test client that fills in the CSRF token of the page it has read last."""

    def token(self, path="/log-in") -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get(path).text)
        return found[1]

    def send(self, path, data=None, **options):
        """POSTs a form with its token."""
        token = self.token("/account" if self.get("/account").status_code == 200 else "/log-in")
        return self.post(path, data={"csrf_token": token, **(data or {})}, **options)

    def sign_up(self, login="ann@example.org", name="Ann Example", password=PASSWORD):
        return self.send("/sign-up", {"login": login, "name": name, "password": password})

    def log_in(self, login="ann@example.org", password=PASSWORD, **data):
        return self.send("/log-in", {"login": login, "password": password, **data})

    def log_out(self):
        return self.send("/log-out")


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes():
    """Real Argon2 with the smallest parameters."""
    kept, passwords._hasher = passwords._hasher, PasswordHasher(1, 8, 1)
    yield
    passwords._hasher = kept


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A database file as the migrations make it, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    app = create_app({"TESTING": True, "STATE": folder, "SERVING_CLIENT": NoServer()})
    with app.app_context():
        tables.upgrade()
        db.engine.dispose()
    return folder / "portal.db"


@pytest.fixture
def make_app(migrated, tmp_path):
    """make_app(**settings) -> application on an empty migrated database."""
    made = []

    def make(**settings):
        state = settings.setdefault("STATE", tmp_path / "state")
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (state / "portal.db").exists():
            shutil.copy(migrated, state / "portal.db")
        settings.setdefault("SERVING_CLIENT", NoServer())
        app = create_app({"TESTING": True, "SECRET_KEY": "k" * 64, **settings})
        app.test_client_class = Browser
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def browser(app):
    """A stranger's browser."""
    return app.test_client()


@pytest.fixture
def ann(app):
    """The browser of a person who is logged in."""
    browser = app.test_client()
    assert browser.sign_up().status_code == 302
    return browser


@pytest.fixture
def bob(app):
    """The browser of another person who is logged in."""
    browser = app.test_client()
    assert browser.sign_up("bob@example.org", "Bob Example").status_code == 302
    return browser


@pytest.fixture
def log_lines():
    """log_lines() -> the lines logged so far, as they would be written."""
    stream, logger = io.StringIO(), logging.getLogger("webapp")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


@pytest.fixture
def time(monkeypatch):
    """time(hours=1) turns the portal's clock on."""
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    monkeypatch.setattr(clock, "now", lambda: moment[0])

    def turn(**by):
        moment[0] += timedelta(**by)

    return turn
