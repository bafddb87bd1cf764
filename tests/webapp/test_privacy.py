"""What people are called and what they type stays out of the logs and out of other files."""

import logging

import pytest
import sqlalchemy as sa

from tests.webapp.conftest import PASSWORD
from webapp.extensions import db
from webapp.logs import JsonLines

SECRETS = ("ann@example.org", "Ann Example", PASSWORD, "John Smith", "passport-scan")


@pytest.fixture
def everything(app, caplog):
    """everything() -> all that was logged by any library, as text and as it would be written."""
    caplog.set_level(logging.DEBUG)

    def read() -> str:
        lines = [JsonLines().format(record) for record in caplog.records if is_ours(record)]
        others = [record.getMessage() for record in caplog.records if not is_ours(record)]
        return "\n".join(lines + others)

    return read


def is_ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] in ("webapp", "huey", "gunicorn")


def test_a_whole_visit_leaves_no_name_in_the_logs(everything, app):
    browser = app.test_client()
    browser.sign_up()
    browser.get("/account?note=John Smith")
    browser.get("/John Smith/passport-scan.png")
    browser.send("/account/password", {"change-current": "no", "change-password": PASSWORD})
    browser.log_out()
    browser.log_in(password="John Smith")
    browser.log_in()
    browser.send("/account/delete", {"delete-current": PASSWORD})
    logged = everything()
    assert logged.count('"event": "request"') > 10
    for secret in SECRETS:
        assert secret not in logged
        assert secret.replace(" ", "%20") not in logged


def test_errors_of_the_database_quote_nothing(make_app, everything):
    app = make_app(TESTING=False)
    logging.getLogger("webapp").propagate = True

    def fail():
        user = {"id": "1", "login": "ann@example.org", "name": "Ann Example", "p": "x"}
        statement = "INSERT INTO person VALUES (:id, :login, :name, :p, '2026-01-01')"
        for _ in range(2):
            db.session.execute(sa.text(statement), user)
        return ""

    app.add_url_rule("/fails", view_func=fail)
    assert app.test_client().get("/fails").status_code == 500
    logged = everything()
    assert '"exception": "IntegrityError"' in logged
    for secret in SECRETS:
        assert secret not in logged


def test_lines_of_other_loggers_are_kept_without_what_they_were_given():
    record = logging.LogRecord(
        "gunicorn.error", 40, "x.py", 1, "Error handling request %s", ("/?q=John Smith",), None
    )
    line = JsonLines().format(record)
    assert "Error handling request" in line
    assert "John Smith" not in line


def test_the_cookie_tells_no_name(ann):
    import base64

    value = ann.get_cookie("ecg-tf").value.split(".")
    payload = base64.urlsafe_b64decode(value[0] + "==")
    assert b"Ann" not in payload and b"example" not in payload


def test_only_the_owner_reads_the_state(make_app, tmp_path):
    make_app(STATE=tmp_path / "fresh" / "state")
    assert (tmp_path / "fresh" / "state").stat().st_mode & 0o077 == 0
