"""Beyond loopback people come by invitation: once, within a week."""

import pytest

from tests.webapp.conftest import PASSWORD
from webapp.extensions import db
from webapp.models import Invitation, User

SITE = "https://ecg.example.org"


@pytest.fixture
def app(make_app):
    return make_app(PROXIES=1, TRUSTED_HOSTS=["ecg.example.org"])


@pytest.fixture
def invite(app):
    """invite() -> the token in the address that the command prints."""

    def ask() -> str:
        told = app.test_cli_runner().invoke(args=["portal", "invite"])
        assert told.exit_code == 0, told.output
        address, token = told.output.strip().split("?invitation=")
        assert address == f"{SITE}/sign-up"
        return token

    return ask


def sign_up(app, token, login="ann@example.org"):
    browser = app.test_client()
    page = browser.get("/log-in", base_url=SITE).text
    csrf = page.split('name="csrf-token" content="')[1].split('"')[0]
    data = {"login": login, "name": "Ann", "password": PASSWORD, "csrf_token": csrf}
    return browser.post(
        "/sign-up",
        data={**data, "invitation": token},
        base_url=SITE,
        headers={"Referer": f"{SITE}/sign-up"},
    )


@pytest.mark.parametrize("token", ["", "guessed", "x" * 10000])
def test_nobody_signs_up_uninvited(app, token):
    refused = sign_up(app, token)
    assert refused.status_code == 403
    assert "by invitation" in refused.text
    with app.app_context():
        assert db.session.query(User).count() == 0


def test_an_invitation_works_once(app, invite):
    token = invite()
    page = app.test_client().get(f"/sign-up?invitation={token}", base_url=SITE)
    assert page.status_code == 200
    assert token in page.text
    assert sign_up(app, token).status_code == 302
    assert sign_up(app, token, "bob@example.org").status_code == 403


def test_a_failed_sign_up_does_not_use_it_up(app, invite):
    token = invite()
    assert sign_up(app, token, "a").status_code == 422
    sign_up(app, invite(), "taken@example.org")
    assert sign_up(app, token, "taken@example.org").status_code == 422
    assert sign_up(app, token).status_code == 302


def test_an_invitation_lasts_a_week(time, app, invite):
    token = invite()
    time(days=8)
    assert sign_up(app, token).status_code == 403


def test_the_database_does_not_hold_the_token(app, invite):
    token = invite()
    with app.app_context():
        assert db.session.query(Invitation).one().token_hash != token
