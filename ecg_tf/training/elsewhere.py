"""Trains the part for other printers (`ecg_tf.models.anywhere`) on drawn pages.

It has the three parts that the network for the known printer has: a convolution over the traces,
kernel regression on measured beats, and a linear layer on what that network sees on the thumbnail.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from ecg_tf.data.pipeline import SIGNALS, Examples
from ecg_tf.models.anywhere import LANDMARKS, PREFIX
from ecg_tf.models.beats import beat_network
from ecg_tf.models.traces import signal_network
from ecg_tf.training.drawn_set import DrawnSet
from ecg_tf.training.fit import fit
from ecg_tf.training.kernel import fit_kernel
from ecg_tf.training.recipes import RECIPES

SHARES = (0.2, 0.4, 0.4)  # of page, traces and beats: as at home
BALANCE = 0.5  # power of the inverse class frequency that weights the loss
RECIPE = replace(RECIPES["signal"], epochs=8, batch=32)
KERNEL = 30.0  # scikit-learn's C
PAGE = 0.1


class Elsewhere(NamedTuple):
    """The trained parts: networks on signals, and kernel (128, 4) and bias (4,) on the pooled maps
    of the thumbnail."""

    traces: keras.Model
    beats: keras.Model
    page_head: list[np.ndarray]


def train(drawn: DrawnSet, rows: np.ndarray, run: Path, seed: int, callbacks=()) -> Elsewhere:
    """Trains on the `rows` of the set. A run that was killed goes on from what lies in `run`."""
    keras.utils.set_random_seed(seed)
    target, weight = drawn.target[rows], weights_of(drawn.target[rows])
    signals = drawn.signals[rows].astype(np.float32)
    traces, beats = signal_network(PREFIX), beat_network(PREFIX, LANDMARKS)
    examples = Examples(signals, np.arange(len(rows)), target, weight, SIGNALS)
    run.mkdir(parents=True, exist_ok=True)
    fit(traces, RECIPE, examples, None, run, seed, callbacks)
    fit_kernel(beats, signals, target, weight, KERNEL, seed, PREFIX)
    return Elsewhere(traces, beats, page_head(drawn.pooled[rows], target, weight))


def weights_of(target: np.ndarray) -> np.ndarray:
    """Weights float32 (n,), on average 1, of targets (n, 4): rare classes count more."""
    often = np.maximum(target.sum(axis=0), 1.0)
    weight = target @ (len(target) / often) ** BALANCE
    return (weight / weight.mean()).astype(np.float32)


def page_head(pooled: np.ndarray, target: np.ndarray, weight: np.ndarray) -> list[np.ndarray]:
    """Kernel and bias of logistic regression on pooled maps (n, 128)."""
    middle, spread = pooled.mean(axis=0), pooled.std(axis=0) + 1e-6
    rows, labels = np.nonzero(target)
    regression = LogisticRegression(C=PAGE, max_iter=10_000)
    counts = (weight[:, None] * target)[rows, labels]
    regression.fit(((pooled - middle) / spread)[rows], labels, sample_weight=counts)
    kernel = (regression.coef_ / spread).T
    bias = regression.intercept_ - middle @ kernel
    return [kernel.astype(np.float32), bias.astype(np.float32)]
