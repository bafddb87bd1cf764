"""The history: searched, narrowed, paged, and quick with many studies."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, insert

from ecg_tf.labels import LABELS
from webapp.extensions import db
from webapp.models import Study, User
from webapp.studies.listing import PER_PAGE, Wanted


@pytest.fixture
def many(app, ann):
    """60 studies of Ann's, an hour apart from 1 March 2026 0:00 on."""
    with app.app_context():
        user = db.session.query(User).one()
        rows = [row(user.id, number) for number in range(60)]
        db.session.execute(insert(Study), rows)
        db.session.commit()
    return ann


def row(user_id, number: int) -> dict:
    label = LABELS[number % 4]
    state = {"status": "answered", "label": label, "confidence": 0.9, "decision": "answer"}
    if number % 10 == 5:
        state["decision"] = "refer"
    if number % 10 == 6:
        state["decision"] = "refuse"
    if number == 59:
        state = {"status": "waiting", "label": None, "confidence": None, "decision": None}
    return state | {
        "user_id": user_id,
        "created": datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=number),
        "name": f"Ward {number} 100%_done.png",
        "storage_key": f"{number:032x}",
        "sha256": "0" * 64,
        "width": 10,
        "height": 10,
        "size": 100,
    }


def names(page) -> list[int]:
    return [int(number) for number in re.findall(r'study-name">Ward (\d+) ', page.text)]


def test_newest_first_in_pages(many):
    first = many.get("/studies")
    assert names(first) == list(range(59, 59 - PER_PAGE, -1))
    assert "60 studies, page 1 of 3" in first.text
    assert 'rel="prev"' not in first.text and "page=2" in first.text
    last = many.get("/studies?page=3")
    assert names(last) == list(range(11, -1, -1))
    assert 'rel="next"' not in last.text
    assert names(many.get("/studies?page=999")) == names(last)


@pytest.mark.parametrize("query", ["q=ward+17", "q=WARD+17", "q=17+100%25"])
def test_search(many, query):
    page = many.get(f"/studies?{query}")
    assert names(page) == [17]
    assert "1 study found" in page.text


@pytest.mark.parametrize("text", ["100%25_x", "_ard", "%25%25", "'; DROP TABLE study; --", "\0"])
def test_signs_of_patterns_are_letters(many, text):
    page = many.get("/studies", query_string={"q": text.replace("%25", "%")})
    assert page.status_code == 200
    assert names(page) == ([] if text != "\0" else names(many.get("/studies")))


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        ("normal", lambda n: n % 4 == 0 and n % 10 != 6),
        ("abnormal_heartbeat", lambda n: n % 4 == 3 and n % 10 != 6 and n != 59),
        ("refer", lambda n: n % 10 == 5),
        ("refuse", lambda n: n % 10 == 6),
        ("waiting", lambda n: n == 59),
    ],
)
def test_narrowed_by_answer(many, answer, test):
    assert names(many.get(f"/studies?answer={answer}")) == [n for n in range(59, -1, -1) if test(n)]


def test_narrowed_by_days_both_included(many):
    assert names(many.get("/studies?from=2026-03-02&to=2026-03-02")) == list(range(47, 23, -1))
    assert names(many.get("/studies?to=2026-02-28")) == []
    assert "Nothing fits" in many.get("/studies?to=2026-02-28").text


def test_what_is_not_understood_is_passed_over(many):
    for query in (
        "page=0x1",
        "page=-1",
        "page=²",
        "from=yesterday",
        "answer=flutter",
        "to=9999-12-31",
    ):
        assert many.get(f"/studies?{query}").status_code == 200
    assert Wanted.read({"page": "9" * 30, "q": "x" * 500}).text == "x" * 100


def test_the_links_keep_what_was_asked(many):
    page = many.get("/studies?q=ward&from=2026-03-01&page=2").text
    assert "/studies?q=ward&amp;from=2026-03-01&amp;page=3" in page


def test_a_page_of_the_list_takes_few_queries_and_an_index(app, many):
    asked = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    many.get("/studies?answer=normal")
    studies = [(sql, values) for sql, values in asked if "FROM study" in sql]
    assert len(studies) == 2  # the number and the rows, whatever their number
    assert not any("explanation" in sql for sql, _ in studies)
    with engine.connect() as connection:
        for sql, values in studies:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            assert "ix_study_user_id_created" in str(plan)
            assert "TEMP B-TREE FOR ORDER BY" not in str(plan).replace("LAST TERM OF ", "LAST ")


def test_counting_reads_the_index_alone(app, many):
    """Rows hold their explanation, some kilobytes each; ten thousand of them take a while."""
    asked = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    many.get("/studies")
    sql, values = next(given for given in asked if "count(" in given[0])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
    assert "COVERING INDEX ix_study_user_id_created" in str(plan)


def test_an_empty_history_says_where_to_begin(ann):
    assert "Nothing here yet" in ann.get("/studies").text
    assert "Your latest studies" not in ann.get("/").text
