"""Long runs against the embedded server: losing nothing under load, swaps and kills; see `bench.py
soak`."""

import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_server import Row, drawn_jpeg, free_port, newest, served
from bench_serving import CLIENTS, in_threads, until

from serving.client import UNAVAILABLE, ServingFailed


def peak(client, page: bytes, seconds: float = 20.0) -> float:
    """Pages a second of as many clients as the server has use for."""
    start = time.perf_counter()
    calls = in_threads(CLIENTS, lambda: list(until(seconds, lambda: client.predict([page]))))
    return len(calls) / (time.perf_counter() - start)


def soak(base: Path, minutes: float) -> Iterator[Row]:
    """Requests at 80 % of the peak rate, sent when they are due, whether or not others wait."""
    page = drawn_jpeg(3, (760, 1307))
    with served(base, ("ecg",)) as server, server.client(timeout=60, attempts=1) as client:
        client.wait_until_ready(300, ("ecg",))
        rate = 0.8 * peak(client, page)
        before = server.memory()
        total = int(rate * 60 * minutes)
        turn, lock, start = iter(range(total)), threading.Lock(), time.perf_counter()

        def work() -> list[bool]:
            answered = []
            while True:
                with lock:
                    number = next(turn, None)
                if number is None:
                    return answered
                time.sleep(max(0.0, start + number / rate - time.perf_counter()))
                try:
                    answered.append(client.predict([page])[0].model == "ecg")
                except ServingFailed:
                    answered.append(False)

        answers = in_threads(4 * CLIENTS, work)
        took = (time.perf_counter() - start) / 60
        yield (
            f"{total} requests at 80 % of peak, {took:.1f} minutes: lost",
            str(total - sum(answers)),
            "0",
        )
        yield "memory after it / before", f"{server.memory() / before:.3f}", ""


def swaps(base: Path, scratch: Path, count: int) -> Iterator[Row]:
    """Version after version appears while clients ask; every request has to be answered."""
    source = newest(base)
    shutil.copytree(source, scratch / "ecg" / "1")
    page = drawn_jpeg(4, (304, 523))
    with served(scratch, ("ecg",)) as server, server.client(timeout=60, attempts=1) as client:
        client.wait_until_ready(300, ("ecg",))
        with asking(client, page, 4) as results:
            for number in range(2, count + 2):
                shutil.copytree(source, scratch / "ecg" / f".{number}")
                (scratch / "ecg" / f".{number}").rename(scratch / "ecg" / str(number))
                while client.status(("ecg",))[0].version != number or not served_only(client):
                    time.sleep(0.1)
                shutil.rmtree(scratch / "ecg" / str(number - 1))
    failed = [failure for failure in results if failure]
    yield f"{count} version swaps, {len(results)} requests: failed", str(len(failed)), "0"


def served_only(client) -> bool:
    """Whether exactly one version is left in memory."""
    states = [entry.state for entry in client.status(("ecg",))]
    return states[0] == "AVAILABLE" and set(states[1:]) == {"END"}


def kills(base: Path, count: int) -> Iterator[Row]:
    """SIGKILL at random moments under load; what do clients see, and does a restart serve?"""
    page, ports = drawn_jpeg(5, (304, 523)), (free_port(), free_port())
    results, again = [], 0
    for _ in range(count):
        with served(base, ("ecg",), ports=ports) as server:
            with server.client(timeout=10, attempts=1) as client:
                client.wait_until_ready(300, ("ecg",))
                again += client.predict([page])[0].model == "ecg"
                with asking(client, page, 4) as found:
                    time.sleep(random.uniform(0.2, 3.0))
                    server.process.send_signal(signal.SIGKILL)
                    server.process.wait()
                    time.sleep(0.3)
            results += found
    causes = {failure.cause for failure in results if failure}
    yield f"{count} kills: starts that served again", str(again), str(count)
    yield "what clients got then", " and ".join(sorted(causes)), UNAVAILABLE


@contextmanager
def asking(client, page: bytes, threads: int):
    """Clients ask without pause in the block; yields the list of their failures, None if none."""
    over, results = threading.Event(), []

    def work():
        while not over.is_set():
            try:
                client.predict([page])
                results.append(None)
            except ServingFailed as failure:
                results.append(failure)
                time.sleep(0.02)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield results
    finally:
        over.set()
        for worker in workers:
            worker.join()
