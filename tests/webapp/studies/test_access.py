"""Nobody sees another's study, nor whether it exists: checked for every route there is."""

import re
import uuid

import pytest

from webapp.extensions import db
from webapp.models import Study

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(app):
    """(method, rule) of every route that names a study."""
    for rule in app.url_map.iter_rules():
        if "study_id" in rule.arguments:
            for method in set(METHODS) & rule.methods:
                yield method, rule


def addresses(app, study_id):
    """(method, address) of every route, for one study."""
    values = {"study_id": study_id, "method": "gradcam"}
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        return [
            (method, adapter.build(rule.endpoint, {k: values[k] for k in rule.arguments}))
            for method, rule in routes(app)
        ]


def constant(page: str) -> str:
    """A page without its CSRF tokens, which hold the time, and the number of its request."""
    return re.sub(r'"[^" ]{60,}"|>[0-9a-f]{12}<', "", page)


@pytest.fixture
def study_id(compared):
    return uuid.UUID(compared.rsplit("/", 1)[1])


def test_every_route_of_a_study_is_a_404_for_others(app, ann, bob, study_id):
    theirs, none = addresses(app, study_id), addresses(app, uuid.uuid4())
    assert len(theirs) >= 16
    token = bob.token("/account")
    for (method, address), (_, nowhere) in zip(theirs, none, strict=True):
        form = {"csrf_token": token, "label": "normal"} if method == "POST" else None
        for headers in ({}, {"Accept": "application/json"}):
            answer = bob.open(address, method=method, data=form, headers=headers)
            missing = bob.open(nowhere, method=method, data=form, headers=headers)
            assert answer.status_code == missing.status_code == 404, (method, address)
            if not headers:  # word for word the same, but for the number of the request
                assert constant(answer.text) == constant(missing.text)
    with app.app_context():
        assert db.session.get(Study, study_id) is not None


def test_every_route_sends_strangers_to_the_log_in(app, study_id, browser):
    token = browser.token("/log-in")
    others = ["/", "/studies", "/drawn-page.png"]
    for method, address in addresses(app, study_id) + [("GET", path) for path in others]:
        form = {"csrf_token": token} if method == "POST" else None
        answer = browser.open(address, method=method, data=form)
        assert answer.status_code == 302, (method, address)
        assert answer.headers["Location"].startswith("/log-in"), (method, address)
        answer = browser.open(
            address, method=method, data=form, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 401


def test_the_owner_reaches_every_page(app, ann, study_id):
    for method, address in addresses(app, study_id):
        if method == "GET":
            assert ann.get(address, buffered=True).status_code == 200, address


def test_another_s_studies_are_not_listed(ann, bob, explained):
    assert "page.png" in ann.get("/studies").text
    assert "page.png" not in bob.get("/studies").text
    assert "study-card" in ann.get("/").text
    assert "study-card" not in bob.get("/").text


def test_pictures_are_kept_by_no_cache(ann, explained):
    for name in ("page.jpg", "thumbnail.jpg", "heat/gradcam.png"):
        answer = ann.get(f"{explained}/{name}", buffered=True)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ann.get(explained).headers["Cache-Control"] == "no-store"


def test_two_tabs_delete_the_same_study(app, ann, study_id):
    address = f"/studies/{study_id}"
    assert ann.send(f"{address}/delete").status_code == 302
    second = ann.send(f"{address}/delete")
    assert second.status_code == 404
    assert "nothing here" in second.text


def test_a_study_deleted_by_the_other_tab_in_the_same_moment(app, ann, study_id, monkeypatch):
    from webapp.studies import pages

    address = f"/studies/{study_id}"
    found, seen = pages.owned, []

    def other_tab_first(wanted):
        study = found(wanted)
        if not seen:
            seen.append(True)
            with app.app_context():
                db.session.query(Study).delete()
                db.session.commit()
        return study

    monkeypatch.setattr(pages, "owned", other_tab_first)
    assert ann.send(f"{address}/delete").headers["Location"] == "/studies"
    assert list((app.config["STATE"] / "studies").glob("??/*")) == []
