"""The gallery's worker: python -m webapp.gallery.worker. Stops at SIGTERM at once.

It is as small as the other one: TensorFlow runs in the painter's process, which it starts for the
first comparison and ends when none was asked for in a while.
"""

import threading

from flask import Flask
from huey.consumer import Consumer

from webapp import create_app
from webapp.gallery import jobs
from webapp.studies.worker import SWEEP_EVERY, every

REST_EVERY = 5.0  # seconds between two looks whether the painter is needed
PATIENCE = 10.0  # seconds that a job gets to write down where it was


class GalleryConsumer(Consumer):
    """Ends the painter first: the job that waits for it stops, and goes on at the next start."""

    def stop(self, graceful: bool = False) -> None:
        self.painter.close()
        super().stop(graceful)


def run(app: Flask) -> None:
    """Works until the process is told to stop; to be called in the main thread."""
    work = app.extensions["gallery"]
    consumer = GalleryConsumer(
        work.queue,
        workers=1,
        periodic=False,
        max_delay=0.5,  # seconds that an embedded queue may lie unseen
        shutdown_timeout=PATIENCE,
        graceful_signal="TERM",
    )
    consumer.painter = work.painter
    if not app.config["REDIS_URL"]:  # else other workers may be at it
        with app.app_context():
            jobs.resume()
    stopped = threading.Event()
    for seconds, job in ((SWEEP_EVERY, jobs.sweep), (REST_EVERY, work.painter.rest)):
        threading.Thread(target=every, args=(app, stopped, seconds, job), daemon=True).start()
    try:
        consumer.run()
    finally:
        stopped.set()


if __name__ == "__main__":
    run(create_app())
