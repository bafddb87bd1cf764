"""What page and traces each added to an answer, on one map: Grad-CAM for networks that read traces.

Grad-CAM looks at the last maps of the page. A network that also reads the traces off the page
(`ecg_tf.models.joined`) decides mostly by them, and they have no maps. But behind the maps and the
signals such a network is small, so both can be asked in the same unit, the class score: each cell
of the maps adds its slope times its value, and each moment of each signal what integrated
gradients (Sundararajan et al. 2017) give it on the way from the signals of a blank page. Moments
are painted over the ink that they were read from.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.explain.boxes import cover, darkness, lead_boxes
from ecg_tf.explain.integrated_gradients import BLANK, display
from ecg_tf.explain.probe import HEAD, maps_layer, score, signature
from ecg_tf.models.traces import READER
from ecg_tf.pages.columns import COLUMNS, LINES, SAMPLES, SIGNALS, SPAN

STEPS = 32  # of the integral over the signals
FAINT = 0.01  # ink that every pixel counts with, so that a column without any is painted evenly


def parts_map(model: keras.Model) -> Callable:
    """A function `attribute(pages, classes) -> maps`, of TensorFlow ops alone.

    `pages` float32 (n, height, width, 3) is the network's input, `classes` int (n,) the class to
    explain per page; `maps` float32 (n, height, width) in 0..1. In a network that reads no traces
    they are those of Grad-CAM, blurred. Raises ValueError for a network that `probe` refuses.
    """
    part = parts(model)

    @tf.function(input_signature=signature(model), autograph=False)
    def attribute(pages, classes):
        found = part(pages, classes)
        size = tuple(pages.shape[1:3])
        cells = found["page"]
        there = tf.image.resize(cells[..., None], size)[..., 0]
        there *= np.prod(cells.shape[1:]) / np.prod(size)
        if "traces" in found:
            there += painted(found["traces"], pages)
        return display(there)

    return attribute


def parts(model: keras.Model) -> Callable:
    """A function of pages and classes to a dict of what was added to the class score: by each cell
    of the last maps `page` (n, rows, columns), and by each moment of each signal `traces`
    (n, SAMPLES, SIGNALS), where the network reads them.

    Those of the page sum to the score that its maps gave, those of the traces to the difference
    from the score with the signals of a blank page.
    """
    reads = any(layer.name == READER for layer in model.layers)
    taken = [maps_layer(model), *([READER] if reads else [])]
    inner = [model.get_layer(name).output for name in taken]
    head = model.get_layer(HEAD)
    front, behind = keras.Model(model.input, inner), keras.Model(inner, head.input)
    # Points on the way from the blank signals, at the middles of equal steps, and the page itself.
    points = np.append((np.arange(STEPS, dtype=np.float32) + 0.5) / STEPS, np.float32(1.0))

    def part(pages, classes):
        seen = tf.nest.flatten(front(pages, training=False))
        at = [tf.repeat(each[:, None], len(points), axis=1) for each in seen]
        if reads:
            blank = tf.fill((1, *pages.shape[1:]), BLANK)
            nothing = tf.nest.flatten(front(blank, training=False))[1]
            at[1] = nothing + points[:, None, None] * (seen[1] - nothing)[:, None]
        slopes = _slopes(behind, head, at, classes)
        found = {"page": tf.reduce_sum(seen[0] * slopes[0][:, -1], axis=-1)}
        if reads:
            added = tf.reduce_mean(slopes[1][:, :-1], axis=1) * (seen[1] - nothing)
            kinds = tf.reshape(added, (-1, SAMPLES, 3, SIGNALS))
            found["traces"] = tf.reduce_sum(kinds, axis=2)
        return found

    return part


def _slopes(behind: keras.Model, head, at: list, classes) -> list:
    """The slope of the score of each page's class at points (n, points, ...), in their shapes."""
    flat = [tf.reshape(each, (-1, *each.shape[2:])) for each in at]
    with tf.GradientTape() as tape:
        tape.watch(flat)
        scores = score(behind(flat, training=False), head)
        told = tf.gather(scores, tf.repeat(classes, at[0].shape[1]), axis=1, batch_dims=1)
    slopes = tape.gradient(told, flat)
    return [tf.reshape(each, tf.shape(there)) for each, there in zip(slopes, at, strict=True)]


def painted(moments, pages):
    """What moments (n, SAMPLES, SIGNALS) added, on the pages (n, h, w, 3) that they were read from:
    (n, h, w), of the same sum."""
    height, width = pages.shape[1:3]
    boxes = lead_boxes(pages)
    lines = [0, 1, 2, boxes.shape[1] - 1]  # I, II, III and the rhythm strip each begin one
    rows = tf.gather(boxes, lines, axis=1)
    near = cover(rows[..., 1], rows[..., 3], height)[..., None]
    ink = near * (darkness(pages)[:, None] + FAINT)
    ink = tf.math.divide_no_nan(ink, tf.reduce_sum(ink, axis=2, keepdims=True))
    along = tf.reshape(tf.transpose(moments, (0, 2, 1)), (-1, LINES, COLUMNS * SAMPLES))
    edges = np.linspace(*SPAN, COLUMNS * SAMPLES + 1, dtype=np.float32)
    spread = cover(edges[:-1], edges[1:], width)
    spread /= tf.reduce_sum(spread, axis=1, keepdims=True)
    return tf.einsum("nlhw,nls,sw->nhw", ink, along, spread)
