"""The gallery's worker: a painter that dies, hangs or breaks, a worker that is killed, Redis."""

import os
import signal
import subprocess
import sys
import time as real_time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from ecg_tf.explain.about import ABOUT, in_order
from tests.webapp.studies import painters
from tests.webapp.studies.test_gallery import set_columns, states
from webapp import clock
from webapp.extensions import db
from webapp.gallery import jobs, tasks
from webapp.models import Gallery

FIRST, SECOND, THIRD = in_order(ABOUT)[:3]


@pytest.fixture
def row(app):
    """row() -> the only comparison as it is in the database."""

    def load() -> Gallery:
        with app.app_context():
            return db.session.query(Gallery).one()

    return load


@pytest.fixture
def asking(ann, explained):
    """The address of a comparison that was asked for."""
    ann.send(f"{explained}/gallery")
    return f"{explained}/gallery"


def make_due(app) -> None:
    set_columns(app, due=clock.now() - timedelta(seconds=1))


@pytest.mark.parametrize("mishap", [painters.DIE, painters.HALF])
def test_a_painter_that_is_killed_is_tried_again(
    ann, app, asking, paint, orders, asked, row, mishap
):
    (orders / THIRD).write_text(mishap)
    paint()
    assert list(row().maps) == [FIRST, SECOND]  # what was finished is kept
    assert row().attempts == 1 and row().due > clock.now() and row().error_code is None
    assert states(ann.get(asking).text)[THIRD] == "running"
    assert paint() == 0  # not before its time
    (orders / THIRD).unlink()
    make_due(app)
    assert paint() == 1
    assert set(states(ann.get(asking).text).values()) == {"done"}
    assert asked().count(FIRST) == 1 and asked().count(THIRD) == 2


def test_a_painter_that_dies_all_the_time_ends_with_a_sentence(
    ann, app, asking, paint, orders, row, log_lines
):
    (orders / THIRD).write_text(painters.DIE)
    for _ in range(3):
        make_due(app)
        paint()
    assert (row().due, row().error_code) == (None, "ended")
    page = ann.get(asking).text
    assert "2 of 8 methods are done" in page and "ended before it was finished" in page
    assert list(states(page).values()) == ["done", "done"] + ["none"] * 6
    assert [line["event"] for line in log_lines()].count("gallery.failed") == 3
    (orders / THIRD).unlink()
    assert "Ask for the rest again" in page
    ann.send(asking)
    paint()
    assert set(states(ann.get(asking).text).values()) == {"done"}


def test_a_painter_that_hangs_is_ended(app, asking, paint, orders, painter, row, monkeypatch):
    (orders / SECOND).write_text(painters.HANG)
    painted = painter.paint

    def hasty_from_the_second_on(page, label, method):
        painter._patience = 1.0 if method == SECOND else 60.0
        return painted(page, label, method)

    monkeypatch.setattr(painter, "paint", hasty_from_the_second_on)
    paint()
    assert list(row().maps) == [FIRST] and row().due
    assert painter.running is None


def test_a_worker_that_was_killed_three_times_gives_up(app, asking, paint, row):
    set_columns(app, attempts=tasks.MOST_ATTEMPTS)
    paint()
    assert (row().due, row().error_code, row().maps) == (None, "ended", {})


def test_a_stop_in_the_middle_is_no_failed_attempt(app, asking, paint, painter, row, monkeypatch):
    painted = painter.paint

    def stop_at_the_third(page, label, method):
        if method == THIRD:
            painter.close()
        return painted(page, label, method)

    monkeypatch.setattr(painter, "paint", stop_at_the_third)
    paint()
    assert list(row().maps) == [FIRST, SECOND]
    assert row().attempts == 0 and row().due <= clock.now() and row().error_code is None


def test_a_lost_queue_loses_no_comparison(app, ann, asking, paint, row):
    app.extensions["gallery"].queue.flush()
    assert paint() == 0
    make_due(app)
    assert paint() == 1
    assert row().due is None


def test_a_queue_that_is_out_of_reach_loses_nothing(app, ann, explained, paint, row, monkeypatch):
    def gone(*_):
        raise ConnectionError("the queue is gone")

    monkeypatch.setattr(app.extensions["gallery"].queue.storage, "enqueue", gone)
    assert ann.send(f"{explained}/gallery").status_code == 302
    monkeypatch.undo()
    make_due(app)
    paint()
    assert row().due is None


def test_a_job_that_runs_twice_finds_its_work_done(app, asking, paint, asked):
    with app.app_context():
        jobs.put(UUID(asking.split("/")[2]))
    assert paint() == 2
    assert len(asked()) == 8


