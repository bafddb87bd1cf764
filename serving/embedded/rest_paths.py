"""The URLs of the REST API: what a method and a path ask for."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from serving.embedded.endpoints import Target
from serving.embedded.errors import invalid
from serving.embedded.storage import LARGEST

# Path matching ignores case, the words at the end do not: see `route`.
_FLAGS = re.IGNORECASE | re.ASCII
_MODEL = r"([^/:]+)"
_CHOICE = r"(?:/versions/(\d+)|/labels/([^/:]+))?"
_VERB = re.compile(rf"/v1/models/{_MODEL}{_CHOICE}:(classify|regress|predict)", _FLAGS)
_STATUS = re.compile(rf"/v1/models(?:/{_MODEL})?{_CHOICE}(?:/(metadata))?", _FLAGS)
_API = re.compile(r"/v1/.*", _FLAGS)
VERBS = ("classify", "regress", "predict")


@dataclass(frozen=True)
class Route:
    """`action`: predict, classify, regress, status or metadata."""

    action: str
    target: Target


def is_api(path: str) -> bool:
    """True if the API answers for this path, well-formed or not."""
    return _API.fullmatch(path) is not None


def route(method: str, path: str) -> Route:
    """What the request asks for; `path` is the raw one, query included. Raises ServingError."""
    malformed = invalid(f"Malformed request: {method} {path}")
    if method == "POST":
        match = _VERB.fullmatch(path)
        if not match:
            raise malformed
        name, version, label, action = match.groups()
        target = _target(name, version, label)
        if action not in VERBS:
            raise malformed
        return Route(action, target)
    match = _STATUS.fullmatch(path) if method == "GET" else None
    if not match:
        raise malformed
    name, version, label, tail = match.groups()
    if not name:
        raise invalid("Missing model name in request.")
    return Route("metadata" if tail == "metadata" else "status", _target(name, version, label))


def _target(name: str, version: str | None, label: str | None) -> Target:
    number = int(version) if version and len(version.lstrip("0")) < 20 else None
    if version and (number is None or number > LARGEST):
        raise invalid(f"Failed to convert version: {version} to numeric.")
    return Target(_decoded(name), number, _decoded(label) if label else None)


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("latin-1")).decode("utf-8", "surrogateescape")
