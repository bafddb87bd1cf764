"""Measures the embedded server against the same models in this process; see `bench.py serving`.

Everything that is compared is measured in turns, so that what else the machine does hits both.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
from bench_server import Row, drawn_jpeg, newest, served

CLIENTS = 16


def measure(base: Path, rounds: int, seconds: float, memory_calls: int) -> Iterator[Row]:
    """Rows of the table. `base` holds `ecg` and `ecg_explain`. `rounds` single calls each way,
    `seconds` of a turn under load; memory after `memory_calls` of a light model and ten times."""
    yield from cold_start(base)
    import tensorflow as tf

    signature = tf.saved_model.load(str(newest(base))).signatures["serving_default"]
    page, smaller = drawn_jpeg(), drawn_jpeg(6, (786, 1106))

    def in_process(pages: list[bytes]) -> Callable:
        batch = tf.constant(pages)
        return lambda: signature(image_bytes=batch)["probabilities"].numpy()

    with served(base, ("ecg",)) as server:
        with server.client(timeout=300) as grpc, server.client("http", timeout=300) as rest:
            grpc.wait_until_ready(300, ("ecg",))
            yield from one_page(in_process([page]), grpc, rest, page, rounds)
            yield from many_clients(in_process([smaller] * CLIENTS), grpc, smaller, seconds)
            small = drawn_jpeg(1, (304, 523))
            first = memory_calls // 10
            yield from memory(server, lambda: grpc.predict([small]), first, "`ecg`, small pages")
    yield from wire_memory(memory_calls)


def cold_start(base: Path) -> Iterator[Row]:
    """From the start of the process to the first answer, while the heavy model still loads."""
    page = drawn_jpeg(2, (304, 523))
    with served(base, ("ecg", "ecg_explain"), "--serve_while_loading=true") as server:
        with server.client(timeout=300) as client:
            client.wait_until_ready(300, ("ecg",))
            client.predict([page])
            took, used = time.perf_counter() - server.started, server.processor_seconds()
            (explains,) = client.status(("ecg_explain",))
            yield "cold start to the first answer", f"{took:.1f} s", "15 s"
            yield "processor time of the server until then", f"{used:.1f} s", ""
            yield "`ecg_explain` when `ecg` first answers", explains.state, "LOADING"
            client.wait_until_ready(900, ("ecg_explain",))
            later = time.perf_counter() - server.started
            yield "`ecg_explain` available and warm", f"{later:.1f} s", ""
            answers = [timed(lambda: client.predict([page])) for _ in range(5)]
            explained = [timed(lambda: client.explain(page)) for _ in range(3)]
            ratio = statistics.median(explained) / statistics.median(answers)
            yield "explaining / answering one page, gRPC", f"{ratio:.1f}", ""


def one_page(in_process: Callable, grpc, rest, page: bytes, rounds: int) -> Iterator[Row]:
    ways = {
        "in-process": in_process,
        "gRPC": lambda: grpc.predict([page]),
        "REST": lambda: rest.predict([page]),
    }
    times = in_turns(ways, rounds)
    base = statistics.median(times["in-process"])
    yield "signature in-process, one page of 2213 x 1572, p50", f"{1000 * base:.0f} ms", ""
    for way, goal in (("gRPC", "1.3"), ("REST", "1.5")):
        yield f"{way} / in-process, p50", f"{statistics.median(times[way]) / base:.2f}", goal


def many_clients(in_process: Callable, grpc, page: bytes, seconds: float) -> Iterator[Row]:
    """Three turns of the batch call and of the clients each; the median of either."""
    batch_rates, client_rates, latencies = [], [], []
    in_process()
    for _ in range(3):
        calls = list(until(seconds, in_process))
        batch_rates.append(CLIENTS * len(calls) / sum(calls))
        start = time.perf_counter()
        found = in_threads(CLIENTS, lambda: list(until(seconds, lambda: grpc.predict([page]))))
        client_rates.append(len(found) / (time.perf_counter() - start))
        latencies += found
    ratio = statistics.median(client_rates) / statistics.median(batch_rates)
    yield (
        f"{CLIENTS} clients / in-process batch of {CLIENTS}, pages a second",
        f"{ratio:.2f}",
        "0.9",
    )
    p50, p99 = np.percentile(latencies, [50, 99])
    yield f"{CLIENTS} clients, p99 / p50", f"{p99 / p50:.2f}", "3"


def memory(server, call: Callable, first: int, what: str) -> Iterator[Row]:
    """Resident memory after ten times `first` calls against that after `first`."""
    for _ in range(first):
        call()
    before = server.memory()
    for _ in range(9 * first):
        call()
    ratio = server.memory() / before
    yield f"memory after {10 * first} requests / after {first} ({what})", f"{ratio:.3f}", "1.05"


def wire_memory(first: int) -> Iterator[Row]:
    """The same with a model that does next to nothing, so that 10,000 requests take a minute."""
    with tempfile.TemporaryDirectory() as folder:
        save_constants(Path(folder))
        with served(Path(folder), ("ecg",)) as server, server.client(timeout=300) as grpc:
            with server.client("http", timeout=300) as rest:
                grpc.wait_until_ready(300, ("ecg",))
                data, turn = b"x" * 200_000, count()

                def call():
                    (grpc, rest)[next(turn) % 2].predict([data])

                yield from memory(server, call, first, "a model of constants, gRPC and REST")


def save_constants(base: Path) -> None:
    """Writes `<base>/ecg/1`, which answers the same for whatever file."""
    import tensorflow as tf

    def answer(image_bytes):
        pages = tf.size(image_bytes)
        words = {"label": "normal", "decision": "refer"}
        return {
            "probabilities": tf.fill((pages, 4), 0.25),
            "page_score": tf.fill((pages,), 1.0),
            **{name: tf.fill((pages,), word) for name, word in words.items()},
        }

    module, spec = tf.Module(), tf.TensorSpec([None], tf.string, name="image_bytes")
    module.run = tf.function(answer, input_signature=[spec])
    signatures = {"serving_default": module.run}
    tf.saved_model.save(module, str(base / "ecg" / "1"), signatures=signatures)


def in_turns(ways: dict[str, Callable], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, the ways taking turns; the first two rounds do not count."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 2):
        for name, call in ways.items():
            took = timed(call)
            if number >= 2:
                times[name].append(took)
    return times


def until(seconds: float, call: Callable) -> Iterator[float]:
    """Seconds of each call, one after the other for `seconds`."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        yield timed(call)


def in_threads(threads_wanted: int, work: Callable) -> list:
    """Everything that so many threads return from `work`."""
    found, failed = [], []

    def one():
        try:
            found.extend(work())
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(threads_wanted)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return found


def timed(call: Callable) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def write_section(file: Path, title: str, lines: list[str]) -> None:
    """Replaces what stands between the marks of `title` in a Markdown file; adds it if it is not
    there."""
    first, last = f"<!-- {title}: made by scripts/bench.py -->", f"<!-- end of {title} -->"
    block = "\n".join([first, "", *lines, "", last])
    text = file.read_text() if file.exists() else "# Performance\n"
    if first in text:
        head, _, rest = text.partition(first)
        text = head + block + rest.partition(last)[2]
    else:
        text = f"{text.rstrip()}\n\n{block}\n"
    file.write_text(text)
