"""Uploads that are wrong, hostile, repeated or unlucky: a clear message, nothing left behind."""

import errno
import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.webapp.studies import files
from webapp.extensions import db
from webapp.models import AuditEvent, Study
from webapp.problems import Busy
from webapp.security.limits import KEPT_FREE, MOST_EACH, Turns
from webapp.studies import intake
from webapp.studies import upload as uploading

JSON = {"Accept": "application/json"}


def kept(app) -> tuple[int, int]:
    """(studies in the database, folders and files on disk)"""
    with app.app_context():
        rows = db.session.query(Study).count()
        db.session.rollback()
    state = app.config["STATE"]
    return rows, len(list((state / "studies").glob("??/*"))) + len(list(state.glob("incoming/*")))


def send(browser, *parts, headers=None, **fields):
    given = [(io.BytesIO(data), name) for name, data in parts]
    return browser.send(
        "/studies",
        {"files": given, **fields},
        content_type="multipart/form-data",
        headers=headers or {},
    )


@pytest.mark.parametrize(
    ("data", "status", "code", "words"),
    [
        (b"", 400, "empty", "The file is empty"),
        (b"hello", 415, "not_an_image", "This is not a picture"),
        (b"%PDF-1.7", 415, "unsupported_format", "This is a PDF file"),
        (files.png()[:2000], 422, "truncated", "damaged or cut off"),
        (files.bomb(), 422, "too_many_pixels", "megapixels"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_is_no_page_gets_a_reason(ann, app, data, status, code, words):
    page = send(ann, ("ward.png", data))
    assert page.status_code == status
    assert words in page.text and "ward.png" in page.text and "Traceback" not in page.text
    answer = send(ann, ("ward.png", data), headers=JSON)
    assert answer.status_code == status
    assert answer.json["errors"][0]["code"] == code
    assert kept(app) == (0, 0)


def test_no_file(ann, app):
    for parts in ((), (("", b""),)):
        answer = send(ann, *parts, headers=JSON)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "no_file")
    assert "No file was chosen" in send(ann).text
    assert kept(app) == (0, 0)


def test_many_files_at_once_each_get_what_they_deserve(ann, app):
    page = send(ann, ("a.png", files.png()), ("b.txt", b"hello"), ("c.jpg", files.jpeg()))
    assert page.headers["Location"] == "/studies"
    history = ann.get("/studies").text
    assert "2 pages were uploaded." in history
    assert "b.txt: This is not a picture" in history
    assert kept(app) == (2, 2)


def test_too_large_is_refused_before_the_body_is_read(ann, app, monkeypatch):
    token = ann.token("/account")
    body = io.BytesIO()  # nothing is there to be read
    for size, status in ((202_000_000, 413), (2_000_000_000_000, 413)):
        answer = ann.post(
            "/studies",
            input_stream=body,
            headers={"X-CSRFToken": token, **JSON},
            content_type="multipart/form-data; boundary=x",
            environ_overrides={"CONTENT_LENGTH": str(size)},
        )
        assert answer.status_code == status
        assert answer.json["error"]["code"] == "too_large"
    assert kept(app) == (0, 0)


def test_a_stranger_s_body_is_not_read_either(browser):
    answer = browser.post(
        "/studies",
        input_stream=io.BytesIO(),
        headers=JSON,
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "100000000"},
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "log_in")


def test_a_file_above_the_limit_that_hides_its_length(ann, app, monkeypatch):
    monkeypatch.setattr(intake, "MAX_BYTES", 1000)
    answer = send(ann, ("page.png", files.png()), headers=JSON)
    assert answer.status_code == 413
    assert answer.json["errors"][0]["code"] == "too_large"
    assert kept(app) == (0, 0)


@pytest.mark.parametrize("parts", [33, 1001])
def test_a_thousand_and_one_parts(ann, app, parts):
    answer = send(ann, *[(f"{number}.png", b"x") for number in range(parts)], headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")
    assert "at most 30 files" in answer.json["error"]["message"]
    assert kept(app) == (0, 0)


class Stalled(io.BytesIO):
    """A body that begins and then stops on its way, as the socket tells it."""

    def read(self, size=-1):
        if found := super().read(size):
            return found
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


def test_an_upload_that_stops_on_its_way(ann, app):
    answer = ann.post(
        "/studies",
        input_stream=Stalled(b'--x\r\nContent-Disposition: form-data; name="files"'),
        headers={"X-CSRFToken": ann.token("/account"), **JSON},
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "1000"},
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (408, "cut_off")
    assert kept(app) == (0, 0)


def test_many_uploads_at_once_leave_threads_for_others(ann, app):
    turns = app.extensions["turns"]
    others = [f"person {number % 10}" for number in range(app.config["THREADS"] - KEPT_FREE)]
    for other in others:
        turns.take(other)
    answer = send(ann, ("a.png", files.png()), headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "busy")
    assert answer.headers["Retry-After"]
    assert ann.get("/studies").status_code == 200
    turns.give_back(others[0])
    for _ in range(3):  # each ends with its request, whatever becomes of it
        assert send(ann, ("a.png", files.png()), headers=JSON).status_code == 201
        assert send(ann, ("b.png", b"hello"), headers=JSON).status_code == 415


def test_one_person_takes_four_threads_at_most():
    turns = Turns(24)
    for _ in range(MOST_EACH):
        turns.take("ann")
    with pytest.raises(Busy):
        turns.take("ann")
    turns.take("bob")
    turns.give_back("ann")
    turns.take("ann")


@pytest.mark.parametrize(
    "name",
    ["../../../tmp/x.png", "a\0b.png", "\u202egnp.png", "x" * 5000],
    ids=["path", "nul", "direction", "long"],
)
def test_odd_names_stay_names(ann, app, name):
    answer = send(ann, (name, files.png()), headers=JSON)
    assert answer.status_code == 201
    shown = answer.json["studies"][0]["name"]
    assert len(shown) <= 120 and not set(shown) & set("/\0\u202e")
    inside = {path for path in app.config["STATE"].rglob("*") if path.is_file()}
    assert not any("x" * 20 in path.name or "gnp" in path.name for path in inside)
    assert kept(app) == (1, 1)


def test_a_double_click_makes_one_study(ann, app):
    twice = [
        send(ann, ("page.png", files.png()), token="0123456789abcdef").headers["Location"]
        for _ in range(2)
    ]
    assert twice[0] == twice[1]
    assert kept(app) == (1, 1)
    other = send(ann, ("page.png", files.png()), token="another-token-1").headers["Location"]
    assert other != twice[0]


def test_two_requests_with_one_token_at_the_same_moment_make_one_study(ann, app, monkeypatch):
    both = threading.Barrier(2)
    write = uploading.write_pictures

    def meet(*args):
        taken = write(*args)
        both.wait(20)
        return taken

    monkeypatch.setattr(uploading, "write_pictures", meet)
    token = ann.token("/account")

    def one(_):
        browser = app.test_client()
        browser._cookies = ann._cookies.copy()
        form = {"csrf_token": token, "token": "0123456789", "files": (io.BytesIO(files.png()), "a")}
        return browser.post("/studies", data=form, content_type="multipart/form-data")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(one, range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert kept(app) == (1, 1)


def test_a_damaged_token(ann, app):
    answer = send(ann, ("page.png", files.png()), token="'; DROP TABLE", headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_token")
    assert kept(app) == (0, 0)


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("place", ["arriving", "writing"])
def test_a_full_disk(ann, app, monkeypatch, place):
    if place == "arriving":
        monkeypatch.setattr(tempfile, "TemporaryFile", full)
    else:
        monkeypatch.setattr(intake, "_write_page", full)
    answer = send(ann, ("page.png", files.png()), headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (507, "no_room")
    assert "no room left" in send(ann, ("page.png", files.png())).text
    assert kept(app) == (0, 0)


def test_a_full_disk_under_the_database(ann, app, monkeypatch):
    def full_database(*_, **__):
        raise OperationalError("statement", {}, Exception("database or disk is full"))

    monkeypatch.setattr("webapp.audit.record", full_database)
    answer = send(ann, ("page.png", files.png()), headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (507, "no_room")
    assert kept(app) == (0, 0)


def test_a_locked_database(ann, app, monkeypatch):
    token = ann.token("/account")
    with app.app_context():
        engine = db.engine
    with engine.connect() as other:
        other.execute(text("PRAGMA busy_timeout = 50"))
        other.commit()
    engine.dispose()
    monkeypatch.setattr("webapp.extensions.SQLITE_WAIT", 50)
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        form = {"csrf_token": token, "files": (io.BytesIO(files.png()), "page.png")}
        answer = ann.post("/studies", data=form, content_type="multipart/form-data", headers=JSON)
        other.rollback()
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
    assert kept(app) == (0, 0)
    assert send(ann, ("page.png", files.png())).status_code == 302


def test_a_database_that_is_gone(ann, app, monkeypatch):
    token = ann.token("/account")

    def gone(*_, **__):
        raise OperationalError("statement", {}, Exception("server closed the connection"))

    monkeypatch.setattr("webapp.audit.record", gone)
    form = {"csrf_token": token, "files": (io.BytesIO(files.png()), "page.png")}
    answer = ann.post("/studies", data=form, content_type="multipart/form-data")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    monkeypatch.undo()
    assert kept(app) == (0, 0)


def test_a_session_that_ends_during_the_upload(ann, app, monkeypatch):
    token = ann.token("/account")
    write = uploading.write_pictures
    other = app.test_client()
    other._cookies = ann._cookies.copy()

    def log_out_meanwhile(*args):
        assert other.post("/log-out", data={"csrf_token": token}).status_code == 302
        return write(*args)

    monkeypatch.setattr(uploading, "write_pictures", log_out_meanwhile)
    form = {"csrf_token": token, "files": (io.BytesIO(files.png()), "page.png")}
    # Who was logged in when the upload began may finish it; the page waits in the history.
    answer = ann.post("/studies", data=form, content_type="multipart/form-data")
    assert answer.status_code == 302
    assert kept(app) == (1, 1)
    assert ann.get(answer.headers["Location"]).status_code == 302  # to the log-in
    ann.log_in()
    assert ann.get(answer.headers["Location"]).status_code == 200


def test_a_session_that_has_ended_before(ann, app):
    token = ann.token("/account")
    ann.log_out()
    form = {"csrf_token": token, "files": (io.BytesIO(files.png()), "page.png")}
    answer = ann.post("/studies", data=form, content_type="multipart/form-data", headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "log_in")
    assert kept(app) == (0, 0)


def test_without_a_csrf_token(ann, app):
    form = {"files": (io.BytesIO(files.png()), "page.png")}
    assert ann.post("/studies", data=form, content_type="multipart/form-data").status_code == 400
    assert kept(app) == (0, 0)


def test_no_file_name_in_logs_or_audit(ann, app, caplog, capfd):
    send(ann, ("Mustermann_Max_1944.png", files.png()))
    send(ann, ("Mustermann_Max_1944.png", b"hello"))
    written = caplog.text + "".join(capfd.readouterr())
    assert "Mustermann" not in written and "Ann Example" not in written
    with app.app_context():
        events = [event for event in db.session.query(AuditEvent) if event.study_id]
    assert [event.action for event in events] == ["study.upload"]
