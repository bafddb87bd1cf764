"""Every route of the URL map, those to come included: closed to strangers, to other people and to
forms of other sites."""

import uuid

import pytest
from sqlalchemy import select

from tests.webapp.conftest import make_study
from webapp import create_app
from webapp.extensions import db
from webapp.models import AuditEvent, Study, User

OPEN = {"static", "health.live", "health.ready", "auth.log_in", "auth.sign_up"}
SOMEBODYS = "5a0f8f16-7f1b-4c61-8a39-3f2b0f0c7a11"


@pytest.fixture(scope="module")
def rules(migrated):
    """Every rule of the portal."""
    app = create_app({"TESTING": True, "STATE": migrated.parent})
    with app.app_context():
        db.engine.dispose()
    return list(app.url_map.iter_rules())


def calls(rules, study_id=SOMEBODYS, everything=False):
    """(method, path) of every closed route, the study's id filled in."""
    for rule in rules:
        if rule.endpoint in OPEN and not everything:
            continue
        values = {}
        for name, converter in rule._converters.items():
            kind = type(converter).__name__
            if kind == "UUIDConverter":
                values[name] = study_id
            elif kind == "AnyConverter":
                values[name] = sorted(converter.items)[0]
            else:
                values[name] = "x"
        path = rule.build({k: uuid.UUID(v) if v == study_id else v for k, v in values.items()})[1]
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            yield method, path


def test_the_map_has_the_routes_that_matter(rules):
    found = {rule.endpoint for rule in rules}
    assert OPEN < found
    assert len(list(calls(rules))) >= 15


def test_strangers_are_sent_to_the_log_in(rules, browser):
    token = browser.token()
    for method, path in calls(rules):
        answer = browser.open(path, method=method, headers={"X-CSRFToken": token})
        assert answer.status_code == 302, (method, path)
        assert answer.headers["Location"].startswith("/log-in"), (method, path)


def test_scripts_of_strangers_get_401(rules, browser):
    token = browser.token()
    for method, path in calls(rules):
        headers = {"X-CSRFToken": token, "Accept": "application/json"}
        answer = browser.open(path, method=method, headers=headers)
        assert answer.status_code == 401, (method, path)
        assert answer.json["error"]["code"] == "log_in"


def test_the_studies_of_others_do_not_exist(rules, app, ann, bob):
    with app.app_context():
        owner = db.session.scalar(select(User).where(User.login == "ann@example.org"))
        study_id = str(make_study(owner.id, "k" * 32).id)
        db.session.commit()
    token = bob.token("/account")
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    tried = 0
    for method, path in calls(rules, study_id):
        if study_id not in path:
            continue
        tried += 1
        theirs = bob.open(path, method=method, headers=headers)
        nobodys = bob.open(path.replace(study_id, SOMEBODYS), method=method, headers=headers)
        assert theirs.status_code == 404, (method, path)
        assert theirs.json["error"]["code"] == nobodys.json["error"]["code"] == "not_found"
        assert list(theirs.headers.keys()) == list(nobodys.headers.keys())
    assert tried >= 5
    with app.app_context():
        assert db.session.get(Study, uuid.UUID(study_id)) is not None
        mentioned = select(AuditEvent).where(AuditEvent.study_id == uuid.UUID(study_id))
        assert db.session.scalars(mentioned).all() == []


def test_every_change_needs_a_csrf_token(rules, ann, app):
    for method, path in calls(rules, everything=True):
        if method in ("GET", "HEAD", "OPTIONS"):
            continue
        for headers in ({}, {"X-CSRFToken": "forged"}):
            answer = ann.open(path, method=method, headers=headers)
            assert answer.status_code == 400, (method, path)
            assert "form_expired" in answer.text, (method, path)
    assert ann.get("/account").status_code == 200


def test_a_token_of_another_session_is_refused(ann, bob):
    answer = ann.post("/log-out", data={"csrf_token": bob.token("/account")})
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_methods_that_nobody_needs(rules, ann, method):
    token = ann.token("/account")
    for _, path in calls(rules):
        answer = ann.open(path, method=method, headers={"X-CSRFToken": token})
        assert answer.status_code == 405, path
        assert answer.headers["Allow"]


def test_no_get_changes_anything(rules, app, ann):
    """A link or a picture on another site cannot do anything: reads leave people and studies."""
    with app.app_context():
        owner = db.session.scalar(select(User))
        study_id = str(make_study(owner.id, "k" * 32).id)
        db.session.commit()
    for method, path in calls(rules, study_id, everything=True):
        if method == "GET":
            assert ann.get(path).status_code < 500 or path == "/ready", path
    with app.app_context():
        assert db.session.get(Study, uuid.UUID(study_id)) is not None
    assert ann.get("/account").status_code == 200
