"""Traces off a prepared page, column by column, in `keras.ops`: for networks, not for rulers.

For the 3 x 4 + rhythm layout. `ecg_tf.pages.follow` says which ink of each column is the trace;
here that ink gets an amount, a height and a spread, which together say where the trace runs and
how steeply. Cheap, differentiable in the ink, the same under every backend.
"""

import numpy as np
from keras import ops

from ecg_tf.pages.follow import follow
from ecg_tf.pages.layout import LINES
from ecg_tf.pages.pooling import pool_matrix

COLUMNS = 4
SAMPLES = 240  # per lead of 2.5 s; the rhythm strip has four times as many
SIGNALS = 3 * COLUMNS + COLUMNS  # the leads, and the strip cut in as many pieces as a row
SHAPE = (SAMPLES, 3 * SIGNALS)
SPAN = (0.037, 0.978)  # from where to where the leads lie, in parts of the paper's width
FIRST = np.arange(0.05, 0.30, 0.01)  # heights of the first line that are tried, parts of the paper
SPACING = np.arange(0.18, 0.30, 0.005)  # distances between lines that are tried
LOWEST = 0.98  # part of the paper's height above which the last line lies
SMOOTH = 0.02  # part of the height over which the ink of a line is counted
FEW = 1e-4  # ink of a column, in parts of the height, below which it hardly counts
MOST = 0.04  # ink of a column, in parts of the height, that counts as all of it
MV = 3.76  # millivolts between two lines of the usual page at 10 mm/mV
STEEP = 2.0  # ink that spreads this many times as far as usual is a steep stroke
TURN = 7  # samples among which the tip of a stroke is the highest or lowest ink


def read_columns(pages):
    """Prepared pages (n, h, w, 3) in 0..255 as signals, float32 (n, *SHAPE).

    The channels are the heights of all SIGNALS in mV (0 at each one's median), then their spreads
    in mV, then their amounts of ink in 0..1. The signals are the leads row by row (I, aVR,
    V1, V4, II, ...), then the four quarters of the rhythm strip.
    """
    return as_signals(*trace_sums(pages))


def trace_sums(pages):
    """(sums, held): all that is read of the ink of prepared pages (n, h, w, 3).

    `sums` float32 (n, LINES, samples, 3) are those of the trace's ink in each column, of the ink
    times its distance from its line, and times that distance squared. The ink of all of a page
    darker by a factor makes them larger by its square, and nothing else. `held` is as in
    `ecg_tf.pages.follow`.
    """
    dark = 1.0 - ops.cast(pages[..., 0], "float32") / 255.0
    rows, width = dark.shape[1:]
    across = pool_matrix(width, COLUMNS * SAMPLES, *SPAN)
    # Pooled as a power mean, see ecg_tf.pages.ink; squared, so that faint ink counts little.
    ink = ops.matmul(ops.square(ops.square(dark)), across.T)
    ink = ops.sqrt(ops.maximum(ink, 1e-12))  # the slope of a root has no bound at 0
    first, spacing = find_lines(dark)
    top, bottom, held = follow(ink, first, spacing, LINES, COLUMNS)
    line = first[:, None] + spacing[:, None] * np.arange(LINES, dtype=np.float32)
    height = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    off = (height - line[..., None]) / spacing[:, None, None]  # (n, LINES, rows)
    edge = (1.0 / rows / spacing)[:, None, None, None]  # a row: where the ink of a run fades
    there = off[:, :, None]
    inside = ops.logical_and(there > top[..., None] - edge, there < bottom[..., None] + edge)
    traced = ops.where(inside, ops.transpose(ink, (0, 2, 1))[:, None] / rows, 0.0)
    return ops.matmul(traced, ops.stack([ops.ones_like(off), off, off * off], axis=-1)), held


def as_signals(sums, held):
    """Signals, as of `read_columns`, of what `trace_sums` found."""
    ink, first, second = (sums[..., power] for power in range(3))
    amount = ink + FEW
    mean = first / amount
    middle = first / (ink + 1e-9)  # of what ink there is, however little
    apart = second - 2.0 * middle * first + middle * middle * ink
    spread = ops.sqrt(ops.maximum(apart / amount, 1e-6))
    mean, spread = (ops.take_along_axis(each, held, axis=2) for each in (mean, spread))
    heights, spreads = _parted(-MV * mean), _parted(MV * spread)
    heights = _tipped(heights, spreads)
    heights = heights - ops.median(heights, axis=1, keepdims=True)
    amounts = _parted(ops.minimum(amount / MOST, 1.0))
    return ops.concatenate([heights, spreads, amounts], axis=-1)


def _tipped(heights, spreads):
    """Heights (n, samples, signals), at the tip instead of the middle where a stroke turns.

    The middle of a narrow R wave's ink lies half-way down; that loses half of the wave.
    """
    half = np.sqrt(3.0, dtype=np.float32) * spreads  # of ink that is even from edge to edge
    usual = ops.median(half, axis=1, keepdims=True)
    upper, lower = heights + half, heights - half

    def turns(edge):
        return edge >= ops.max_pool(edge, TURN, 1, "same") - 1e-6

    # A stroke that turns both ways in one column counts where it reaches further.
    upward = upper + lower > 2.0 * ops.median(heights, axis=1, keepdims=True)
    peak = ops.logical_and(turns(upper), ops.logical_or(upward, ops.logical_not(turns(-lower))))
    trough = ops.logical_and(turns(-lower), ops.logical_not(peak))
    sign = ops.cast(peak, "float32") - ops.cast(trough, "float32")
    steep = ops.cast(half > STEEP * usual, "float32")
    return heights + sign * steep * ops.maximum(half - usual, 0.0)


def find_lines(dark):
    """(height of the first line, distance between lines), each (n,), in parts of the height.

    `dark` is ink (n, h, w) in 0..1. Along a line of traces there is more ink than elsewhere; of
    all combs of four lines evenly apart, the one that holds most is taken. Fainter ink gives the
    same lines.
    """
    rows = dark.shape[1]
    profile = ops.mean(dark, axis=2)[..., None]
    window = np.hanning(2 * round(SMOOTH * rows / 2) + 3)[1:-1].astype(np.float32)
    kernel = (window / window.sum())[:, None, None]
    smooth = ops.conv(profile, kernel, padding="same", data_format="channels_last")[..., 0]
    first, spacing = (each.ravel().astype(np.float32) for each in np.meshgrid(FIRST, SPACING))
    inside = first + (LINES - 1) * spacing < LOWEST
    first, spacing = first[inside], spacing[inside]
    at = ((first[:, None] + spacing[:, None] * np.arange(LINES)) * rows).astype(np.int32)
    held = ops.mean(ops.take(smooth, at, axis=1), axis=-1)
    best = ops.top_k(held, 1)[1][:, 0]  # ops.argmax looks at bits, which TensorFlow Lite cannot
    return ops.take(first, best), ops.take(spacing, best)


def _parted(values):
    """(n, LINES, COLUMNS * SAMPLES) as (n, SAMPLES, SIGNALS)."""
    return ops.transpose(ops.reshape(values, (-1, SIGNALS, SAMPLES)), (0, 2, 1))
