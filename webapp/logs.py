"""Logs as JSON, one line each: what happened, never to whom by name or with which file."""

import json
import logging
import sys
import time
import traceback
from uuid import uuid4

from flask import Flask, Response, g, has_app_context, request, session

logger = logging.getLogger("webapp")


class JsonLines(logging.Formatter):
    """One JSON object a line. Of an exception the type and the places in the code: its message
    can quote a name or a file."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "event": _text(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)
            line["event"] = "exception"  # the message could hold the address that was asked for
            line["request"] = g.get("request_id", "") if has_app_context() else ""
            line["exception"] = kind.__name__
            line["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line)


def _text(record: logging.LogRecord) -> str:
    """The message. Of gunicorn's errors without what it fills in: a request with its query."""
    of_request = record.name == "gunicorn.error" and record.levelno >= logging.WARNING
    return str(record.msg) if of_request else record.getMessage()


def init_app(app: Flask) -> None:
    """Logs every request by its route, which names no study, and every error by its code."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.formatter.converter = time.gmtime
    for name in ("webapp", "huey"):
        logging.getLogger(name).handlers = [handler]
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).propagate = app.testing
    app.before_request(_begin)
    app.after_request(_end)


def event(name: str, **fields) -> None:
    """Logs one event. `fields`: ids, codes and numbers; no names, no text that people wrote."""
    logger.info(name, extra={"fields": fields})


def _begin() -> None:
    g.started, g.request_id = time.monotonic(), uuid4().hex[:12]


def _end(response: Response) -> Response:
    if request.blueprint == "health":  # asked every few seconds
        return response
    event(
        "request",
        request=g.get("request_id", ""),
        method=request.method,
        route=str(request.url_rule) if request.url_rule else "none",
        status=response.status_code,
        milliseconds=round(1000 * (time.monotonic() - g.get("started", time.monotonic()))),
        user=session.get("_user_id"),
        error=g.get("error_code"),
    )
    return response
