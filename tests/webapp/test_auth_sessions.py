"""Sessions: new at the log-in, over at the log-out, the limits, and for copies of the cookie."""

import pytest

from webapp.extensions import db
from webapp.models import LoginSession

COOKIE = "ecg-tf"


def cookie(browser) -> str:
    return browser.get_cookie(COOKIE).value


def with_cookie(app, value):
    browser = app.test_client()
    browser.set_cookie(COOKIE, value)
    return browser


def test_a_planted_session_is_not_logged_in(app, browser):
    browser.sign_up()
    browser.log_out()
    browser.get("/log-in")
    planted = cookie(browser)
    browser.log_in()
    assert cookie(browser) != planted
    assert with_cookie(app, planted).get("/account").status_code == 302
    assert with_cookie(app, cookie(browser)).get("/account").status_code == 200


def test_the_csrf_token_changes_with_the_log_in(browser):
    browser.sign_up()
    browser.log_out()
    before = browser.token()
    browser.log_in()
    refused = browser.post("/log-out", data={"csrf_token": before})
    assert refused.status_code == 400
    assert "form_expired" in refused.text


def test_each_log_in_is_another_session(app, ann):
    other = app.test_client()
    other.log_in()
    with app.app_context():
        assert db.session.query(LoginSession).count() == 2
    ann.log_out()
    assert other.get("/account").status_code == 200


def test_a_copied_cookie_ends_with_the_log_out(app, ann):
    copy = with_cookie(app, cookie(ann))
    assert copy.get("/account").status_code == 200
    ann.log_out()
    assert copy.get("/account").status_code == 302


def test_a_cookie_from_another_browser_is_refused(app, ann):
    """Flask-Login's strong protection: another user agent, another session."""
    thief = with_cookie(app, cookie(ann))
    answer = thief.get("/account", headers={"User-Agent": "another"})
    assert answer.status_code == 302


def test_nobody_forges_a_cookie(app, ann, make_app, tmp_path):
    other = make_app(SECRET_KEY="x" * 64, STATE=tmp_path / "other")
    stranger = other.test_client()
    stranger.sign_up()
    assert with_cookie(app, cookie(stranger)).get("/account").status_code == 302


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser):
    header = browser.get("/log-in").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header  # plain HTTP on loopback only


def test_beyond_loopback_the_cookie_is_secure_and_bound_to_the_host(make_app):
    app = make_app(PROXIES=1, TRUSTED_HOSTS=["ecg.example.org"])
    header = app.test_client().get("/log-in", base_url="https://ecg.example.org").headers
    assert header["Set-Cookie"].startswith("__Host-ecg-tf=")
    assert "Secure" in header["Set-Cookie"]
    assert "max-age=" in header["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("turns", "status"),
    [
        ([{"minutes": 29}], 200),
        ([{"minutes": 31}], 302),
        ([{"minutes": 20}] * 35, 200),
        ([{"minutes": 20}] * 37, 302),  # 12 hours are over, however busy
    ],
)
def test_limits(time, app, turns, status):
    browser = app.test_client()
    browser.sign_up()
    for turn in turns:
        time(**turn)
        answer = browser.get("/account")
    assert answer.status_code == status


def test_a_page_that_asks_on_its_own_keeps_nobody_logged_in(time, app):
    browser = app.test_client()
    browser.sign_up()
    for _ in range(4):
        time(minutes=10)
        answer = browser.get("/account", headers={"Sec-Fetch-Dest": "empty"})
    assert answer.status_code == 302


def test_stale_sessions_are_forgotten(time, app):
    app.test_client().sign_up()
    time(hours=13)
    app.test_client().log_in()
    with app.app_context():
        assert db.session.query(LoginSession).count() == 1


def test_a_person_who_is_gone_is_logged_out(app, ann):
    with app.app_context():
        db.session.execute(db.text("DELETE FROM person"))
        db.session.commit()
    assert ann.get("/account").status_code == 302
