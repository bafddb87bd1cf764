"""What every answer carries, what a request may bring, and what errors say."""

import re
import socket
import sqlite3
from pathlib import Path

import pytest

from webapp.extensions import db
from webapp.problems import Problem

TEMPLATES = Path(__file__).parents[2] / "webapp" / "templates"
STATIC = TEMPLATES.parent / "static"


@pytest.mark.parametrize(
    "path", ["/log-in", "/nowhere", "/live", "/static/portal.css", "/account", "/sign-up"]
)
def test_headers_of_every_answer(browser, path):
    answer = browser.get(path)
    answer.close()
    headers = answer.headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy) and "http" not in str(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_pages_are_not_kept_by_browsers_and_proxies(ann):
    assert ann.get("/account").headers["Cache-Control"] == "no-store"


def test_templates_and_scripts_hold_nothing_inline_and_nothing_from_elsewhere():
    files = [*TEMPLATES.rglob("*.html"), *STATIC.rglob("*.js"), *STATIC.rglob("*.css")]
    assert len(files) > 8
    for file in files:
        text = file.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), file
        assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=\s*[\"']", text), file
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), file
        assert "|safe" not in text, file
        assert not re.search(r"\b(eval|innerHTML|outerHTML|insertAdjacentHTML)\b", text), file


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:8000@evil"])
def test_unknown_hosts_are_refused(browser, host):
    assert browser.get("/log-in", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:9999"])
def test_loopback_hosts_are_known(browser, host):
    assert browser.get("/log-in", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["192.168.1.5", "8.8.8.8", "", "::ffff:10.0.0.1"])
def test_a_portal_for_this_machine_answers_no_other(browser, address):
    """Even where somebody has bound gunicorn to all addresses by hand, with a forged host."""
    answer = browser.get(
        "/sign-up", headers={"Host": "localhost"}, environ_overrides={"REMOTE_ADDR": address}
    )
    assert answer.status_code == 403


def test_a_portal_for_others_answers_them(make_app):
    browser = make_app(PROXIES=1, TRUSTED_HOSTS=["ecg.example.org"]).test_client()
    answer = browser.get(
        "/log-in",
        base_url="https://ecg.example.org",
        environ_overrides={"REMOTE_ADDR": "10.0.0.9"},
        headers={"X-Forwarded-For": "8.8.8.8"},
    )
    assert answer.status_code == 200


def test_http_becomes_https_beyond_loopback_but_for_probes(make_app):
    browser = make_app(PROXIES=1, TRUSTED_HOSTS=["ecg.example.org"]).test_client()
    answer = browser.get("/log-in", base_url="http://ecg.example.org")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://ecg.example.org/log-in"
    assert browser.get("/live", base_url="http://ecg.example.org").status_code == 200


def test_proxies_are_believed_as_many_as_there_are(make_app):
    app = make_app(PROXIES=1, TRUSTED_HOSTS=["ecg.example.org"])
    app.add_url_rule("/who", "who", lambda: __import__("flask").request.remote_addr)
    told = {"X-Forwarded-For": "6.6.6.6, 10.0.0.7", "X-Forwarded-Proto": "https"}
    answer = app.test_client().get("/who", base_url="http://ecg.example.org", headers=told)
    assert answer.text == "10.0.0.7"


def test_without_a_proxy_nobody_is_believed(app, browser):
    app.add_url_rule("/who", "who", lambda: __import__("flask").request.remote_addr)
    assert browser.get("/who", headers={"X-Forwarded-For": "6.6.6.6"}).text == "127.0.0.1"


def test_a_body_announced_as_too_large_is_refused_unread(app):
    class Unread:
        def read(self, *_):
            raise AssertionError("the body was read")

        readline = read

    browser = app.test_client()
    answer = browser.post(
        "/log-in",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(10**12)},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413
    assert "too_large" in answer.text


def test_a_body_of_unknown_length_is_read_up_to_the_limit(app):
    read = []

    class Endless:
        def read(self, size=-1):
            assert 0 < size <= 10**6
            read.append(size)
            return b"a" * size

        def readinto(self, buffer):
            buffer[:] = self.read(len(buffer))
            return len(buffer)

    answer = app.test_client().post(
        "/log-in",
        environ_overrides={
            "wsgi.input": Endless(),
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 400  # what was read holds no CSRF token
    assert 0 < sum(read) <= 2 * app.config["MAX_CONTENT_LENGTH"]


def test_a_thousand_parts_are_refused(browser):
    data = {f"part{n}": "x" for n in range(1001)}
    data["csrf_token"] = browser.token()
    answer = browser.post("/log-in", data=data, content_type="multipart/form-data")
    assert answer.status_code == 413


ERRORS = [("/nowhere", 404, "not_found"), ("/log-out", 405, "method_not_allowed")]


@pytest.mark.parametrize(("path", "status", "code"), ERRORS)
def test_errors_as_pages_and_as_json(browser, path, status, code):
    page = browser.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert code in page.text and "Code" in page.text
    answer = browser.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["message"].endswith(".")
    assert answer.json["error"]["request"]


@pytest.fixture
def broken(make_app):
    """A portal outside of testing, with views that fail."""
    app = make_app(TESTING=False)

    def fail():
        raise ValueError("the file of John Smith")

    def gone():
        raise Problem("Please do something else.", code="something_else", status=409)

    app.add_url_rule("/fails", view_func=fail)
    app.add_url_rule("/gone", view_func=gone)
    return app


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_nobody_foresaw_shows_no_traceback(broken, accept, log_lines):
    answer = broken.test_client().get("/fails", headers={"Accept": accept})
    assert answer.status_code == 500
    assert "internal_error" in answer.text
    assert "Traceback" not in answer.text and "ValueError" not in answer.text
    failed, _ = log_lines()
    assert failed["exception"] == "ValueError"
    assert "test_security.py" in failed["at"][-1]
    assert failed["request"]
    assert "John Smith" not in str(failed)


def test_a_problem_says_what_to_do(broken):
    answer = broken.test_client().get("/gone", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "something_else"
    assert answer.json["error"]["message"] == "Please do something else."


def test_no_database_is_said_in_a_sentence_and_why_in_the_log(ann, tmp_path, log_lines):
    with sqlite3.connect(tmp_path / "state" / "portal.db") as connection:
        connection.execute("DROP TABLE login_session")
    connection.close()
    for accept in ("text/html", "application/json"):
        answer = ann.get("/account", headers={"Accept": accept})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "database_unavailable" in answer.text
    reasons = [line["reason"] for line in log_lines() if line["event"] == "database.failed"]
    assert reasons == ["no such table: login_session"] * 2


def test_a_locked_database_is_waited_for_then_told(make_app, tmp_path, monkeypatch):
    monkeypatch.setattr("webapp.extensions.SQLITE_WAIT", 50)
    app = make_app()
    browser = app.test_client()
    browser.sign_up()
    browser.log_out()
    lock = sqlite3.connect(tmp_path / "state" / "portal.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    assert browser.log_in().status_code == 503
    lock.execute("ROLLBACK")
    lock.close()
    assert browser.log_in().status_code == 302


def test_a_database_that_is_gone(make_app):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        app = make_app(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/none", TESTING=False)
        answer = app.test_client().get("/ready")
        assert answer.status_code == 503
        assert answer.json["checks"]["database"] == "unavailable"
        browser = app.test_client()
        refused = browser.post(
            "/log-in",
            data={"csrf_token": browser.token(), "login": "ann", "password": "x"},
            headers={"Accept": "application/json"},
        )
        assert refused.status_code == 503
        assert refused.json["error"]["code"] == "database_unavailable"
    with app.app_context():
        db.engine.dispose()
