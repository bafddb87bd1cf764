"""Fits a network whose last layers are kernel logistic regression on measured beats."""

import keras
import numpy as np
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression

from ecg_tf.models.beats import LIKENESS
from ecg_tf.models.head import HEAD

FLAT = 1e-3  # a measurement that deviates less counts no more than one that deviates this much
FLOOR = 1e-4  # eigenvalues of the kernel below it are noise of its float32 arithmetic


def fit_kernel(
    network: keras.Model, signals, target, weight, strength: float, seed: int, prefix: str = ""
) -> None:
    """Gives `network`, as `beat_network` made it, its weights.

    `signals` (n, *SHAPE), `target` float (n, 4), each row summing to 1, and `weight` float (n,)
    are the training pages, n at least the number of landmarks, which are drawn from them.
    `strength` is the inverse of the penalty on the square of the weights (scikit-learn's C). The
    kernel's width is the median square of the distances. (Nystroem's approximation: Williams and
    Seeger 2001.) ValueError if there are too few pages.
    """
    likeness = network.get_layer(prefix + LIKENESS)
    if len(target) < likeness.count:
        raise ValueError(f"{len(target)} pages are too few; the kernel needs {likeness.count}.")
    before = keras.Model(network.input, likeness.input)
    measured = np.asarray(before.predict(signals, batch_size=32, verbose=0))
    usual, deviation = measured.mean(axis=0), measured.std(axis=0) + FLAT
    bounded = np.tanh((measured - usual) / deviation)
    chosen = np.random.default_rng(seed).permutation(len(target))[: likeness.count]
    landmarks = bounded[chosen]
    square = cdist(bounded, landmarks, "sqeuclidean")
    width = np.median(square)
    kernel = np.exp(-square / width)
    eigenvalues, vectors = np.linalg.eigh(kernel[chosen])
    whiten = vectors / np.sqrt(np.maximum(eigenvalues, FLOOR))
    # A page that may be of two classes counts as two, each as much as it is likely.
    rows, labels = np.nonzero(target)
    regression = LogisticRegression(C=strength, max_iter=10_000)
    regression.fit(
        (kernel @ whiten)[rows], labels, sample_weight=(weight[:, None] * target)[rows, labels]
    )
    likeness.set_weights([usual, deviation, landmarks, width])
    network.get_layer(HEAD).set_weights([whiten @ regression.coef_.T, regression.intercept_])
