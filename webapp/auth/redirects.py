"""Where to go after the log-in: back to where one came from, never to another site."""

from urllib.parse import urlsplit

from flask import Response, redirect, request, url_for

HOME = "studies.index"


def log_in_first() -> Response:
    """To the log-in, which leads back to the page that was asked for."""
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.log_in", next=None if back == "/" else back))


def after_log_in(target: str | None) -> str:
    """The target if it is a path of this site, else the first page."""
    return target if target and is_local(target) else url_for(HOME)


def is_local(target: str) -> bool:
    """Whether a browser would stay on this site: it reads `//`, `/\\` and control characters in
    ways that a parser does not."""
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        return False
    if any(character < " " or character in "\\\x7f" for character in target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc
