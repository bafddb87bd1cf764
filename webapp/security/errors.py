"""Error pages, and the same as JSON: a sentence, a stable code, never a traceback."""

import time

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed, SecurityError

from webapp import logs
from webapp.extensions import db, limiter, login
from webapp.problems import Problem

SENTENCES = {
    400: ("bad_request", "The request could not be understood."),
    401: ("log_in", "Please log in first."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing here, or it is not yours."),
    405: ("method_not_allowed", "This address does not take such a request."),
    413: ("too_large", "That is too large to be taken."),
    415: ("wrong_type", "This kind of content is not taken here."),
    429: ("too_many_tries", "That was tried too often; please wait a few minutes."),
    500: ("internal_error", "Something went wrong on our side; it has been noted."),
}
FORM_EXPIRED = "form_expired", "This form has expired; please go back, reload and send it again."
CUT_OFF = "cut_off", "This did not arrive as a whole, so nothing was kept; please send it again."
AWAY = (OperationalError, InterfaceError, TimeoutError)  # gone, locked, full, or not set up
NO_ROOM = "no_room", "The server has no room left, so nothing was kept. Please tell its operator."
FULL = ("disk is full", "No space left")  # as SQLite and PostgreSQL say it
NO_DATABASE = "database_unavailable", "The database does not answer; please try again shortly."


def init_app(app: Flask) -> None:
    """Answers every error in the form that the request asks for."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, lambda error: _answer(400, *FORM_EXPIRED))
    app.register_error_handler(Problem, _problem)
    for kind in AWAY:
        app.register_error_handler(kind, _database)
    app.context_processor(_greeted)
    login.unauthorized_handler(_log_in)


def wants_json() -> bool:
    """True for a request of the pages' own scripts, or of a program that asks for JSON."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.blueprint == "health"


def _http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # a redirect
    if isinstance(error, SecurityError):  # a page would have links, and links a host
        return Response("This portal is not reached under that name.", 400, mimetype="text/plain")
    if isinstance(error, ClientDisconnected):  # or nothing came for a while: see gunicorn_conf.py
        return _answer(408, *CUT_OFF)
    code, message = SENTENCES.get(error.code, (f"http_{error.code}", error.name))
    if error.code == 413:
        view = current_app.view_functions.get(request.endpoint)
        message = getattr(view, "too_much", message)
    response = _answer(error.code or 500, code, message, _seconds_to_wait(error))
    if isinstance(error, MethodNotAllowed):
        response.allow.update(error.valid_methods or ())
    return response


def _seconds_to_wait(error: HTTPException) -> int | None:
    """Until the limit that was exceeded lets one try again."""
    if not isinstance(error, RateLimitExceeded) or limiter.current_limit is None:
        return None
    return max(1, int(limiter.current_limit.reset_at - time.time()) + 1)


def _problem(error: Problem) -> Response:
    return _answer(error.status, error.code, error.message, error.retry_after)


def _database(error: Exception) -> Response:
    db.session.rollback()
    g.no_database = True  # the error page must not ask it who is logged in
    # These kinds tell of connections, locks and tables, never of what is in a row.
    reason = str(getattr(error, "orig", None) or type(error).__name__)
    logs.event("database.failed", request=g.get("request_id", ""), reason=reason)
    if any(words in reason for words in FULL):
        return _answer(507, *NO_ROOM)
    return _answer(503, *NO_DATABASE, 5)


def _answer(status: int, code: str, message: str, retry_after: int | None = None) -> Response:
    g.error_code = code
    if wants_json():
        error = {"code": code, "message": message, "request": g.get("request_id", "")}
        response = jsonify(error=error)
    else:
        response = make_response(render_template("error.html", message=message, code=code))
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _log_in() -> Response:
    from webapp.auth.redirects import log_in_first

    return _answer(401, *SENTENCES[401]) if wants_json() else log_in_first()


def _greeted() -> dict[str, str]:
    """The name in the head of a page; "" for a stranger, and where the database cannot tell."""
    try:
        return {"greeted": current_user.name if current_user.is_authenticated else ""}
    except AWAY:
        return {"greeted": ""}
