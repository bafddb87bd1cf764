"""Who uses the portal that `scripts/bench.py portal` measures: people, and a long history."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import urllib3

from common import ROOT

PASSWORD = "measured many times over"
PAGE = (1572, 2213)  # rows and columns
HISTORY = 10_000  # studies of one person
FIRST_POLL, SLOWER = 0.15, 1.25  # as webapp/static/waiting.js asks


class Person:
    """Somebody who is logged in."""

    def __init__(self, portal: str, login: str):
        self.http = urllib3.connection_from_url(portal, maxsize=2, timeout=300.0, retries=False)
        self.cookie = ""
        page = self.call("GET", "/log-in").data.decode()
        fields = {"csrf_token": token_of(page), "login": login, "password": PASSWORD}
        if self.call("POST", "/log-in", fields).status != 302:
            raise RuntimeError(f"{login} could not log in")
        self.token = token_of(self.call("GET", "/").data.decode())

    def call(self, method: str, path: str, fields: dict | None = None, **headers):
        """One request with the cookie; keeps the cookie of the answer."""
        response = self.http.request(
            method, path, fields=fields, headers={"Cookie": self.cookie, **headers}, redirect=False
        )
        if given := response.headers.get("Set-Cookie"):
            self.cookie = given.split(";")[0]
        return response

    def upload(self, data: bytes, explained: bool = True) -> tuple[float, float]:
        """Seconds from the upload to the answer, and to the explanation."""
        start = time.perf_counter()
        fields = {"csrf_token": self.token, "files": ("page.jpg", data, "image/jpeg")}
        response = self.call("POST", "/studies", fields, Accept="application/json")
        if response.status != 201:
            raise RuntimeError(f"an upload got {response.status}: {response.data[:200]}")
        status = response.json()["studies"][0]["status_url"]
        answered, pause = None, FIRST_POLL
        while True:
            time.sleep(pause)
            pause = min(pause * SLOWER, 3.0)
            state = self.call("GET", status, Accept="application/json").json()
            if state["label"] and answered is None:
                answered = time.perf_counter() - start
                pause = FIRST_POLL
            if state["done"] or (answered and not explained):
                return answered, time.perf_counter() - start

    def history_times(self, number: int) -> list[float]:
        """Seconds of so many looks at the history: first pages, later pages, searches."""
        day = (datetime.now(UTC) - timedelta(days=6)).date()
        queries = ("", "?page=200", "?q=ward+77", "?answer=refer", f"?from={day}&page=9")
        took = []
        for turn in range(number):
            start = time.perf_counter()
            response = self.call("GET", f"/studies{queries[turn % len(queries)]}")
            took.append(time.perf_counter() - start)
            if response.status != 200 or b"study-card" not in response.data:
                raise RuntimeError(f"the history got {response.status}")
        return took


def token_of(page: str) -> str:
    """The CSRF token of a page."""
    return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]


@contextmanager
def running(state: Path) -> Iterator[str]:
    """The address of a portal that is ready."""
    from processes import free_port

    port = free_port()
    environment = os.environ | {"ECG_TF_STATE": str(state), "ECG_TF_PORT": str(port)}
    environment.pop("ECG_TF_SERVING", None)
    with open(state / "start.log", "w") as log:
        command = [sys.executable, str(ROOT / "scripts" / "portal.py")]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    http = urllib3.PoolManager(retries=False, timeout=10.0)
    try:
        while not says_yes(http, f"{address}/ready"):
            if process.poll() is not None:
                raise RuntimeError((state / "start.log").read_text()[-2000:])
            time.sleep(0.5)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)


def says_yes(http: urllib3.PoolManager, url: str) -> bool:
    """Whether something answers there with 200."""
    try:
        return http.request("GET", url).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def in_database(state: Path, work: Callable) -> list:
    """`work` inside an application on the same folder."""
    from webapp import create_app
    from webapp.extensions import db

    app = create_app({"STATE": state, "TESTING": True})
    with app.app_context():
        found = work()
        db.session.commit()
        db.engine.dispose()
    return found


def make_people(state: Path, number: int) -> list[str]:
    """The log-in names of so many new people."""
    from webapp.auth.passwords import hash_password
    from webapp.extensions import db
    from webapp.models import User

    def make() -> list[str]:
        secret = hash_password(PASSWORD)
        logins = [f"person{each}@example.org" for each in range(number)]
        for login in logins:
            db.session.add(User(login=login, name="A Person", password_hash=secret))
        return logins

    return in_database(state, make)


def fill_history(state: Path, login: str) -> None:
    """10,000 answered studies for one person."""
    from sqlalchemy import insert, select

    from ecg_tf.labels import LABELS
    from webapp.extensions import db
    from webapp.models import Study, User

    def fill() -> None:
        user_id = db.session.scalar(select(User.id).where(User.login == login))
        begin = datetime.now(UTC) - timedelta(days=8)  # older ones would be deleted
        rows = [
            {
                "user_id": user_id,
                "created": begin + timedelta(minutes=each),
                "name": f"ward {each}.png",
                "storage_key": f"{each:032x}",
                "sha256": "0" * 64,
                "width": 2213,
                "height": 1572,
                "size": 800_000,
                "status": "answered",
                "label": LABELS[each % 4],
                "confidence": 0.9,
                "decision": "refer" if each % 5 else "answer",
                "explanation": {"text": "x" * 3000},
            }
            for each in range(HISTORY)
        ]
        db.session.execute(insert(Study), rows)

    in_database(state, fill)


def jpeg() -> bytes:
    """A drawn page as a scanner would give it."""
    from PIL import Image

    from ecg_tf.pages.synthetic import draw

    page = draw(104, "myocardial_infarction", "3x4+1", size=PAGE, whole=True, style="banner")
    file = io.BytesIO()
    Image.fromarray(page.image).save(file, "JPEG", quality=90)
    return file.getvalue()
