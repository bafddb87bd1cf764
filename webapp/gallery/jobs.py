"""The queue of the comparisons, which only the gallery's own worker takes from.

As with the studies' queues, what has to be done stands in the database: `Gallery.due`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app
from huey import Huey
from sqlalchemy import select, update

from webapp import clock, logs
from webapp.extensions import db
from webapp.gallery.painter import PATIENCE, Painter
from webapp.models import Gallery
from webapp.studies.jobs import open_queue, within

LEASE = timedelta(seconds=PATIENCE + 60)  # a map that has not come by then is asked for again
MOST_QUEUED = 100  # jobs that the sweep leaves in the queue; more wait in the database


@dataclass(frozen=True)
class Work:
    """The queue, what puts a study into it (a call with its id as text), and who paints."""

    queue: Huey
    make: Callable
    painter: Painter


def init_app(app: Flask, make: Callable) -> None:
    """Opens the queue. The painter costs nothing before it is asked."""
    queue = open_queue(app, "gallery")
    task = queue.task(name="gallery")(within(app, make))
    app.extensions["gallery"] = Work(queue, task, app.config.get("PAINTER") or Painter())


def work() -> Work:
    """That of the current application."""
    return current_app.extensions["gallery"]


def put(study_id: UUID) -> None:
    """Queues a comparison. A queue that is out of reach is logged and no more: the sweep finds the
    row in the database."""
    try:
        work().make(str(study_id))
    except Exception as error:  # whatever SQLite or Redis raises when it is full or gone
        logs.event("queue.unavailable", study=str(study_id), kind=type(error).__name__)


def sweep() -> int:
    """Queues what is due and not queued; returns how many comparisons."""
    room = MOST_QUEUED - work().queue.pending_count()
    if room <= 0:
        return 0
    now = clock.now()
    query = select(Gallery.study_id).where(Gallery.due <= now).order_by(Gallery.due).limit(room)
    found = db.session.scalars(query).all()
    for study_id in found:
        again = update(Gallery).where(Gallery.study_id == study_id, Gallery.due <= now)
        db.session.execute(again.values(due=now + LEASE))
    db.session.commit()
    for study_id in found:
        put(study_id)
    return len(found)


def resume() -> None:
    """Makes everything unfinished due now: what the last worker of this machine left behind."""
    db.session.execute(update(Gallery).where(Gallery.due.is_not(None)).values(due=clock.now()))
    db.session.commit()
