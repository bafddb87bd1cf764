"""The job process: python -m webapp.studies.worker. Stops at SIGTERM when its jobs are done."""

import os
import threading

from flask import Flask
from huey.consumer import Consumer

from webapp import create_app, logs
from webapp.retention import delete_expired
from webapp.studies import jobs

ANSWER_THREADS, EXPLAIN_THREADS = 2, 1
SWEEP_EVERY = 1.0  # seconds
CLEAR_EVERY = 3600.0  # seconds between two looks for what is too old
PATIENCE = 30.0  # seconds that running jobs get to end at SIGTERM


class SecondConsumer(Consumer):
    """One beside another in the same process, which leaves the signals to that one."""

    def _set_signal_handlers(self) -> None:
        pass


def run(app: Flask) -> None:
    """Works until the process is told to stop; to be called in the main thread."""
    queues = app.extensions["queues"]
    # How long an embedded queue may lie unseen. Redis says itself when there is a job; there it is
    # the pause between two tries while Redis is away, each of which goes to the log.
    longest = 5.0 if app.config["REDIS_URL"] else 0.1
    options = {"periodic": False, "max_delay": longest, "shutdown_timeout": PATIENCE}
    second = SecondConsumer(queues.explanations, workers=EXPLAIN_THREADS, **options)
    first = Consumer(queues.answers, workers=ANSWER_THREADS, graceful_signal="TERM", **options)
    if not app.config["REDIS_URL"]:  # else other workers may be at it
        with app.app_context():
            jobs.resume()
    stopped = threading.Event()
    keepers = [
        threading.Thread(target=every, args=(app, stopped, seconds, job), daemon=True)
        for seconds, job in ((SWEEP_EVERY, jobs.sweep), (CLEAR_EVERY, delete_expired))
    ]
    for keeper in keepers:
        keeper.start()
    second.start()
    try:
        first.run()
    finally:
        stopped.set()
        second.stop(graceful=first._graceful)


def every(app: Flask, stopped: threading.Event, seconds: float, job) -> None:
    """Does `job` now and every so many seconds; what fails is logged and tried again."""
    while not stopped.is_set():
        try:
            with app.app_context():
                job()
        except Exception as error:  # the database or the queue is away: that may pass
            logs.event("keeper.failed", job=job.__name__, kind=type(error).__name__)
        stopped.wait(seconds)


if __name__ == "__main__":
    os.umask(0o077)  # what it writes is for the portal's own eyes
    run(create_app())
