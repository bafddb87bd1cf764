"""Stands in for the process that has TensorFlow: the same protocol, made-up maps, mishaps at will.

    python -m tests.webapp.studies.painters FOLDER

FOLDER holds the orders: a file `METHOD` with one of the words below, and `log`, to which the
process adds every method that it is asked for.
"""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from ecg_tf.explain.gallery import requests, serve

DIE, HANG, FAIL, NONSENSE, HALF = "die", "hang", "fail", "nonsense", "half"
MAP = (30, 52)


def command(folder: Path) -> tuple[str, ...]:
    """The command line of the stand-in."""
    return (sys.executable, "-m", "tests.webapp.studies.painters", str(folder))


def heat(method: str) -> np.ndarray:
    """A hill whose place depends on the method, float32 MAP."""
    rows, columns = np.mgrid[0 : MAP[0], 0 : MAP[1]]
    middle = sum(method.encode()) % MAP[1]
    return np.exp(-((rows - 15) ** 2 + (columns - middle) ** 2) / 30.0).astype(np.float32)


def main(folder: Path) -> None:
    out = sys.stdout.buffer

    def paint(page: str, label: str, method: str):
        with open(folder / "log", "a") as log:
            log.write(method + "\n")
        assert Path(page).read_bytes()
        order = folder / method
        word = order.read_text() if order.exists() else ""
        if word == DIE:
            os.kill(os.getpid(), signal.SIGKILL)
        if word == HANG:
            time.sleep(600)
        if word == FAIL:
            raise ZeroDivisionError
        if word == NONSENSE:
            return np.full(MAP, np.nan), 0.93
        if word == HALF:
            out.write(b'{"shape": [30, 52], "probability": 0.9}\n1234')
            out.flush()
            os._exit(1)
        return heat(method), 0.93

    serve(requests(sys.stdin.buffer), out, paint)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
