"""From pages to batches: decoded once and kept, augmented, shuffled, deterministic under a seed.

`tf_batches` is for TensorFlow; under JAX `ecg_tf.training.fit_jax` makes its batches on the device.
The order of the pages in epoch e depends on (seed, e) alone, so a run
that is resumed sees what an uninterrupted one would have seen.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ecg_tf.data.augment import DRAWS, augment, plain
from ecg_tf.data.augment_signals import augment_signals, unchanged
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.read import read_file


class Kind(NamedTuple):
    """What the examples are: how they are changed in training, and what a network takes."""

    augment: Callable
    plain: Callable


PAGES = Kind(augment, plain)  # uint8 (p, h, w), 0 trace to 255 paper
SIGNALS = Kind(augment_signals, unchanged)  # float32 (p, samples, channels), see pages.columns


@dataclass(frozen=True)
class Examples:
    """What is trained on. `pages` as their `kind` has them; `index` int (n,) into `pages`, a page
    as often as it counts; `target` float32 (n, 4); `weight` float32 (n,)."""

    pages: np.ndarray
    index: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    kind: Kind = PAGES

    def __len__(self) -> int:
        return len(self.index)


def load_pages(paths: list[Path], size: tuple[int, int], advance: Callable = lambda: None):
    """The pages as the networks see them, uint8 (n, height, width); `advance` is called per page.

    Uses the in-graph reader under the TensorFlow backend and plain Python elsewhere; they agree
    within 2 grey levels on average. Raises PageError for a file that cannot be read.
    """
    if keras.backend.backend() == "tensorflow":
        found = _read_with_tensorflow(paths, size)
    else:
        found = ThreadPoolExecutor(2).map(lambda path: _read_with_python(path, size), paths)
    pages = np.empty((len(paths), *size), dtype=np.uint8)
    for number, page in enumerate(found):
        pages[number] = page
        advance()
    return pages


def order(n: int, epoch: int, seed: int) -> np.ndarray:
    """The order in which n examples come in one epoch."""
    return np.random.default_rng([seed, epoch]).permutation(n)


def steps_of(n: int, batch: int) -> int:
    """Batches in an epoch of n examples; the last one may be smaller."""
    return -(-n // batch)


def tf_batches(examples: Examples, batch: int, seed: int, epochs: range, strength: float):
    """A `tf.data.Dataset` of (pages, target, weight) batches, one epoch after another."""
    import tensorflow as tf

    pages = tf.constant(examples.pages)
    target, weight = tf.constant(examples.target), tf.constant(examples.weight)
    index = tf.constant(examples.index)

    def make(rows, step):
        grey = tf.gather(pages, tf.gather(index, rows))
        n, height, width = tf.shape(grey)[0], *examples.pages.shape[1:]
        key = tf.stack([tf.constant(seed, tf.int64), step])
        draws = tf.random.stateless_uniform((n, len(DRAWS)), key)
        noise = tf.random.stateless_normal((n, height, width), key)
        changed = examples.kind.augment(grey, draws, noise, strength)
        return changed, tf.gather(target, rows), tf.gather(weight, rows)

    def rows():
        for epoch in epochs:
            shuffled = order(len(examples), epoch, seed)
            for step in range(steps_of(len(examples), batch)):
                yield shuffled[step * batch : (step + 1) * batch], epoch * 100_000 + step

    signature = (tf.TensorSpec((None,), tf.int64), tf.TensorSpec((), tf.int64))
    data = tf.data.Dataset.from_generator(rows, output_signature=signature)
    return data.map(make, num_parallel_calls=2, deterministic=True).prefetch(2)


def whole_set(examples: Examples):
    """(pages, target, weight) as arrays, unchanged: for validation and prediction."""
    pages = np.asarray(examples.kind.plain(examples.pages[examples.index]))
    return pages, examples.target, examples.weight


def _read_with_tensorflow(paths: list[Path], size: tuple[int, int]):
    import tensorflow as tf

    from ecg_tf.pages.graph import read

    def to_grey(path):
        return tf.cast(tf.round(read(tf.io.read_file(path), *size)[..., 0]), tf.uint8)

    data = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
    return data.map(to_grey, num_parallel_calls=2, deterministic=True).as_numpy_iterator()


def _read_with_python(path: Path, size: tuple[int, int]) -> np.ndarray:
    page = prepare(read_file(path).astype(np.float32), *size)[..., 0]
    return np.round(page).astype(np.uint8)
