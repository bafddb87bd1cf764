"""The client's calls over REST."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, TimeoutError

from serving.client_errors import DEADLINE, REFUSED, UNAVAILABLE, ServingFailed

VERSION_SECONDS = 5.0  # how long a version that was looked up is asked for
_STATUSES = {400: REFUSED, 401: REFUSED, 403: REFUSED, 413: REFUSED, 501: REFUSED, 504: DEADLINE}


class _Gone(ServingFailed):
    """404: no such model, version or label."""


class RestTransport:
    """Keeps connections to `base` (http://host:port) open.

    A :predict answer does not say which version made it, so the version is looked up first and
    then asked for by number; when it is gone, as after a roll-out, it is looked up again.
    """

    def __init__(self, base: str, label: str):
        self._base = base.rstrip("/")
        self._label = label
        self._pool = urllib3.PoolManager(maxsize=16, retries=False)
        self._lock = threading.Lock()
        self._versions: dict[str, tuple[int, float]] = {}

    def predict(self, model: str, files: list[bytes], seconds: float) -> tuple[dict, int]:
        """See `client.Transport`."""
        end = time.monotonic() + seconds
        rows = [{"image_bytes": {"b64": base64.b64encode(file).decode()}} for file in files]
        body = json.dumps({"instances": rows}).encode()
        for last in (False, True):
            version = self._version(model, end, fresh=last)
            path = f"/v1/models/{model}/versions/{version}:predict"
            try:
                answer = self._call("POST", path, end, body)
                break
            except _Gone:
                if last:
                    raise
        return _columns(answer.get("predictions"), model), version

    def status(self, model: str, seconds: float) -> list[tuple[int, str, str]]:
        """See `client.Transport`."""
        try:
            answer = self._call("GET", f"/v1/models/{model}", time.monotonic() + seconds)
        except _Gone:
            return []
        with _well_formed("status"):
            return [
                (int(entry["version"]), entry["state"], entry["status"]["error_message"])
                for entry in answer["model_version_status"]
            ]

    def close(self) -> None:
        """See `client.Transport`."""
        self._pool.clear()

    def _version(self, model: str, end: float, fresh: bool) -> int:
        with self._lock:
            version, until = self._versions.get(model, (0, 0.0))
        if not fresh and time.monotonic() < until:
            return version
        choice = f"/labels/{self._label}" if self._label else ""
        answer = self._call("GET", f"/v1/models/{model}{choice}/metadata", end)
        with _well_formed("metadata"):
            version = int(answer["model_spec"]["version"])
        with self._lock:
            self._versions[model] = (version, time.monotonic() + VERSION_SECONDS)
        return version

    def _call(self, method: str, path: str, end: float, body: bytes | None = None) -> dict:
        left = max(0.001, end - time.monotonic())
        try:
            response = self._pool.request(
                method,
                self._base + path,
                body=body,
                headers={"Content-Type": "application/json"} if body else None,
                timeout=urllib3.Timeout(total=left),
            )
        except ConnectTimeoutError as error:
            raise ServingFailed(UNAVAILABLE, f"no connection to {self._base}: {error}") from error
        except TimeoutError as error:
            raise ServingFailed(DEADLINE, f"no answer within {left:.3g} s") from error
        except HTTPError as error:
            raise ServingFailed(UNAVAILABLE, f"{self._base}: {error}") from error
        if response.status == 200:
            return _parsed(response.data)
        message = f"{response.status}: {_message(response.data)}"
        if response.status == 404:
            raise _Gone(UNAVAILABLE, message)
        raise ServingFailed(_STATUSES.get(response.status, UNAVAILABLE), message)


@contextmanager
def _well_formed(what: str) -> Iterator[None]:
    """Turns what a foreign or broken server provokes in the block into ServingFailed."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise ServingFailed(UNAVAILABLE, f"the {what} is malformed: {error!r}") from error


def _parsed(data: bytes) -> dict:
    try:
        answer = json.loads(data)
    except ValueError as error:
        raise ServingFailed(UNAVAILABLE, f"the answer is no JSON: {data[:100]!r}") from error
    if not isinstance(answer, dict):
        raise ServingFailed(UNAVAILABLE, f"the answer is no object: {data[:100]!r}")
    return answer


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError):
        return data[:200].decode("utf-8", "replace")


def _columns(rows, model: str) -> dict[str, np.ndarray]:
    """Output name -> array of one row a file."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ServingFailed(UNAVAILABLE, f"{model} did not answer with named outputs")
    with _well_formed(f"answer of {model}"):
        return {
            name: np.array(
                [row[name] for row in rows],
                object if isinstance(rows[0][name], str) else np.float32,
            )
            for name in rows[0]
        }