def test_the_sweep_fills_the_queue_up_to_its_bound(app, asking, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_QUEUED", 1)
    make_due(app)
    with app.app_context():
        assert jobs.sweep() == 0  # it is queued already
        app.extensions["gallery"].queue.flush()
        assert [jobs.sweep(), jobs.sweep()] == [1, 0]


def test_the_ordinary_worker_leaves_it_alone(app, asking, work, asked):
    assert work() == 0
    assert asked() == []
    assert app.extensions["gallery"].queue.pending_count() == 1


def test_a_study_deleted_before_and_during_its_comparison(
    ann, app, asking, paint, painter, asked, monkeypatch
):
    painted = painter.paint

    def delete_meanwhile(*args):
        found = painted(*args)
        ann.send(f"{asking.removesuffix('/gallery')}/delete")
        return found

    monkeypatch.setattr(painter, "paint", delete_meanwhile)
    assert paint() == 1
    assert asked() == [FIRST]
    assert list((app.config["STATE"] / "studies").glob("??/*")) == []
    with app.app_context():
        jobs.put(UUID(asking.split("/")[2]))
    assert paint() == 1
    assert asked() == [FIRST]


def test_a_database_that_is_away_delays(app, asking, paint, row, monkeypatch):
    def gone(*_, **__):
        raise OperationalError("statement", {}, Exception("database is locked"))

    monkeypatch.setattr(tasks, "_write", gone)
    paint()
    monkeypatch.undo()
    assert row().error_code is None and row().due
    make_due(app)
    paint()
    assert row().due is None


def test_a_full_disk_delays_and_a_fault_of_ours_is_told(ann, app, asking, paint, row, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tasks, "write_heat", full)
    paint()
    assert row().due and row().error_code is None
    monkeypatch.setattr(tasks, "write_heat", lambda *_: 1 / 0)
    make_due(app)
    paint()
    monkeypatch.undo()
    assert row().due is None
    page = ann.get(asking).text
    assert "Something went wrong on our side" in page and "ZeroDivisionError" not in page


@pytest.fixture
def start_worker(app, models, orders):
    """start_worker() -> the real worker, with the stand-in as its painter."""
    started = []
    code = (
        "import sys; from webapp import create_app; from webapp.gallery.painter import Painter;"
        "from webapp.gallery.worker import run; from tests.webapp.studies.painters import command;"
        "run(create_app({'PAINTER': Painter(command(sys.argv[1]))}))"
    )
    environment = os.environ | {
        "ECG_TF_STATE": str(app.config["STATE"]),
        "ECG_TF_SECRET_KEY": app.config["SECRET_KEY"],
        "ECG_TF_SERVING": models.address,
    }

    def start() -> subprocess.Popen:
        command = [sys.executable, "-c", code, str(orders)]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def wait_for(condition, seconds: float = 120.0) -> None:
    end = real_time.monotonic() + seconds
    while not condition():
        assert real_time.monotonic() < end, "it did not happen in time"
        real_time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def child_of(pid: int) -> int:
    """The only child of a process, whichever thread started it."""
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return int(sum(lists, [])[0])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_ended_in_the_middle_and_started_again(
    asking, start_worker, orders, asked, row, how
):
    (orders / THIRD).write_text(painters.HANG)
    worker = start_worker()
    wait_for(lambda: THIRD in asked())
    painter = child_of(worker.pid)
    worker.send_signal(how)
    assert worker.wait(60) == (0 if how == signal.SIGTERM else -how)
    wait_for(lambda: not is_alive(painter))  # it does not outlive who asked
    assert list(row().maps) == [FIRST, SECOND]
    (orders / THIRD).unlink()
    worker = start_worker()
    wait_for(lambda: row().due is None)
    assert set(row().maps) == set(ABOUT)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0


def test_comparisons_through_a_real_redis(make_app, models, painter, tmp_path, upload, redis_url):
    app = make_app(
        STATE=tmp_path / "redis",
        SERVING=models.address,
        SERVING_CLIENT=None,
        PAINTER=painter,
        REDIS_URL=redis_url,
    )
    queues = app.extensions["queues"]
    all_queues = (queues.answers, queues.explanations, app.extensions["gallery"].queue)
    for queue in all_queues:
        queue.flush()
    browser = app.test_client()
    browser.sign_up()
    study = upload(browser)
    for queue in all_queues[:2]:
        queue.execute(queue.dequeue())
    browser.send(f"{study}/gallery")
    all_queues[2].execute(all_queues[2].dequeue())
    assert browser.get(f"{study}/gallery/status").json["done"] is True
    app.extensions["model_server"].close()
    for queue in all_queues:
        queue.storage.conn.close()
        queue.storage.pool.disconnect()
