"""Integrated gradients (Sundararajan et al. 2017): what each pixel of a page added to a score.

The path leads from blank white paper to the page. By the fundamental theorem of calculus the
attributions of all pixels sum to the difference between the two scores (completeness); how far
the sum is off tells how well the integral was computed, and is reported with every page.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.explain.gradcam import to_unit
from ecg_tf.explain.probe import probe, signature

BLANK = 255.0  # grey level of paper without a trace, where the path begins
STEPS = 32
CHUNK = 8  # points of the path in one batch: memory stays that of 8 pages for any number of them
LEAST = 0.1  # score; where page and blank paper differ by less, there is nothing to divide up
DENSER = 2  # power by which points crowd near the blank paper: faint ink changes networks most
BLUR = 0.015  # standard deviation of the blur of the display map, in parts of each side


def integrated_gradients(model: keras.Model, steps: int = STEPS) -> Callable:
    """A function `attribute(pages, classes) -> (attributions, gap)`, built once, to be called or
    traced many times; it is made of TensorFlow ops alone and can be part of an exported graph.

    `pages` is the network's input, float32 (n, height, width, 3) in 0..255; `classes` int (n,)
    names the class to explain per page. `attributions` float32 (n, height, width), signed, are in
    units of the class score of `ecg_tf.explain.probe`, summed over the colour channels. `gap`
    float32 (n,) is how far their sum is from the difference of the scores of page and blank
    paper, as a part of that difference (of LEAST where the difference is smaller than that).

    The integral is taken at the midpoints of `steps` equal parts of t, the path being t ** DENSER:
    where ink is faint the scores change fastest. Gauss-Legendre points are no better on smooth
    networks and worse on those of ReLU and max-pooling, whose slopes jump. Raises ValueError for a
    network that `probe` does not accept and for `steps` that is not a positive multiple of CHUNK.
    """
    look, divide_up = probe(model), attributions_of(model, steps)

    @tf.function(input_signature=signature(model), autograph=False)
    def attribute(pages, classes):
        scores = look(with_blank(pages))["scores"]
        return divide_up(pages, scores[:-1], scores[-1], classes)

    return attribute


def with_blank(pages):
    """Pages (n, h, w, 3) and blank paper behind them: (n + 1, h, w, 3)."""
    return tf.concat([pages, tf.fill((1, *pages.shape[1:]), BLANK)], axis=0)


def attributions_of(model: keras.Model, steps: int) -> Callable:
    """A function `divide_up(pages, scores, blank, classes) -> (attributions, gap)` for the class
    scores (n, 4) of the pages and those of blank paper, (4,)."""
    if steps < CHUNK or steps % CHUNK:
        raise ValueError(f"steps is {steps}; it must be a positive multiple of {CHUNK}.")
    look = probe(model)

    def divide_up(pages, scores, blank, classes):
        attributions = _attributions(look, pages, classes, steps)
        difference = tf.gather(scores - blank, classes, axis=1, batch_dims=1)
        missing = tf.abs(tf.reduce_sum(attributions, axis=(1, 2)) - difference)
        return attributions, missing / tf.maximum(tf.abs(difference), LEAST)

    return divide_up


def display(attributions: tf.Tensor) -> tf.Tensor:
    """Attributions (n, h, w), signed, as maps float32 (n, h, w) in 0..1 for the eye.

    Neighbours of both signs are first balanced by a blur, for single pixels of a thin trace are
    too fine to see; what remains positive spoke for the class, 1 where it did so most.
    """
    height, width = attributions.shape[1:]
    blurred = tf.einsum("ih,nhw,jw->nij", _blur(height), attributions, _blur(width))
    return to_unit(tf.nn.relu(blurred))


def _attributions(look: Callable, pages, classes, steps: int):
    """Page minus blank paper times the mean slope on the path between them, (n, height, width).

    One batch holds CHUNK points of one path, and the batches follow one another, so no number of
    pages needs more memory than a few maps a page above that of one batch.
    """
    n, chunks, size = tf.shape(pages)[0], steps // CHUNK, pages.shape[1:3]
    edges = np.linspace(0.0, 1.0, 2 * steps + 1, dtype=np.float32) ** DENSER
    points = tf.constant(np.reshape(edges[1::2], (chunks, CHUNK)))
    widths = tf.constant(np.reshape(np.diff(edges[::2]), (chunks, CHUNK)))  # their sum is 1

    def part(index):
        page, chunk = index // chunks, index % chunks
        way = pages[page] - BLANK
        path = BLANK + points[chunk][:, None, None, None] * way
        with tf.GradientTape() as tape:
            tape.watch(path)
            score = tf.reduce_sum(tf.gather(look(path)["scores"], classes[page], axis=1))
        each = tape.gradient(score, path) * widths[chunk][:, None, None, None]
        slope = tf.reduce_sum(each, axis=0)
        return tf.reduce_sum(slope * way, axis=-1)

    shape = tf.TensorSpec(size, tf.float32)
    parts = tf.map_fn(part, tf.range(n * chunks), fn_output_signature=shape, parallel_iterations=1)
    return tf.reduce_sum(tf.reshape(parts, (n, chunks, *size)), axis=1)


def _blur(side: int) -> np.ndarray:
    """Weights float32 (side, side) of a Gaussian blur, each row summing to 1."""
    away = np.arange(side)[:, None] - np.arange(side)[None, :]
    weights = np.exp(-0.5 * (away / (BLUR * side)) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
