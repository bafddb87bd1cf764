"""The comparison of methods: asked for, computed bit by bit, shown, taken away, deleted."""

import io
import re
from datetime import timedelta
from uuid import UUID

from PIL import Image

from ecg_tf.explain.about import ABOUT, SHOWN_FIRST, in_order
from tests.webapp.studies import painters
from webapp import clock
from webapp.extensions import db
from webapp.models import AuditEvent, Gallery


def states(page: str) -> dict[str, str]:
    """How far each method is, as the page shows it, in its order."""
    return dict(re.findall(r'id="tile-(\w+)" data-state="(\w+)"', page))


def set_columns(app, **values) -> None:
    with app.app_context():
        for name, value in values.items():
            setattr(db.session.query(Gallery).one(), name, value)
        db.session.commit()


def test_a_person_asks_and_gets_every_method(ann, explained, paint, asked):
    assert "Compare methods" in ann.get(explained).text
    assert set(states(ann.get(f"{explained}/gallery").text).values()) == {"none"}
    sent = ann.send(f"{explained}/gallery")
    assert sent.headers["Location"] == f"{explained}/gallery"
    page = ann.get(f"{explained}/gallery").text
    assert set(states(page).values()) == {"waiting"}
    assert "0 of 8 methods are done" in page and "http-equiv" in page
    assert paint() == 1
    page = ann.get(f"{explained}/gallery").text
    assert list(states(page)) == in_order(ABOUT) == asked()
    assert set(states(page).values()) == {"done"}
    assert "All 8 methods are done" in page and "http-equiv" not in page
    assert "Research use only" in page
    for about in ABOUT.values():
        for words in (about.title, about.shows, about.limit):
            assert words.replace("'", "&#39;") in page
    assert "See the comparison" in ann.get(explained).text


def test_the_default_method_stands_first_with_its_limits(ann, compared):
    page = ann.get(f"{compared}/gallery").text
    assert next(iter(states(page))) == SHOWN_FIRST
    assert page.count("Shown first with every answer") == 1
    study = ann.get(compared).text
    radios = re.findall(r'<input type="radio" name="map" value="(\w+)"', study)
    assert radios[:2] == ["none", SHOWN_FIRST]
    for method in radios[1:]:
        limits = re.search(rf'<details class="limits of-{method} .*?</details>', study, re.S)[0]
        assert ABOUT[method].limit in limits.replace("&#39;", "'")


def test_what_is_finished_is_shown_while_the_rest_is_computed(ann, app, compared):
    with app.app_context():
        maps = db.session.query(Gallery).one().maps
    some = dict(list(maps.items())[:3])
    set_columns(app, maps=some, due=clock.now() + timedelta(minutes=1), attempts=1)
    found = states(ann.get(f"{compared}/gallery").text)
    assert list(found.values()) == ["done"] * 3 + ["running"] + ["waiting"] * 4
    status = ann.get(f"{compared}/gallery/status").json
    assert (status["finished"], status["of"], status["done"]) == (3, 8, False)
    last = list(found)[-1]
    assert ann.get(f"{compared}/gallery/heat/{last}.png").status_code == 404
    assert ann.get(f"{compared}/gallery/overlay/{last}.png").status_code == 404


def test_pictures_can_be_seen_and_saved(ann, compared):
    for method in ABOUT:
        layer = ann.get(f"{compared}/gallery/heat/{method}.png", buffered=True)
        assert layer.headers["Cache-Control"] == "no-store"
        assert Image.open(io.BytesIO(layer.data)).size == (700, 500)
        saved = ann.get(f"{compared}/gallery/overlay/{method}.png")
        assert "attachment" in saved.headers["Content-Disposition"]
        assert Image.open(io.BytesIO(saved.data)).format == "PNG"
    assert ann.get(f"{compared}/gallery/heat/lime.png").status_code == 404


def test_the_table_says_which_leads_stand_out(ann, app, compared):
    with app.app_context():
        maps = db.session.query(Gallery).one().maps
    set_columns(app, maps={method: {**seen, "hottest": ["V2"]} for method, seen in maps.items()})
    page = ann.get(f"{compared}/gallery").text
    assert page.count('<span class="unseen">stands out</span>') == 8
    assert '<td class="number">8</td>' in page
    assert page.count("Hottest leads: V2.") == 16  # said under the map and to who cannot see it


