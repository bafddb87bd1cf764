"""A whole visit on PostgreSQL and Redis, as where several processes serve a portal."""

import threading

import pytest

from tests.webapp.conftest import PASSWORD
from tests.webapp.databases import empty_redis, new_postgres
from webapp import audit, tables
from webapp.extensions import db
from webapp.models import User


@pytest.fixture
def app(make_app, tmp_path):
    with new_postgres() as database, empty_redis() as redis:
        app = make_app(DATABASE_URL=database, REDIS_URL=redis, WORKERS=2)
        with app.app_context():
            tables.upgrade()
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_a_visit(app):
    browser = app.test_client()
    assert browser.sign_up().status_code == 302
    assert "Ann Example" in browser.get("/account").text
    new = "another good battery staple"
    changed = browser.send(
        "/account/password", {"change-current": PASSWORD, "change-password": new}
    )
    assert changed.status_code == 302
    browser.log_out()
    assert browser.log_in().status_code == 422
    assert browser.log_in(password=new).status_code == 302
    assert browser.send("/account/delete", {"delete-current": new}).status_code == 302
    with app.app_context():
        assert db.session.query(User).count() == 0
        assert audit.verify()[::2] == (6, "")


def test_people_at_once(app):
    statuses = []

    def visit(number: int) -> None:
        browser = app.test_client()
        statuses.append(browser.sign_up(f"person{number % 6}@example.org").status_code)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302] * 6 + [422] * 6
    with app.app_context():
        assert db.session.query(User).count() == 6
        assert audit.verify()[::2] == (6, "")
