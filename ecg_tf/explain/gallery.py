"""One page under every method, in a process of its own: python -m ecg_tf.explain.gallery.

The portal starts this process when a person asks for a comparison, and ends it when nobody has for
a while, because TensorFlow with all the methods holds gigabytes. It reads requests from standard
input, one JSON object a line, and writes for each a JSON line and the map as raw float32 to
standard output; it gets no settings and no secrets of the portal, and ends as soon as nobody is
left to ask.

    {"page": PATH, "label": KEY, "method": KEY}
    {"shape": [h, w], "probability": P} and 4 h w bytes, or {"error": KIND}
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

NICENESS = 5  # answers of the model server go first


def main() -> None:
    """Answers for the shipped model until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the answers
    os.nice(NICENESS)
    serve(requests(sys.stdin.buffer), answers, shipped())


def requests(lines: BinaryIO) -> Iterator[dict]:
    """The requests as they come. At the end of `lines` the process ends at once, even in the middle
    of a map: whoever asked for it is gone."""
    waiting: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        for line in lines:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(waiting.get())


def serve(asked: Iterable[dict], answers: BinaryIO, paint: Callable) -> None:
    """Answers every request with what `paint(page, label, method) -> (map, probability)` returns;
    of what it raises, the kind is told and no more: a message may quote a path."""
    for request in asked:
        try:
            heat, probability = paint(request["page"], request["label"], request["method"])
            heat = checked(heat)
            head, body = {"shape": heat.shape, "probability": probability}, heat.tobytes()
        except Exception as error:  # one method that fails leaves the others
            head, body = {"error": type(error).__name__}, b""
        answers.write(json.dumps(head).encode() + b"\n" + body)
        answers.flush()


def checked(heat) -> np.ndarray:
    """The map as float32 (h, w) in 0..1; raises ValueError for what is none."""
    heat = np.ascontiguousarray(heat, dtype="<f4")
    if heat.ndim != 2 or not np.isfinite(heat).all():
        raise ValueError(f"A map is finite and has two dimensions; got shape {heat.shape}.")
    return np.clip(heat, 0.0, 1.0)


def shipped() -> Callable:
    """`paint` for `serve`, by the shipped model; a page is prepared once for all its methods."""
    # TensorFlow takes seconds and gigabytes: only the process that computes loads it.
    from ecg_tf.classifier import calibrate, load
    from ecg_tf.explain.methods import explain
    from ecg_tf.labels import LABELS
    from ecg_tf.pages.ink import Prepared, lay_out, on_page
    from ecg_tf.pages.read import read_page

    classifier = load()

    @lru_cache(maxsize=1)
    def prepared(path: str) -> tuple[Prepared, np.ndarray]:
        page = read_page(Path(path).read_bytes()).astype(np.float32)
        page = lay_out(page, *classifier.size)
        raw = np.asarray(classifier.model(page.image[None], training=False))
        return page, calibrate(raw, classifier.card["temperature"])[0]

    def paint(path: str, label: str, method: str) -> tuple[np.ndarray, float]:
        page, probabilities = prepared(path)
        index = LABELS.index(label)
        # Tracing takes longer than the few pages that are asked of one process.
        heat = explain(classifier.model, page.image, method, index, traced=False)
        return on_page(heat, page), float(probabilities[index])

    return paint


if __name__ == "__main__":
    main()
