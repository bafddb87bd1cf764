"""A client of the models `ecg` and `ecg_explain`, on the embedded server or the real one.

    with Client("grpc://localhost:8500") as client:
        client.wait_until_ready(60)
        for result in client.predict(["page.png"]):
            print(result.label, result.confidence, result.decision)

`grpc://` is faster, `http://` goes where only HTTP does. Needs neither TensorFlow nor Keras.
"""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from serving.client_errors import DEADLINE, REFUSED, UNAVAILABLE, ServingFailed
from serving.client_results import Explanation, Result, VersionStatus, explanation, result

__all__ = [
    "DEADLINE",
    "REFUSED",
    "UNAVAILABLE",
    "Client",
    "Explanation",
    "Result",
    "ServingFailed",
    "VersionStatus",
]

ANSWERS, EXPLAINS = "ecg", "ecg_explain"
FILES_A_REQUEST = 16
FIRST_PAUSE = 0.05  # seconds before the second attempt; doubles, and a random part of it is taken


class Transport(Protocol):
    """What REST and gRPC have to do; every method raises ServingFailed."""

    def predict(self, model: str, files: list[bytes], seconds: float) -> tuple[dict, int]:
        """(output name -> array of one row a file, version) of the default signature."""

    def status(self, model: str, seconds: float) -> list[tuple[int, str, str]]:
        """(version, state, error) of every version, newest first; empty if unknown."""

    def close(self) -> None:
        """Closes the connections."""


class Client:
    """Talks to one server; may be used from several threads. Close it, or use it in `with`."""

    def __init__(
        self,
        address: str = "grpc://127.0.0.1:8500",
        *,
        timeout: float = 10.0,
        explain_timeout: float = 60.0,
        attempts: int = 3,
        label: str = "",
    ):
        """`address`: grpc://, grpcs://, http:// or https:// host:port; bare host:port is gRPC.
        `timeout`, `explain_timeout`: seconds for a call with all its attempts. `label`: version
        label to ask for, such as "canary"; "" is the newest version."""
        if attempts < 1 or timeout <= 0 or explain_timeout <= 0:
            raise ValueError(
                f"attempts {attempts} and timeouts {timeout}, {explain_timeout} have to be positive"
            )
        self._timeout, self._explain_timeout = timeout, explain_timeout
        self._attempts = attempts
        self._transport = _transport(address, label)

    def predict(self, files: Sequence[str | Path | bytes]) -> list[Result]:
        """A Result for each PNG or JPEG file (path or bytes), in order. Raises ServingFailed; a
        file that the model cannot read refuses the others of its request, too."""
        data = [_bytes(file) for file in files]
        results: list[Result] = []
        for start in range(0, len(data), FILES_A_REQUEST):
            part = data[start : start + FILES_A_REQUEST]
            outputs, version = self._call(ANSWERS, part, self._timeout)
            results += [result(outputs, row, ANSWERS, version) for row in range(len(part))]
        return results

    def explain(self, file: str | Path | bytes) -> Explanation:
        """The answer for one file with its maps. Raises ServingFailed."""
        outputs, version = self._call(EXPLAINS, [_bytes(file)], self._explain_timeout)
        return explanation(outputs, EXPLAINS, version)

    def status(self, models: Sequence[str] = (ANSWERS, EXPLAINS)) -> list[VersionStatus]:
        """Every version of `models` that the server knows, newest first."""
        found = []
        for model in models:
            rows = self._retried(
                lambda left, m=model: self._transport.status(m, left), self._timeout
            )
            found += [VersionStatus(model, *row) for row in rows]
        return found

    def wait_until_ready(
        self, seconds: float = 60.0, models: Sequence[str] = (ANSWERS, EXPLAINS)
    ) -> None:
        """Returns when each of `models` has an available version; raises ServingFailed."""
        end = time.monotonic() + seconds
        while True:
            missing, reason = self._missing(models, max(0.1, end - time.monotonic()))
            if not missing:
                return
            if time.monotonic() >= end:
                names = " and ".join(missing)
                raise ServingFailed(UNAVAILABLE, f"{names} not ready after {seconds:g} s{reason}")
            time.sleep(min(0.2, max(0.0, end - time.monotonic())))

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _missing(self, models: Sequence[str], seconds: float) -> tuple[list[str], str]:
        try:
            rows = {model: self._transport.status(model, min(seconds, 5.0)) for model in models}
        except ServingFailed as failure:
            return list(models), f": {failure}"
        waiting = [
            model
            for model, versions in rows.items()
            if not any(state == "AVAILABLE" for _, state, _ in versions)
        ]
        errors = [error for model in waiting for _, _, error in rows[model] if error]
        return waiting, f": {errors[0]}" if errors else ""

    def _call(self, model: str, files: list[bytes], seconds: float) -> tuple[dict, int]:
        outputs, version = self._retried(
            lambda left: self._transport.predict(model, files, left), seconds
        )
        if any(len(array) != len(files) for array in outputs.values()):
            raise ServingFailed(UNAVAILABLE, f"{model} did not answer for all {len(files)} files")
        return outputs, version

    def _retried(self, call: Callable, seconds: float):
        """`call(seconds left)`, again while the server is unavailable: predictions change nothing
        on the server, so a repeated one does no harm."""
        end = time.monotonic() + seconds
        for attempt in range(self._attempts):
            try:
                return call(max(0.001, end - time.monotonic()))
            except ServingFailed as failure:
                pause = random.uniform(0.5, 1.0) * FIRST_PAUSE * 2**attempt
                last = attempt == self._attempts - 1
                if failure.cause != UNAVAILABLE or last or time.monotonic() + pause >= end:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _transport(address: str, label: str) -> Transport:
    """REST or gRPC by the scheme; the other one's libraries are not loaded."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        scheme, rest = "grpc", address
    if scheme in ("http", "https"):
        from serving.client_rest import RestTransport

        return RestTransport(f"{scheme}://{rest}", label)
    if scheme in ("grpc", "grpcs"):
        from serving.client_grpc import GrpcTransport

        return GrpcTransport(rest, scheme == "grpcs", label)
    raise ValueError(f"address {address!r} has to start with grpc, grpcs, http or https")


def _bytes(file: str | Path | bytes) -> bytes:
    return file if isinstance(file, bytes) else Path(file).read_bytes()
