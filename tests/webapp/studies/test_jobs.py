"""Jobs: a model server that is down, slow or killed, a queue that is lost, a worker that dies."""

import os
import signal
import subprocess
import sys
import time as real_time
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from serving.client import Client
from webapp import clock
from webapp.extensions import db
from webapp.models import Study
from webapp.studies import explaining, jobs, tasks


@pytest.fixture
def stored(app):
    """stored(address) -> the study as it is in the database."""

    def load(address: str) -> Study:
        with app.app_context():
            return db.session.get(Study, UUID(address.rsplit("/", 1)[1]))

    return load


@pytest.fixture
def later(app):
    """later(seconds=90) makes what is due by then due now."""

    def turn(seconds: float) -> None:
        with app.app_context():
            for study in db.session.query(Study).filter(Study.due.is_not(None)):
                study.due -= timedelta(seconds=seconds)
            db.session.commit()

    return turn


def test_a_server_that_is_down_delays_the_answer_only(
    ann, upload, work, models, stored, later, monkeypatch
):
    monkeypatch.setattr(tasks, "_next", lambda _: clock.now() + timedelta(seconds=600))
    models.up = False
    study = upload(ann)
    work()
    page = ann.get(study)
    assert page.status_code == 200
    assert "The model server is away" in page.text
    assert "will be answered by itself" in page.text
    assert ann.get(f"{study}/status").json["away"] is True
    assert ann.get("/live").status_code == 200
    assert ann.get("/ready").status_code == 503
    found = stored(study)
    assert (found.status, found.attempts, found.error_code) == ("waiting", 1, "unavailable")
    assert found.due > clock.now()
    assert work() == 0  # not before it is due
    models.up = True
    later(600)
    assert work() == 2
    assert "Myocardial infarction" in ann.get(study).text
    assert stored(study).error_code is None


def test_the_pause_between_attempts_grows_and_is_bounded(ann, upload, work, models, stored, later):
    models.up = False
    study, pauses = upload(ann), []
    work()
    for _ in range(6):
        pauses.append((stored(study).due - clock.now()).total_seconds())
        later(60)
        work()
    assert pauses[0] < pauses[2] < pauses[-1] <= tasks.LONGEST_PAUSE


def test_no_server_at_all(make_app, tmp_path, upload, work):
    app = make_app(
        STATE=tmp_path / "alone",
        SERVING_CLIENT=Client("grpc://127.0.0.1:1", timeout=0.5, attempts=1),
    )
    browser = app.test_client()
    browser.sign_up()
    study = upload(browser)
    queue = app.extensions["queues"].answers
    queue.execute(queue.dequeue())
    queue.storage.close()
    app.extensions["queues"].explanations.storage.close()
    app.extensions["model_server"].close()
    assert "The model server is away" in browser.get(study).text


@pytest.mark.parametrize("how", ["slow", "killed"])
def test_a_server_that_is_slow_or_killed_in_the_middle(
    app, ann, upload, work, models, stored, later, how
):
    client = Client(models.address, timeout=0.4, explain_timeout=30, attempts=1)
    app.extensions["model_server"] = client
    models.seconds, models.killed = (1.0, False) if how == "slow" else (0.0, True)
    study = upload(ann)
    work()
    assert stored(study).status == "waiting"
    assert stored(study).error_code == ("deadline" if how == "slow" else "unavailable")
    assert "The model server is away" in ann.get(study).text
    models.seconds, models.killed = 0.0, False
    client._timeout = 30  # this machine may be slow, too
    later(30)
    work()
    assert stored(study).status == "answered"


def test_an_explanation_that_fails_at_first_comes_later(ann, app, upload, work, models, later):
    study = upload(ann)
    queue = app.extensions["queues"].answers
    queue.execute(queue.dequeue())
    models.up = False
    work(sweep=False)
    page = ann.get(study).text
    assert "Myocardial infarction" in page
    assert "The explanation is late" in page
    models.up = True
    later(30)
    work()
    assert ann.get(f"{study}/status").json["stage"] == "explained"


def test_a_lost_queue_loses_no_job(ann, app, upload, work, later):
    study = upload(ann)
    app.extensions["queues"].answers.flush()
    assert work() == 0
    later(120)
    assert work() == 2
    assert ann.get(f"{study}/status").json["done"] is True


def test_a_queue_that_is_out_of_reach_loses_no_upload(ann, app, upload, work, monkeypatch, later):
    def gone(*_):
        raise ConnectionError("the queue is gone")

    monkeypatch.setattr(app.extensions["queues"].answers.storage, "enqueue", gone)
    study = upload(ann)
    monkeypatch.undo()
    later(120)
    work()
    assert ann.get(f"{study}/status").json["done"] is True


def test_a_worker_that_starts_takes_up_what_the_last_one_left(ann, app, upload, work):
    study = upload(ann)
    assert app.extensions["queues"].answers.dequeue()  # and then it was killed
    assert work() == 0
    with app.app_context():
        jobs.resume()
    assert work() == 2
    assert ann.get(f"{study}/status").json["done"] is True


def test_a_job_that_runs_twice_finds_its_work_done(ann, app, upload, work, models):
    study = upload(ann)
    with app.app_context():
        for _ in range(3):
            jobs.put(UUID(study.rsplit("/", 1)[1]), "waiting")
    work()
    assert models.seen == ["ecg", "ecg_explain"]


