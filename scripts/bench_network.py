"""Seconds of the network and its explanations, one a line: python bench_network.py BASE ROUNDS.

With `folded` or `bfloat16` behind them only the network that is served, as this process's
environment has it, or with oneDNN in bfloat16 where the processor can.
"""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from bench_options import STEPS
from bench_serving import in_turns

import common  # noqa: F401  finds the packages
from ecg_tf.classifier import load
from ecg_tf.explain.gradcam import grad_cam
from ecg_tf.explain.integrated_gradients import integrated_gradients
from serving.check import prepared
from serving.fold import fold_normalisations
from serving.tflite import TFLITE, TfliteModel
from serving.warmup_records import drawn_files


def measure(base: Path, rounds: int) -> dict[str, float]:
    """Median seconds of each way, and how many forward passes integrated gradients take."""
    classifier, pages = load(), one_page()
    folded = fold_normalisations(classifier.model)
    cam, attribute = grad_cam(folded), integrated_gradients(folded, STEPS)
    classes = tf.constant([0])
    ways = {"plain": compiled(classifier.model, pages), "folded": compiled(folded, pages)}
    ways["gradcam"] = lambda: cam(pages, classes).numpy()
    files = sorted((base / "ecg").glob(f"*/{TFLITE}"))
    for threads in (1, 2) if files else ():
        lite = TfliteModel(files[-1], threads)
        ways[f"tflite {threads}"] = lambda lite=lite: lite.predict(pages.numpy())
    times = medians(in_turns(ways, rounds))
    # What is slow gets its own reference: it must not be compared with another minute.
    slow = {"gradients": lambda: attribute(pages, classes)[0].numpy(), "folded": ways["folded"]}
    later = medians(in_turns(slow, 2))
    return times | {"passes": later["gradients"] / later["folded"]}


def served_alone(rounds: int, bfloat16: bool) -> dict[str, float]:
    """The median of the network that is served, and how far bfloat16 moves a probability."""
    folded, pages = fold_normalisations(load().model), one_page()
    exact = np.asarray(folded(pages, training=False))  # op by op: no optimiser changes it
    if bfloat16:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    call = compiled(folded, pages)
    times = medians(in_turns({"folded": call}, rounds))
    return times | {"moved": float(np.abs(call() - exact).max())}


def one_page() -> tf.Tensor:
    """A drawn page as the network takes it."""
    return tf.constant(prepared(load(), drawn_files()[:1]))


def compiled(model: keras.Model, pages) -> Callable:
    run = tf.function(lambda x: model(x, training=False), autograph=False)
    return lambda: run(pages).numpy()


def medians(times: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    rounds, mode = int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "all"
    found = (
        measure(Path(sys.argv[1]), rounds)
        if mode == "all"
        else served_alone(rounds, mode == "bfloat16")
    )
    for name, value in found.items():
        print(name, value)
