"""Sign up, log in, log out, password, deletion: what a person meets."""

import threading

import pytest
from sqlalchemy import func, select

from tests.webapp.conftest import PASSWORD, make_study
from webapp.auth.forms import clean_name
from webapp.extensions import db
from webapp.models import AuditEvent, Feedback, LoginSession, Study, User
from webapp.studies.storage import folder


def test_a_person_signs_up_is_greeted_logs_out_and_in(browser, app):
    assert browser.sign_up().headers["Location"] == "/"
    assert "Ann Example" in browser.get("/").text
    with app.app_context():
        user = db.session.query(User).one()
        assert user.login == "ann@example.org"
        assert user.password_hash.startswith("$argon2id$")
    assert browser.log_out().headers["Location"] == "/log-in"
    assert browser.get("/").status_code == 302
    assert browser.log_in().headers["Location"] == "/"
    assert "Ann Example" in browser.get("/").text


@pytest.mark.parametrize(
    ("login", "name", "password", "message"),
    [
        ("", "Ann", PASSWORD, "Please choose a log-in name."),
        ("a", "Ann", PASSWORD, "Please use 3 to 254"),
        ("ann smith", "Ann", PASSWORD, "Please use 3 to 254"),
        ("ann\x00smith", "Ann", PASSWORD, "Please use 3 to 254"),
        ("x" * 255, "Ann", PASSWORD, "Please use 3 to 254"),
        ("ann", "", PASSWORD, "Please type your name."),
        ("ann", "\u202e\x00", PASSWORD, "Please type your name."),
        ("ann", "x" * 101, PASSWORD, "longer than 100 characters"),
        ("ann", "Ann", "", "Password: please fill this in."),
        ("ann", "Ann", "Tr0ub4dor&3", "This password has 11 characters"),
        ("ann", "Ann", "x" * 129, "longer than 128 characters"),
        ("ann", "Ann", "password1234", "easy to guess"),
        ("ann.smith@example.org", "Ann", "annsmithannsmith", "easy to guess"),
        ("ann", "Ann Featherstone", "featherstone1", "easy to guess"),
    ],
)
def test_sign_up_says_what_is_wrong(browser, login, name, password, message):
    response = browser.sign_up(login, name, password)
    assert response.status_code == 422
    assert message in response.text
    assert 'aria-invalid="true"' in response.text
    assert browser.get("/").status_code == 302


def test_a_taken_name_is_refused_whatever_its_case(ann, browser):
    response = browser.sign_up(" ANN@example.org ")
    assert response.status_code == 422
    assert "taken" in response.text


def test_sign_ups_at_once_make_one_person(app):
    statuses = []
    browsers = [app.test_client() for _ in range(4)]
    threads = [
        threading.Thread(target=lambda b=browser: statuses.append(b.sign_up().status_code))
        for browser in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 422, 422, 422]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
        assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_names_are_cleaned():
    assert clean_name("  A\u202enn\x00\n\tO\u2019Hara\u200b ") == "Ann O\u2019Hara"


def test_a_name_is_shown_as_text(browser):
    browser.sign_up(name="<script>alert(1)</script>")
    page = browser.get("/account").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_password_change_ends_other_sessions_and_keeps_this_one(ann, app):
    other = app.test_client()
    other.log_in()
    assert other.get("/account").status_code == 200
    new = "another good battery staple"
    response = ann.send("/account/password", {"change-current": PASSWORD, "change-password": new})
    assert response.status_code == 302
    assert ann.get("/account").status_code == 200
    assert other.get("/account").status_code == 302
    ann.log_out()
    assert ann.log_in().status_code == 422
    assert ann.log_in(password=new).status_code == 302


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("password", {"change-current": "no", "change-password": PASSWORD + "s"}, "not your"),
        ("password", {"change-current": PASSWORD, "change-password": "short"}, "at least 12"),
        ("delete", {"delete-current": "no"}, "not your password"),
        ("delete", {}, "fill this in"),
    ],
)
def test_account_changes_need_the_password(ann, path, data, message):
    response = ann.send(f"/account/{path}", data)
    assert response.status_code == 422
    assert message in response.text
    assert ann.get("/account").status_code == 200


def test_deletion_leaves_nothing_but_numbers_in_the_audit_log(ann, bob, app):
    with app.app_context():
        for person in db.session.scalars(select(User)):
            study = make_study(person.id, person.login)
            db.session.add(
                Feedback(study_id=study.id, user_id=person.id, agrees=True, label="normal")
            )
            folder(person.login).mkdir(parents=True)
            (folder(person.login) / "page.png").write_bytes(b"page")
        db.session.commit()
    response = ann.send("/account/delete", {"delete-current": PASSWORD})
    assert response.headers["Location"] == "/log-in"
    assert ann.get("/account").status_code == 302
    assert ann.log_in().status_code == 422
    with app.app_context():
        for table in (User, Study, Feedback, LoginSession):
            assert db.session.scalar(select(func.count()).select_from(table)) == 1
        assert not folder("ann@example.org").exists()
        assert folder("bob@example.org").exists()
        actions = db.session.scalars(select(AuditEvent.action)).all()
        assert "person.delete" in actions
    assert bob.get("/account").status_code == 200


def test_the_operator_sets_a_new_password(app, ann):
    command = ["portal", "new-password"]
    told = app.test_cli_runner().invoke(args=[*command, "Ann@example.org"])
    assert told.exit_code == 0
    assert ann.get("/account").status_code == 302
    assert ann.log_in().status_code == 422
    assert ann.log_in(password=told.output.strip()).status_code == 302
    assert app.test_cli_runner().invoke(args=[*command, "nobody"]).exit_code == 1


@pytest.mark.parametrize("path", ["/log-in", "/sign-up"])
def test_who_is_logged_in_needs_no_entrance(ann, path):
    assert ann.get(path).headers["Location"] == "/"


def test_log_out_is_no_link(ann):
    assert ann.get("/log-out").status_code == 405
    assert ann.get("/account").status_code == 200
