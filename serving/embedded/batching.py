"""Joins requests of several clients into one run of the graph.

A run serves whatever waits with the same tensors and shapes (the first dimension aside), up to
`size` rows. If it fails, or its outputs cannot be cut apart, every request runs again alone, so
that one bad image costs its neighbours time but never their answer.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from serving.embedded.batch_arrays import cut, joined
from serving.embedded.configs import BadConfig, read_text_proto
from serving.embedded.errors import Code, ServingError
from serving.embedded.session import FOREVER
from serving.protos import server_config_pb2


@dataclass(frozen=True)
class BatchLimits:
    """`wait` seconds for more requests, `queued` full batches waiting at most."""

    size: int = 1000
    wait: float = 0.0
    queued: int = 10
    threads: int = 4
    allowed: tuple[int, ...] = ()
    pad: bool = False


def read_batch_limits(path: str, processors: int) -> BatchLimits:
    """Limits of a BatchingParameters file ("": the defaults); raises BadConfig."""
    if not path:
        return BatchLimits(threads=processors)
    text = read_text_proto(path, server_config_pb2.BatchingParameters())

    def value(name: str, default: int) -> int:
        number = getattr(text, name).value if text.HasField(name) else default
        if number < (0 if name == "batch_timeout_micros" else 1):
            raise BadConfig(f"{path}: {name} is {number}, it has to be positive")
        return number

    size = value("max_batch_size", 1000)
    allowed = tuple(text.allowed_batch_sizes)
    if allowed and (list(allowed) != sorted(set(allowed)) or allowed[0] < 1 or allowed[-1] != size):
        raise BadConfig(
            f"{path}: allowed_batch_sizes {list(allowed)} have to increase"
            f" and to end in max_batch_size {size}"
        )
    return BatchLimits(
        size=size,
        wait=value("batch_timeout_micros", 0) / 1e6,
        queued=value("max_enqueued_batches", 10),
        threads=value("num_batch_threads", processors),
        allowed=allowed,
        pad=text.pad_variable_length_inputs,
    )


@dataclass(eq=False)
class _Request:
    feeds: dict[str, np.ndarray]
    rows: int
    until: float
    arrived: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    values: list[np.ndarray] | None = None
    error: ServingError | None = None


class BatchedModel:
    """A loaded model whose `run` shares runs of the graph between threads."""

    def __init__(self, model, limits: BatchLimits):
        self.signatures = model.signatures
        self._model = model
        self._limits = limits
        self._queues: dict[tuple, deque[_Request]] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, daemon=True, name=f"batch-{index}")
            for index in range(limits.threads)
        ]
        for thread in self._threads:
            thread.start()

    def run(
        self, feeds: dict[str, np.ndarray], fetches: list[str], timeout_ms: int = FOREVER
    ) -> list[np.ndarray]:
        """As LoadedModel.run; requests that cannot be joined run alone."""
        rows = {len(array) if array.ndim else -1 for array in feeds.values()}
        if len(rows) != 1 or not 0 < next(iter(rows)) < self._limits.size:
            return self._model.run(feeds, fetches, timeout_ms)
        until = time.monotonic() + (timeout_ms / 1000 if timeout_ms > 0 else 10**6)
        request = _Request(feeds, rows.pop(), until)
        self._enqueue(self._key(feeds, fetches), request)
        if not request.done.wait(until - time.monotonic()):
            raise ServingError(Code.DEADLINE_EXCEEDED, "Timed out waiting for a batch to end")
        if request.error:
            raise request.error
        return request.values

    def close(self) -> None:
        """Ends the threads and closes the model; no request may be under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._model.close()

    def _key(self, feeds: dict[str, np.ndarray], fetches: list[str]) -> tuple:
        shapes = tuple(
            (name, array.dtype.str, array.ndim if self._limits.pad else array.shape[1:])
            for name, array in sorted(feeds.items())
        )
        return shapes, tuple(fetches)

    def _enqueue(self, key: tuple, request: _Request) -> None:
        with self._changed:
            queue = self._queues.setdefault(key, deque())
            if sum(waiting.rows for waiting in queue) >= self._limits.size * self._limits.queued:
                raise ServingError(
                    Code.UNAVAILABLE,
                    "The batch scheduling queue to which this task was submitted is full",
                )
            queue.append(request)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                batch, fetches = self._next()
                while not batch:
                    if self._closed:
                        return
                    self._changed.wait(self._pause())
                    batch, fetches = self._next()
            _run_together(self._model.run, batch, list(fetches), self._limits)

    def _next(self) -> tuple[list[_Request], tuple]:
        """The requests of the queue that has waited longest, if it is time to run them."""
        ready = [key for key, queue in self._queues.items() if self._is_ready(queue)]
        if not ready:
            return [], ()
        key = min(ready, key=lambda key: self._queues[key][0].arrived)
        queue = self._queues[key]
        batch = [queue.popleft()]
        rows = batch[0].rows
        while queue and rows + queue[0].rows <= self._limits.size:
            batch.append(queue.popleft())
            rows += batch[-1].rows
        if not queue:
            del self._queues[key]
        return batch, key[1]

    def _is_ready(self, queue: deque[_Request]) -> bool:
        waited = time.monotonic() - queue[0].arrived
        return waited >= self._limits.wait or sum(r.rows for r in queue) >= self._limits.size

    def _pause(self) -> float | None:
        arrived = [queue[0].arrived for queue in self._queues.values()]
        if not arrived:
            return None
        return max(0.0, min(arrived) + self._limits.wait - time.monotonic())


def _run_together(run: Callable, batch: list[_Request], fetches: list[str], limits) -> None:
    """One run for all of `batch`; each by itself if that fails."""
    if len(batch) > 1:
        try:
            latest = max(request.until for request in batch)
            feeds, rows = joined([request.feeds for request in batch], limits.allowed, limits.pad)
            values = run(feeds, fetches, _milliseconds(latest))
            for request, own in zip(
                batch, cut(values, [request.rows for request in batch], rows), strict=True
            ):
                request.values = own
                request.done.set()
            return
        except Exception:  # whatever is wrong belongs to one of them: find out whose it is
            pass
    for request in batch:
        try:
            request.values = run(request.feeds, fetches, _milliseconds(request.until))
        except ServingError as error:
            request.error = error
        except Exception as error:  # the waiting thread must hear of it
            request.error = ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}")
        request.done.set()


def _milliseconds(until: float) -> int:
    left = until - time.monotonic()
    return FOREVER if left > 10**5 else max(1, int(left * 1000))