def test_asking_twice_changes_nothing(ann, app, explained, paint, asked):
    for _ in range(3):
        assert ann.send(f"{explained}/gallery").status_code == 302
    paint()
    assert ann.send(f"{explained}/gallery").status_code == 302
    assert paint() == 0
    assert len(asked()) == 8
    with app.app_context():
        actions = [event.action for event in db.session.query(AuditEvent)]
    assert actions.count("study.compare") == 1


def test_there_is_nothing_to_compare_before_an_explanation(ann, app, upload, work):
    study = upload(ann)
    answer = ann.send(f"{study}/gallery", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "not_explained")
    assert ann.get(f"{study}/gallery").status_code == 404
    with app.app_context():
        assert db.session.query(Gallery).count() == 0


def test_people_ask_so_often_and_no_more(ann, explained):
    token = ann.token("/account")
    codes = [
        ann.post(f"{explained}/gallery", data={"csrf_token": token}).status_code for _ in range(31)
    ]
    assert codes == [302] * 30 + [429]


def test_a_worker_that_does_not_run_is_told(ann, app, explained):
    ann.send(f"{explained}/gallery")
    assert "has not begun" not in ann.get(f"{explained}/gallery").text
    set_columns(app, created=clock.now() - timedelta(minutes=2))
    assert "The worker that computes them has not begun" in ann.get(f"{explained}/gallery").text


def test_another_version_of_the_model_is_told(ann, app, compared):
    assert "another version" not in ann.get(f"{compared}/gallery").text
    set_columns(app, probability=0.41)
    page = ann.get(f"{compared}/gallery").text
    assert "another version of the model" in page and "41\u202f%" in page


def test_the_comparison_goes_with_the_study(ann, app, compared):
    files = list((app.config["STATE"] / "studies").glob("??/*/gallery-*"))
    assert len(files) == 16
    ann.send(f"{compared}/delete")
    assert list((app.config["STATE"] / "studies").glob("??/*")) == []
    with app.app_context():
        assert db.session.query(Gallery).count() == 0
    assert ann.get(f"{compared}/gallery").status_code == 404


def test_the_comparison_goes_with_the_account(ann, app, compared):
    from tests.webapp.conftest import PASSWORD

    ann.send("/account/delete", {"delete-current": PASSWORD})
    assert list((app.config["STATE"] / "studies").glob("??/*")) == []
    with app.app_context():
        assert db.session.query(Gallery).count() == 0


def test_a_failed_method_leaves_the_others_and_can_be_asked_for_again(
    ann, explained, paint, orders
):
    (orders / "score_cam").write_text(painters.FAIL)
    (orders / "smoothgrad").write_text(painters.NONSENSE)
    ann.send(f"{explained}/gallery")
    paint()
    page = ann.get(f"{explained}/gallery").text
    found = states(page)
    assert [found.pop("score_cam"), found.pop("smoothgrad")] == ["failed", "failed"]
    assert set(found.values()) == {"done"}
    assert page.count("could not be computed for this page") == 2
    assert "ZeroDivisionError" not in page
    for order in orders.glob("s*"):
        order.unlink()
    assert "Ask for them again" in page
    ann.send(f"{explained}/gallery")
    paint()
    assert set(states(ann.get(f"{explained}/gallery").text).values()) == {"done"}


def test_the_row_is_what_the_study_shows(app, compared):
    with app.app_context():
        row = db.session.get(Gallery, UUID(compared.rsplit("/", 1)[1]))
        assert row.study.gallery is row
        assert (row.due, row.error_code, row.probability) == (None, None, 0.93)
        assert all(set(seen) == {"hottest", "region", "outside"} for seen in row.maps.values())


def test_the_study_page_is_ready_for_a_map_of_every_method(ann, explained):
    style = ann.get("/static/studies.css", buffered=True).text
    for method in ABOUT:
        assert f":has(#map-{method}:checked) .sheet .of-{method}" in style
        assert f":has(#map-{method}:checked) .of-table:not(.of-{method})" in style
    for kind in ("heat", "overlay"):  # known, and not sent by this model server
        assert ann.get(f"{explained}/{kind}/saliency.png").status_code == 404
