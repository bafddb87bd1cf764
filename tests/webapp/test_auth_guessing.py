"""Guessing: the same words and work for every wrong log-in, slowed down, never for good."""

import logging

import pytest

from tests.webapp.conftest import PASSWORD
from webapp.auth import passwords
from webapp.auth.redirects import is_local


def test_unknown_name_and_wrong_password_get_the_same_page(ann, browser):
    wrong = browser.log_in(password="wrong")
    unknown = browser.log_in("nobody@example.org", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    assert "Name or password is wrong." in wrong.text
    same = unknown.text.replace("nobody@example.org", "ann@example.org")
    assert strip_tokens(same) == strip_tokens(wrong.text)


def strip_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line]


def test_both_cost_one_verification_with_the_same_parameters(ann, app, monkeypatch):
    verified = []

    class Counting(type(passwords._hasher)):
        def verify(self, password_hash, password):
            verified.append(password_hash.rsplit("$", 2)[0])  # without salt and digest
            return super().verify(password_hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(1, 8, 1))
    passwords._nobodys_hash.cache_clear()
    app.test_client().log_in(password="wrong")
    app.test_client().log_in("nobody@example.org", "wrong")
    assert len(verified) == 2
    assert verified[0] == verified[1]


def test_after_ten_failures_even_the_right_password_waits(ann, browser, monkeypatch):
    for _ in range(10):
        assert browser.log_in(password="wrong").status_code == 422
    refused = browser.log_in()
    assert refused.status_code == 429
    assert "too_many_tries" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 601  # 600 s, rounded up
    assert browser.log_in("bob@example.org", "wrong").status_code == 422  # another name may
    assert ann.get("/account").status_code == 200  # who is inside stays inside


def test_the_throttle_ends_by_itself(ann, browser, monkeypatch):
    import time as real

    for _ in range(11):
        browser.log_in(password="wrong")
    later = real.time() + 601
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: later)
    assert browser.log_in().status_code == 302


def test_successful_log_ins_do_not_count(ann, app):
    for _ in range(12):
        assert app.test_client().log_in().status_code == 302


def test_one_address_trying_many_names_is_slowed_down(browser):
    status = [browser.log_in(f"name{n}", "wrong").status_code for n in range(31)]
    assert status == [422] * 30 + [429]


def test_own_password_is_guessed_ten_times_at_most(ann):
    wrong = {"delete-current": "wrong"}
    status = [ann.send("/account/delete", wrong).status_code for _ in range(11)]
    assert status == [422] * 10 + [429]
    wrong = {"change-current": "wrong", "change-password": "another good battery staple"}
    assert ann.send("/account/password", wrong).status_code == 429


def test_one_hash_at_a_time(app, monkeypatch):
    monkeypatch.setattr(passwords, "LONGEST_WAIT", 0.01)
    with passwords._turn:
        answer = app.test_client().log_in()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "busy" in answer.text


def test_old_hashes_are_renewed(ann, app, monkeypatch):
    from argon2 import PasswordHasher

    from webapp.extensions import db
    from webapp.models import User

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 8, 1))
    assert app.test_client().log_in().status_code == 302
    with app.app_context():
        assert "t=2" in db.session.query(User).one().password_hash


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/account", "/account"),
        ("/?page=2", "/?page=2"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" //evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
        ("///evil.example", "/"),
        ("/\x00", "/"),
    ],
)
def test_the_log_in_leads_to_this_site_only(ann, app, target, goes_to):
    browser = app.test_client()
    assert browser.log_in(next=target).headers["Location"] == goes_to
    assert is_local(target) == (goes_to == target)


def test_the_log_in_leads_back_to_where_one_wanted_to_go(ann, app):
    browser = app.test_client()
    first = browser.get("/account?x=1")
    assert first.headers["Location"] == "/log-in?next=/account?x%3D1"
    page = browser.get(first.headers["Location"])
    assert 'value="/account?x=1"' in page.text


def test_failed_tries_stand_in_the_log_without_names(ann, browser, caplog):
    with caplog.at_level(logging.INFO):
        browser.log_in("secret.name@example.org", "secret password")
        browser.log_in(password=PASSWORD)
    assert caplog.records
    for record in caplog.records:
        text = f"{record.getMessage()} {getattr(record, 'fields', '')}"
        assert "example.org" not in text
        assert "secret" not in text


def test_one_address_signs_up_sixty_times_an_hour(browser):
    form = {"csrf_token": browser.token(), "login": "x", "name": "", "password": ""}
    found = [browser.post("/sign-up", data=form).status_code for _ in range(61)]
    assert found == [422] * 60 + [429]
