"""The portal with a stub of the model server, people who upload, and the work of the jobs."""

import io
import re

import pytest

from tests.webapp import databases
from tests.webapp.studies import files, painters, stub_server
from webapp.gallery import jobs as gallery_jobs
from webapp.gallery.painter import Painter
from webapp.studies import jobs


@pytest.fixture
def models():
    """A model server that answers as it is told."""
    with stub_server.serving() as server:
        yield server


@pytest.fixture
def orders(tmp_path):
    """The folder of what the stand-in for the process with TensorFlow is told to do."""
    folder = tmp_path / "orders"
    folder.mkdir()
    return folder


@pytest.fixture
def asked(orders):
    """asked() -> the methods that the stand-in was asked for so far."""

    def read() -> list[str]:
        log = orders / "log"
        return log.read_text().split() if log.exists() else []

    return read


@pytest.fixture
def painter(orders):
    """Asks that stand-in, which starts with the first question and ends with the test."""
    painter = Painter(painters.command(orders), patience=60.0)
    yield painter
    painter.close()


@pytest.fixture
def app(make_app, models, painter):
    """Ann's and Bob's portal, which asks these two."""
    app = make_app(SERVING=models.address, SERVING_CLIENT=None, PAINTER=painter)
    yield app
    if app.extensions["model_server"]:
        app.extensions["model_server"].close()
    queues = app.extensions["queues"]
    for queue in (queues.answers, queues.explanations, app.extensions["gallery"].queue):
        queue.storage.close()


@pytest.fixture
def work(app):
    """work() does what the job process would do now; returns how many jobs that were."""

    def drain(sweep: bool = True) -> int:
        if sweep:
            with app.app_context():
                jobs.sweep()
        queues, done = app.extensions["queues"], 0
        for queue in (queues.answers, queues.explanations):
            while task := queue.dequeue():
                queue.execute(task)
                done += 1
        return done

    return drain


@pytest.fixture
def paint(app):
    """paint() does what the gallery's worker would do now; returns how many jobs that were."""

    def drain() -> int:
        with app.app_context():
            gallery_jobs.sweep()
        queue, done = app.extensions["gallery"].queue, 0
        while task := queue.dequeue():
            queue.execute(task)
            done += 1
        return done

    return drain


@pytest.fixture
def upload():
    """upload(browser, data) -> address of the study."""

    def send(browser, data: bytes | None = None, name: str = "page.png", **fields) -> str:
        data = files.png() if data is None else data
        form = {"files": (io.BytesIO(data), name), **fields}
        response = browser.send("/studies", form, content_type="multipart/form-data")
        assert response.status_code == 302, response.text
        assert re.fullmatch(r"/studies/[0-9a-f-]{36}", response.headers["Location"])
        return response.headers["Location"]

    return send


@pytest.fixture
def explained(ann, upload, work):
    """The address of Ann's study, answered and explained."""
    study = upload(ann)
    work()
    assert ann.get(f"{study}/status").json["stage"] == "explained"
    return study


@pytest.fixture
def compared(ann, explained, paint):
    """The address of Ann's study, with its comparison of all methods."""
    ann.send(f"{explained}/gallery")
    paint()
    assert ann.get(f"{explained}/gallery/status").json["done"]
    return explained


@pytest.fixture
def redis_url():
    """A database of a running Redis that no other test uses; skips the test where none runs."""
    with databases.empty_redis() as url:
        yield url.rsplit("/", 1)[0] + "/8"
