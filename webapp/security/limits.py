"""Who may ask, and how much a request may bring: little, unless its view says otherwise."""

from collections import Counter
from collections.abc import Callable
from threading import Lock

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user

from webapp.extensions import login
from webapp.problems import Busy
from webapp.settings import is_loopback

KEPT_FREE = 4  # threads that no large body gets: pages and probes are answered meanwhile
MOST_EACH = 4  # large bodies of one person at once; the upload page sends two
BUSY = "Many files are arriving just now; please try again in a moment."


def takes(size: int, parts: int, too_much: str) -> Callable:
    """Decorates a view that takes a body of up to `size` bytes in `parts` form fields, and says
    `too_much` where a body is larger."""

    def mark(view: Callable) -> Callable:
        view.largest_body, view.too_much = (size, parts), too_much
        return view

    return mark


class Turns:
    """Large bodies take their time, as slow as their sender, and a thread each: who gets one."""

    def __init__(self, threads: int):
        self._most = max(threads - KEPT_FREE, 1)
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, person: str) -> None:
        """Raises Busy, after which nothing is taken, where all turns are, or the person's."""
        with self._lock:
            if self._taken.total() >= self._most or self._taken[person] >= MOST_EACH:
                raise Busy(BUSY)
            self._taken[person] += 1

    def give_back(self, person: str) -> None:
        """Ends a turn."""
        with self._lock:
            self._taken[person] -= 1
            self._taken += Counter()  # forgets those who have none


def init_app(app: Flask) -> None:
    """Refuses other machines where the portal is set for this one only, and, before a byte is
    read, a body that is announced as too large or a large one from somebody not logged in."""
    app.extensions["turns"] = Turns(app.config["THREADS"])
    app.before_request(_refuse_distant)
    app.before_request(_set_limits)
    app.teardown_request(_end_turn)


def _refuse_distant() -> None:
    """A server that was bound otherwise than the settings say must not open the sign-up to all."""
    if not current_app.config["EXPOSED"] and not is_loopback(request.remote_addr or ""):
        abort(403)


def _set_limits() -> Response | None:
    view = current_app.view_functions.get(request.endpoint)
    size, parts = getattr(view, "largest_body", (None, None))
    if size is not None:
        request.max_content_length, request.max_form_parts = size, parts
    if (request.content_length or 0) > request.max_content_length:
        abort(413)
    if size is None:
        _ = request.form  # a small form is read here, so that its mistakes are told by us
    elif not current_user.is_authenticated:
        return login.unauthorized()
    else:
        person = current_user.get_id()
        current_app.extensions["turns"].take(person)
        g.turn = person
    return None


def _end_turn(_: BaseException | None) -> None:
    if (person := g.pop("turn", None)) is not None:
        current_app.extensions["turns"].give_back(person)
