"""Occlusion (Zeiler and Fergus 2014), lead by lead: what is lost of an answer when a lead is gone.

A box of the prepared page is painted with the colour of paper, so that its ink vanishes, and the
network answers again. What a network reads beyond the box (a tall wave in the row above) stays.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.explain.boxes import cover, known_layout, lead_boxes
from ecg_tf.explain.integrated_gradients import BLANK
from ecg_tf.explain.probe import probe, signature
from ecg_tf.models.head import CLASSES

PIECES = 5  # of 0.5 s, that a lead is cut into for the map; the strip has four times as many
BATCH = 16  # boxes that are blanked in one batch


def occlusion_map(model: keras.Model) -> Callable:
    """A function `occlude(pages, classes) -> maps`, of TensorFlow ops alone.

    `pages` float32 (n, height, width, 3) is the network's input, `classes` int (n,) the class to
    explain per page; `maps` float32 (n, height, width), not negative: by how much the class score
    of `ecg_tf.explain.probe` falls when a piece of a lead is blanked, painted over that piece as a
    hill. Pieces without which the score rises are 0.
    """
    look = probe(model)
    height, width = model.input_shape[1:3]

    @tf.function(input_signature=signature(model), autograph=False)
    def occlude(pages, classes):
        boxes = lead_boxes(pages, PIECES)
        before, after = look(pages)["scores"][:, None], without(look, pages, boxes)
        lost = tf.gather(before - after, classes, axis=2, batch_dims=1)
        down = _hill(boxes[..., 1], boxes[..., 3], height)
        across = _hill(boxes[..., 0], boxes[..., 2], width)
        return tf.einsum("nb,nbh,nbw->nhw", tf.nn.relu(lost), down, across)

    return occlude


def lead_occlusion(model: keras.Model, temperature: float = 1.0) -> Callable:
    """A function `change(pages, classes) -> float32 (n, 13)`, of TensorFlow ops alone: how the
    probability of the class, calibrated by `temperature`, changes when a lead is blanked, for the
    leads of `ecg_tf.explain.boxes.ORDER`. Below 0 where the lead spoke for the class; NaN for
    pages that have not the 3 x 4 + rhythm layout.
    """
    look = probe(model)

    @tf.function(input_signature=signature(model), autograph=False)
    def change(pages, classes):
        return change_of(look, pages, look(pages)["scores"], classes, temperature)

    return change


def change_of(look: Callable, pages, scores, classes, temperature: float):
    """The same with `look`, a function of `probe`, for pages whose class scores are known."""

    def probability(scores):
        return tf.gather(tf.nn.softmax(scores / temperature), classes, axis=2, batch_dims=1)

    after = probability(without(look, pages, lead_boxes(pages)))
    lost = after - probability(scores[:, None])
    return tf.where(known_layout(pages)[:, None], lost, np.nan)


def without(look: Callable, pages, boxes):
    """The scores of `look` (see `probe`) for pages (n, h, w, 3), one box of each blanked at a
    time: float32 (n, boxes, 4).

    `boxes` float32 (n, boxes, 4) are left, top, right, bottom in 0..1 of the pages; more than
    BATCH of them have to be a multiple of it.
    """
    n, count = tf.shape(pages)[0], boxes.shape[1]
    chunks = max(count // BATCH, 1)
    parts = tf.reshape(boxes, (n * chunks, count // chunks, 4))

    def part(index):
        return look(_blanked(pages[index // chunks], parts[index]))["scores"]

    shape = tf.TensorSpec((count // chunks, CLASSES), tf.float32)
    # One part after the other: memory stays that of BATCH pages for any number of them.
    found = tf.map_fn(part, tf.range(n * chunks), fn_output_signature=shape, parallel_iterations=1)
    return tf.reshape(found, (n, count, CLASSES))


def _blanked(page, boxes):
    """One page (h, w, 3) without each of the boxes (boxes, 4): (boxes, h, w, 3)."""
    down = cover(boxes[:, 1], boxes[:, 3], page.shape[0])[:, :, None, None]
    across = cover(boxes[:, 0], boxes[:, 2], page.shape[1])[:, None, :, None]
    return page + down * across * (BLANK - page)


def _hill(start, stop, pixels: int):
    """As `cover`, but falling from 1 at the middle to a half at the edges, so that the hottest
    place of a map is in the middle of a box."""
    centre = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels
    middle, half = (start + stop)[..., None] / 2, (stop - start)[..., None] / 2
    off = (centre - middle) / tf.maximum(half, 1e-6)
    return cover(start, stop, pixels) * (1.0 - 0.5 * tf.minimum(tf.square(off), 1.0))
