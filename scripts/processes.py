"""Child processes that are kept running, their logs, and ports for them."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from common import ROOT

LOG_BYTES = 20_000_000  # of one log; one older one is kept beside it
MOST_STARTS, WITHIN = 5, 120.0  # a child that needs so many in so many seconds is given up
LONGEST_PAUSE = 10.0  # seconds before it is started again
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process with its log."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    patience: float = 35.0  # seconds that it gets to end what it is at
    process: subprocess.Popen | None = None
    starts: list[float] = field(default_factory=list)
    again_at: float | None = None

    def start(self) -> None:
        """Starts it. Ctrl-C does not reach it, so that the children can end in order."""
        self.starts.append(time.monotonic())
        self.again_at = None
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def keep(self) -> str:
        """Starts it again after a pause if it has died; returns what happened, or "".

        Raises RuntimeError if it dies all the time.
        """
        if self.again_at is not None:
            if time.monotonic() >= self.again_at:
                self.start()
            return ""
        if self.process.poll() is None:
            return ""
        recent = [start for start in self.starts if start > time.monotonic() - WITHIN]
        if len(recent) >= MOST_STARTS:
            raise RuntimeError(
                f"The {self.name} ended {len(recent)} times in {WITHIN:.0f} seconds (status "
                f"{self.process.returncode}); the reason is at the end of {self.log}."
            )
        pause = min(2.0 ** (len(recent) - 1), LONGEST_PAUSE)
        self.again_at = time.monotonic() + pause
        return (
            f"The {self.name} ended (status {self.process.returncode}); "
            f"it is started again in {pause:.0f} s."
        )

    def stop(self) -> None:
        """Asks it to end, and makes it end when the patience is over."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def trim_log(self) -> None:
        """Moves a long log aside; the process goes on writing, at the start of an empty file."""
        if self.log.stat().st_size > LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)


def free_port(host: str = "127.0.0.1", wanted: int = 0) -> int | None:
    """The port wanted, if nobody has it, or any free one for 0; None if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), wanted))
        except OSError:
            return None
        return probe.getsockname()[1]


def _end_with_parent() -> None:
    """In the child, before it becomes the program: ends when the launcher is killed (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