def test_the_sweep_fills_a_queue_up_to_its_bound(ann, app, upload, monkeypatch, later):
    monkeypatch.setattr(jobs, "MOST_QUEUED", 3)
    for _ in range(5):
        upload(ann)
    app.extensions["queues"].answers.flush()
    later(120)
    with app.app_context():
        assert [jobs.sweep(), jobs.sweep()] == [3, 0]
        app.extensions["queues"].answers.flush()
        assert [jobs.sweep(), jobs.sweep()] == [2, 0]


def test_a_page_that_the_model_refuses(ann, app, upload, work, models, stored, monkeypatch):
    monkeypatch.setattr(models, "rows", lambda *_: (_ for _ in ()).throw(OSError()))
    study = upload(ann)
    work()
    assert (stored(study).status, stored(study).due) == ("failed", None)
    page = ann.get(study).text
    assert "could not read this page" in page and "Try again" in page
    assert ann.get(f"{study}/result.json").status_code == 404
    monkeypatch.undo()
    assert ann.send(f"{study}/again").status_code == 302
    work()
    assert stored(study).status == "answered"


def test_a_fault_of_our_own_is_told_and_can_be_tried_again(
    ann, app, upload, work, stored, monkeypatch
):
    monkeypatch.setattr(tasks, "reason", lambda _: 1 / 0)
    study = upload(ann)
    work()
    assert "Something went wrong on our side" in ann.get(study).text
    assert "ZeroDivisionError" not in ann.get(study).text
    monkeypatch.undo()
    ann.send(f"{study}/again")
    work()
    assert stored(study).status == "answered"


def test_an_explanation_that_breaks_leaves_the_answer(ann, upload, work, stored, monkeypatch):
    monkeypatch.setattr(explaining, "measure", lambda *_: 1 / 0)
    study = upload(ann)
    work()
    page = ann.get(study).text
    assert "Myocardial infarction" in page
    assert "The explanation could not be made." in page
    assert ann.get(f"{study}/report.pdf").data.startswith(b"%PDF")
    monkeypatch.undo()
    ann.send(f"{study}/again")
    work()
    assert stored(study).explained


def test_a_study_deleted_before_and_during_its_job(ann, app, upload, work, models, monkeypatch):
    study = upload(ann)
    ann.send(f"{study}/delete")
    assert work() == 1
    assert models.seen == []
    second = upload(ann)
    rows = models.rows

    def delete_meanwhile(*args):
        ann.send(f"{second}/delete")
        return rows(*args)

    monkeypatch.setattr(models, "rows", delete_meanwhile)
    assert work() == 1
    assert ann.get(second).status_code == 404
    assert list((app.config["STATE"] / "studies").glob("??/*")) == []


def test_a_database_that_is_away_while_a_job_ends(
    ann, app, upload, work, stored, monkeypatch, later
):
    def gone(*_):
        raise OperationalError("statement", {}, Exception("database is locked"))

    monkeypatch.setattr(tasks, "_write", gone)
    study = upload(ann)
    work()
    monkeypatch.undo()
    assert stored(study).status == "waiting"
    later(120)
    work()
    assert stored(study).status == "answered"


def test_a_full_disk_delays_an_explanation(ann, upload, work, stored, monkeypatch, later):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(explaining, "write_heat", full)
    study = upload(ann)
    work()
    monkeypatch.undo()
    assert (stored(study).status, stored(study).explained) == ("answered", None)
    later(60)
    work()
    assert stored(study).explained


def start_worker(app, models):
    environment = os.environ | {
        "ECG_TF_STATE": str(app.config["STATE"]),
        "ECG_TF_SECRET_KEY": app.config["SECRET_KEY"],
        "ECG_TF_SERVING": models.address,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "webapp.studies.worker"],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(condition, seconds: float = 120.0) -> None:
    end = real_time.monotonic() + seconds
    while not condition():
        assert real_time.monotonic() < end, "it did not happen in time"
        real_time.sleep(0.1)


def test_a_worker_killed_in_the_middle_and_started_again(ann, app, upload, models, stored):
    models.seconds = 60.0
    worker = start_worker(app, models)
    study = upload(ann)
    wait_for(lambda: models.seen or stored(study).attempts)
    worker.kill()
    worker.wait()
    assert stored(study).status == "waiting"
    models.seconds = 0.0
    worker = start_worker(app, models)
    try:
        wait_for(lambda: stored(study).explained)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0


def test_jobs_through_a_real_redis(make_app, models, tmp_path, upload, redis_url):
    app = make_app(
        STATE=tmp_path / "redis", SERVING=models.address, SERVING_CLIENT=None, REDIS_URL=redis_url
    )
    queues = app.extensions["queues"]
    queues.answers.flush()
    queues.explanations.flush()
    browser = app.test_client()
    browser.sign_up()
    study = upload(browser)
    for queue in (queues.answers, queues.explanations):
        queue.execute(queue.dequeue())
    assert browser.get(f"{study}/status").json["stage"] == "explained"
    app.extensions["model_server"].close()
    for queue in (queues.answers, queues.explanations):
        queue.storage.conn.close()
        queue.storage.pool.disconnect()
