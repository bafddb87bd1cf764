"""The process that has TensorFlow: started when a map is asked for, ended when none has been."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webapp import logs

COMMAND = (sys.executable, "-m", "ecg_tf.explain.gallery")
PATIENCE = 480.0  # seconds for one map, the start of the process included
IDLE = 180.0  # seconds without a request after which the process gives its memory back


class PainterGone(Exception):
    """The process ended, or was ended because it took too long, before the map was there."""


class MethodFailed(Exception):
    """The process could not compute this map; `kind` is the type of the error there."""

    def __init__(self, kind: str):
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, eq=False)
class Painted:
    """A map, float32 (h, w) in 0..1 over the paper of the page, and the probability of the label
    that is explained, by the model that computed the map."""

    heat: np.ndarray
    probability: float


class Painter:
    """Asks the process for maps, one at a time."""

    def __init__(self, command=COMMAND, patience: float = PATIENCE, idle: float = IDLE):
        self._command, self._patience, self._idle = command, patience, idle
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()
        self._used = time.monotonic()
        self.closed = False

    def paint(self, page: Path, label: str, method: str) -> Painted:
        """The map of a page by one method. Raises PainterGone and MethodFailed."""
        with self._lock:
            process = self._running()
            late = threading.Timer(self._patience, process.kill)
            late.start()
            try:
                return _ask(process, {"page": str(page), "label": label, "method": method})
            except (OSError, ValueError, KeyError) as error:  # cut off in the middle
                self._end(process)
                raise PainterGone(f"status {process.returncode}") from error
            finally:
                late.cancel()
                self._used = time.monotonic()

    def rest(self) -> None:
        """Ends the process if nobody has asked for a while; to be called now and then."""
        if self._process and self._lock.acquire(blocking=False):
            try:
                if time.monotonic() - self._used >= self._idle:
                    self._end(self._process)
                    logs.event("painter.rests")
            finally:
                self._lock.release()

    def close(self) -> None:
        """Ends the process at once, even in the middle of a map; no other is started."""
        self.closed = True
        if process := self._process:
            process.kill()  # whoever waits for a map of it lets the lock go
        with self._lock:
            if self._process:
                self._end(self._process)

    @property
    def running(self) -> int | None:
        """The number of the process, None while there is none."""
        return self._process.pid if self._process else None

    def _running(self) -> subprocess.Popen:
        if self._process is None and not self.closed:
            self._process = subprocess.Popen(
                self._command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            logs.event("painter.starts")
        if self.closed:
            if self._process:  # closed while it started
                self._end(self._process)
            raise PainterGone("closed")
        return self._process

    def _end(self, process: subprocess.Popen) -> None:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                pipe.close()
            except OSError:  # what was not sent yet has nobody to go to
                continue
        self._process = None


def _ask(process: subprocess.Popen, request: dict) -> Painted:
    """Sends a request and reads the answer. Raises OSError or ValueError where it is cut off."""
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    head = json.loads(process.stdout.readline())
    if "error" in head:
        raise MethodFailed(head["error"])
    height, width = head["shape"]
    data = process.stdout.read(4 * height * width)
    heat = np.frombuffer(data, "<f4").reshape(height, width)
    return Painted(heat, head["probability"])


def _environment() -> dict[str, str]:
    """Without the portal's secrets, and without its thrift, which costs TensorFlow time."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECG_TF_", "MALLOC_"))}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "2"}
