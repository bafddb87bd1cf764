"""The portal under measurement: `scripts/bench.py portal`. The whole path, over HTTP.

Starts scripts/start on an empty folder, so the figures hold for what a person runs.
"""

import json
import os
import re
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from bench_visitors import HISTORY, Person, fill_history, jpeg, make_people, running

PEOPLE = 20
LOOKS = 200  # at the history
PATIENCE = 600.0  # seconds for the explanations of the uploads
KEYS = ("VmRSS", "VmHWM")


def measure(pages: int, models: Path | None) -> Iterator[tuple[str, str, str]]:
    """(what, measured, goal) of everything that is measured; `models` saves the export."""
    with tempfile.TemporaryDirectory(prefix="ecg-tf-bench-") as folder:
        state = Path(folder)
        if models:
            shutil.copytree(models, state / "models", symlinks=True)
        with running(state) as portal:
            logins = make_people(state, PEOPLE + 1)
            data = jpeg()
            yield from waits(state, Person(portal, logins[0]), data, pages)
            watcher = Person(portal, logins[0])
            fill_history(state, logins[0])
            yield from history(state, watcher)
            yield from crowd(portal, logins[1:], data, watcher)
            yield from memory("while it explains the 20 pages")
            wait_for_jobs(state)
            yield from memory("afterwards")


def waits(state: Path, person: Person, data: bytes, pages: int) -> Iterator[tuple]:
    """From the upload to the answer and to the explanation, one page at a time."""
    model = own_time(state, data, pages)
    yield "model server alone, one page, p50", f"{model:.3f} s", ""
    took = [person.upload(data) for _ in range(pages)]
    answers = statistics.median(answer for answer, _ in took)
    yield "upload to answer, p50", f"{answers:.3f} s", ""
    yield "the same beyond the model's own time, p50", f"{answers - model:.3f} s", "0.5 s"
    explained = statistics.median(explanation for _, explanation in took)
    yield "upload to explanation, p50", f"{explained:.2f} s", "6 s"


def history(state: Path, person: Person) -> Iterator[tuple]:
    """Looks at a long history: over HTTP, and of it the time within the server, from its log."""
    log = state / "logs" / "portal.log"
    before = log.stat().st_size
    seen = sorted(person.history_times(LOOKS))
    lines = [json.loads(line) for line in log.read_bytes()[before:].decode().splitlines()]
    inside = sorted(line["milliseconds"] for line in lines if line.get("route") == "/studies")
    last = LOOKS * 95 // 100 - 1
    yield f"history of {HISTORY:,} studies, over HTTP, p50", f"{1000 * seen[LOOKS // 2]:.0f} ms", ""
    yield f"history of {HISTORY:,} studies, over HTTP, p95", f"{1000 * seen[last]:.0f} ms", ""
    yield f"history of {HISTORY:,} studies, in the server, p95", f"{inside[last]} ms", "100 ms"


def own_time(state: Path, data: bytes, pages: int) -> float:
    """Seconds that the model server takes for one page, asked directly."""
    from serving.client import Client

    with Client(f"grpc://127.0.0.1:{model_port()}", timeout=60) as client:
        client.predict([data])
        took = []
        for _ in range(pages):
            start = time.perf_counter()
            client.predict([data])
            took.append(time.perf_counter() - start)
    return statistics.median(took)


def model_port() -> int:
    """The port of the model server that this process's portal has started."""
    for command in commands().values():
        if found := re.search(r"serve\.py .*--port=(\d+)", command):
            return int(found[1])
    raise RuntimeError("there is no model server")


def commands() -> dict[int, str]:
    """Process id -> command line of everything below this process."""
    found, below = {}, {os.getpid()}
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda each: int(each.name)):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if parent in below:
            below.add(int(entry.name))
            found[int(entry.name)] = line
    return found


def crowd(portal: str, logins: list[str], data: bytes, watcher: Person) -> Iterator[tuple]:
    """20 people upload at once, while another one looks at pages."""
    people = [Person(portal, login) for login in logins]
    over, looks = threading.Event(), []

    def look() -> None:
        while not over.is_set():
            start = time.perf_counter()
            watcher.call("GET", "/studies")
            looks.append(time.perf_counter() - start)
            time.sleep(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    with ThreadPoolExecutor(len(people)) as pool:
        took = list(pool.map(lambda person: person.upload(data, explained=False)[0], people))
    over.set()
    thread.join()
    number = len(people)
    yield f"{number} people at once: answered", f"{len(took)} of {number}", f"{number} of {number}"
    yield f"{number} people at once: last answer after", f"{max(took):.2f} s", ""
    yield "another person's history meanwhile, p50", f"{1000 * statistics.median(looks):.0f} ms", ""
    yield "another person's history meanwhile, longest", f"{1000 * max(looks):.0f} ms", ""


def wait_for_jobs(state: Path) -> None:
    """Until every study has its explanation. Raises TimeoutError after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(state / "portal.db")) as database:
        while database.execute("select count(*) from study where due is not null").fetchone()[0]:
            if time.monotonic() > end:
                raise TimeoutError(f"there are unfinished studies after {PATIENCE:.0f} s")
            time.sleep(0.5)


def memory(when: str) -> Iterator[tuple[str, str, str]]:
    """What the processes of the portal hold, and held at most."""
    lines = commands()
    web = [pid for pid, line in lines.items() if "gunicorn" in line]
    jobs = [pid for pid, line in lines.items() if "webapp.studies.worker" in line]
    for name, pids in (("web worker", web[1:]), ("job worker", jobs)):
        for pid in pids:
            status = Path(f"/proc/{pid}/status").read_text()
            now, peak = (int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024 for key in KEYS)
            yield f"memory of the {name} {when}", f"{now:.0f} MB", "150 MB"
            yield f"memory of the {name}, at most until then", f"{peak:.0f} MB", ""
