"""Work spread over processes, with a progress bar."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from rich.progress import Progress
from threadpoolctl import threadpool_limits

Run = Callable[[str, Callable, list], Iterable]
CHUNK = 8  # items at most that a process is handed at a time


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def mapping(workers: int, bar: Progress) -> Iterator[Run]:
    """`run(text, function, items)`: the results in order, one bar for each text.

    With one worker everything happens here. Functions, items and results must travel between
    processes; each process computes with one thread, since there are as many as cores.
    """
    pool = None
    if workers > 1:
        # Spawned: a fork would copy the threads of the linear algebra in an unknown state.
        pool = ProcessPoolExecutor(workers, get_context("spawn"), _one_thread)
    tasks = {}

    def run(text: str, function: Callable, items: list) -> Iterator:
        if text not in tasks:
            tasks[text] = bar.add_task(text, total=0)
        bar.update(tasks[text], total=bar.tasks[tasks[text]].total + len(items))
        chunk = min(CHUNK, 1 + len(items) // (4 * workers))
        results = pool.map(function, items, chunksize=chunk) if pool else map(function, items)
        for result in results:
            bar.advance(tasks[text])
            yield result

    try:
        yield run
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    threadpool_limits(1)
