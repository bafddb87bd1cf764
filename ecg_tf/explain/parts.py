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
from ecg_tf.explain.integrated_gradients import display, with_blank
from ecg_tf.explain.probe import behind, halfway, maps_layer, probe, signature
from ecg_tf.pages.columns import COLUMNS, SAMPLES, SIGNALS, SPAN
from ecg_tf.pages.layout import LINES

STEPS = 32  # of the integral over the signals
FAINT = 0.01  # ink that every pixel counts with, so that a column without any is painted evenly


def parts_map(model: keras.Model) -> Callable:
    """A function `attribute(pages, classes) -> maps`, of TensorFlow ops alone.

    `pages` float32 (n, height, width, 3) is the network's input, `classes` int (n,) the class to
    explain per page; `maps` float32 (n, height, width) in 0..1. In a network that reads no traces
    they are those of Grad-CAM, blurred. Raises ValueError for a network that `probe` refuses.
    """
    layer = maps_layer(model)
    look, part = probe(model, layer), parts(model, layer)

    @tf.function(input_signature=signature(model), autograph=False)
    def attribute(pages, classes):
        return shown(part(pages, look(with_blank(pages)), classes), pages)

    return attribute


def shown(found: dict, pages):
    """What `parts` found on pages (n, h, w, 3) as maps for the eye, (n, h, w) in 0..1."""
    size, cells = tuple(pages.shape[1:3]), found["page"]
    there = tf.image.resize(cells[..., None], size)[..., 0]
    there *= np.prod(cells.shape[1:]) / np.prod(size)
    if "traces" in found:
        there += painted(found["traces"], pages)
    return display(there)


def parts(model: keras.Model, layer: str) -> Callable:
    """A function of pages, of what `probe` saw on them and, last, on blank paper, and of classes,
    to a dict of what was added to the class score: by each cell of the maps of `layer`, `page`
    (n, rows, columns), and by each moment of each signal, `traces` (n, SAMPLES, SIGNALS), where
    the network reads them. `slopes` are those of the score at the maps, in their shape.

    Those of the page sum to the score that its maps gave, those of the traces to the difference
    from the score with the signals of a blank page.
    """
    rest, taken = behind(model, layer), halfway(model, layer)
    # Points on the way from the blank signals, at the middles of equal steps, and the page itself.
    points = np.append((np.arange(STEPS, dtype=np.float32) + 0.5) / STEPS, np.float32(1.0))

    def part(pages, seen, classes):
        here = {name: seen[name][:-1] for name in taken}
        at = {name: tf.repeat(each[:, None], len(points), axis=1) for name, each in here.items()}
        if "signals" in seen:
            nothing = seen["signals"][-1]
            way = here["signals"] - nothing
            at["signals"] = nothing + points[:, None, None] * way[:, None]
        slopes = _slopes(rest, tf.repeat(pages, len(points), axis=0), at, classes)
        last = slopes["maps"][:, -1]
        found = {"slopes": last, "page": tf.reduce_sum(here["maps"] * last, axis=-1)}
        if "signals" in seen:
            added = tf.reduce_mean(slopes["signals"][:, :-1], axis=1) * way
            kinds = tf.reshape(added, (-1, SAMPLES, 3, SIGNALS))
            found["traces"] = tf.reduce_sum(kinds, axis=2)
        return found

    return part


def _slopes(rest: Callable, pages, at: dict, classes) -> dict:
    """The slope of the score of each page's class at points (n, points, ...), in their shapes.
    `pages` (n * points, h, w, 3) holds each page as often as there are points."""
    flat = {name: tf.reshape(each, (-1, *each.shape[2:])) for name, each in at.items()}
    with tf.GradientTape() as tape:
        tape.watch(flat)
        scores = rest(pages, flat)
        times = tf.shape(scores)[0] // tf.shape(classes)[0]
        told = tf.gather(scores, tf.repeat(classes, times), axis=1, batch_dims=1)
    slopes = tape.gradient(told, flat)
    return {name: tf.reshape(slopes[name], tf.shape(each)) for name, each in at.items()}


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
