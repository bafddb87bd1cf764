"""The boxes of the leads on prepared pages, in TensorFlow ops: for the graph that is exported.

`ecg_tf.pages.leads` finds them on whole pages and more carefully, but with scipy.
"""

import numpy as np
import tensorflow as tf
from keras import ops

from ecg_tf.pages.block import CLEAR, clearness, three_lines
from ecg_tf.pages.columns import COLUMNS, SPAN, find_lines
from ecg_tf.pages.layout import LEADS, LINES, RHYTHM, ROWS
from ecg_tf.pages.other_layouts import INKED

ORDER = (*LEADS, RHYTHM)  # of all numbers by lead
SMOOTH = 0.036  # part of the height over which the ink of a line is counted
APART = 0.05  # part of the height that lines are at least apart
HIGH, PROMINENT = 0.25, 0.2  # of the fullest line: how full a line is, alone and above its sides


def lead_boxes(pages, pieces: int = 1):
    """Where the leads of the 3 x 4 + rhythm layout are on prepared pages (n, h, w, 3): left, top,
    right, bottom in 0..1 of the page, in the order of ORDER.

    float32 (n, 13, 4), or with leads in pieces (n, 16 * pieces, 4): those of each lead in turn,
    then those of the strip, which are as long. The lines are those of `ecg_tf.pages.columns`.
    """
    first, spacing = find_lines(darkness(pages))
    rows, left, right = _grid(pieces)
    middle = first[:, None] + spacing[:, None] * rows
    half = spacing[:, None] / 2
    sides = [tf.zeros_like(middle) + left, middle - half, tf.zeros_like(middle) + right]
    return tf.clip_by_value(tf.stack([*sides, middle + half], axis=-1), 0.0, 1.0)


def known_layout(pages):
    """Whether prepared pages (n, h, w, 3) have four lines of traces, as the 3 x 4 + rhythm layout
    has: bool (n,). Counted as `ecg_tf.pages.leads.trace_lines` does, or four clear ones among
    letters; but not three, and letters for the fourth."""
    dark = darkness(pages)
    inked = tf.cast(dark > INKED, tf.float32)
    profile = tf.reduce_mean(inked, axis=2)
    rows = profile.shape[1]
    window = np.hanning(2 * round(SMOOTH * rows / 2) + 3)[1:-1].astype(np.float32)
    kernel = (window / window.sum())[:, None, None]
    full = ops.conv(profile[..., None], kernel, padding="same", data_format="channels_last")[..., 0]
    four = tf.equal(_peaks(full, max(round(APART * rows), 1)), LINES)
    return (four & ~three_lines(dark, ops)) | (clearness(dark, ops) >= CLEAR)


def _peaks(full, apart: int):
    """How many peaks there are in each row of float32 (n, rows): int32 (n,)."""
    rows = full.shape[1]
    index = np.arange(rows)
    this, other = full[:, :, None], full[:, None, :]
    higher = other > this
    before, after = index[None, :] < index[:, None], index[None, :] > index[:, None]
    # The dips to both sides, each as far as the next row that is higher than the peak.
    last = tf.reduce_max(tf.where(higher & before, index[None, :], -1), axis=2, keepdims=True)
    first = tf.reduce_min(tf.where(higher & after, index[None, :], rows), axis=2, keepdims=True)
    near = np.abs(index[None, :] - index[:, None]) < apart
    left = tf.reduce_min(tf.where((index > last) & ~after, other, np.inf), axis=2)
    right = tf.reduce_min(tf.where((index < first) & ~before, other, np.inf), axis=2)
    most = tf.reduce_max(full, axis=1, keepdims=True)
    peak = (full - tf.maximum(left, right) >= PROMINENT * most) & (full >= HIGH * most)
    peak &= (most > 0.0) & ~tf.reduce_any(higher & near, axis=2)
    # Of rows that are alike, the last counts.
    peak &= tf.concat([full[:, :-1] > full[:, 1:], tf.ones_like(full[:, :1], tf.bool)], axis=1)
    return tf.reduce_sum(tf.cast(peak, tf.int32), axis=1)


def darkness(pages):
    """Ink 0..1 of prepared pages (n, h, w, 3): (n, h, w)."""
    return 1.0 - pages[..., 0] / 255.0


def cover(start, stop, pixels: int):
    """The part 0..1 of each pixel between edges (...,) in 0..1: (..., pixels)."""
    edge = np.arange(pixels, dtype=np.float32)
    inside = tf.minimum(edge + 1.0, stop[..., None] * pixels)
    return tf.clip_by_value(inside - tf.maximum(edge, start[..., None] * pixels), 0.0, 1.0)


def _grid(pieces: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Line, left and right edge of every box, float32 (boxes,)."""
    quarter = (SPAN[1] - SPAN[0]) / COLUMNS
    cells = {
        lead: (line, SPAN[0] + column * quarter, quarter, pieces)
        for line, leads in enumerate(ROWS)
        for column, lead in enumerate(leads)
    }
    strip = pieces if pieces == 1 else COLUMNS * pieces
    cells[RHYTHM] = (LINES - 1, SPAN[0], COLUMNS * quarter, strip)
    found = [
        (line, start + long * number / parts, start + long * (number + 1) / parts)
        for line, start, long, parts in (cells[lead] for lead in ORDER)
        for number in range(parts)
    ]
    return tuple(np.array(found, np.float32).T)
