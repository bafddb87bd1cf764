"""The queues: answers in one, explanations in another, so that no answer waits for a picture.

The queue is only the fast way. What has to be done stands in the database: `Study.due` is the
moment from which a study's next job may be made (again), and the worker looks for such studies
every second. So a lost queue, a killed worker or a full disk delays a job and never loses it, and
a job that runs twice finds its work done.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from uuid import UUID

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey
from huey.serializer import SignedSerializer
from sqlalchemy import select, update

from webapp import clock, logs
from webapp.extensions import db
from webapp.models import WAITING, Study

LEASE = timedelta(seconds=90)  # a job that has not ended by then is made again
MOST_QUEUED = 100  # jobs that the sweep leaves in a queue; more wait in the database


@dataclass(frozen=True)
class Queues:
    """The two queues, and what puts a study into each: a call with its id as text."""

    answers: Huey
    explanations: Huey
    answer: Callable
    explain: Callable


def init_app(app: Flask, answer: Callable, explain: Callable) -> None:
    """Opens the queues of the two jobs: in the state folder, or in Redis where one is set."""
    answers, explanations = open_queue(app, "answers"), open_queue(app, "explanations")
    app.extensions["queues"] = Queues(
        answers,
        explanations,
        answer=answers.task(name="answer")(within(app, answer)),
        explain=explanations.task(name="explain")(within(app, explain)),
    )


def queues() -> Queues:
    """Those of the current application."""
    return current_app.extensions["queues"]


def put(study_id: UUID, status: str) -> None:
    """Queues the next job of a study. A queue that is out of reach is logged and no more: the
    sweep finds the study in the database."""
    enqueue = queues().answer if status == WAITING else queues().explain
    try:
        enqueue(str(study_id))
    except Exception as error:  # whatever SQLite or Redis raises when it is full or gone
        logs.event("queue.unavailable", study=str(study_id), kind=type(error).__name__)


def sweep() -> int:
    """Queues what is due and not queued; returns how many studies."""
    room = MOST_QUEUED - queues().answers.pending_count() - queues().explanations.pending_count()
    if room <= 0:
        return 0
    now = clock.now()
    query = select(Study.id, Study.status).where(Study.due <= now).order_by(Study.due).limit(room)
    found = db.session.execute(query).all()
    for study_id, _ in found:
        again = update(Study).where(Study.id == study_id, Study.due <= now)
        db.session.execute(again.values(due=now + LEASE))
    db.session.commit()
    for study_id, status in found:
        put(study_id, status)
    return len(found)


def resume() -> None:
    """Makes everything unfinished due now: what the last worker of this machine left behind."""
    db.session.execute(update(Study).where(Study.due.is_not(None)).values(due=clock.now()))
    db.session.commit()


def open_queue(app: Flask, name: str) -> Huey:
    """The queue of that name, in the state folder or in Redis."""
    # Signed, for what is read from a queue is unpickled.
    secret = hashlib.sha256(f"job queue\n{app.config['SECRET_KEY']}".encode()).hexdigest()
    options = {"serializer": SignedSerializer(secret=secret), "results": False}
    if app.config["REDIS_URL"]:
        return RedisHuey(f"ecg-tf.{name}", url=app.config["REDIS_URL"], **options)
    return SqliteHuey(name, filename=str(app.config["STATE"] / "jobs.db"), **options)


def within(app: Flask, job: Callable) -> Callable:
    """The job inside the application; the queue knows studies by their id as text."""

    @wraps(job)
    def run(study_id: str) -> None:
        with app.app_context():
            job(UUID(study_id))

    return run
