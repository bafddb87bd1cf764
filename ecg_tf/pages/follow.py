"""Which ink of each column is the trace, in `keras.ops`: the cheapest path through the ink.

In every column the ink forms vertical runs: the trace, lead letters, the traces of other lines.
A path takes one run a column; it pays for the white that it crosses and for keeping away from its
line. The cheapest path is found without a loop over columns: costs from either end are gathered
by doubling (Hillis and Steele 1986), and the run with the least sum of both is the path's.
`ecg_tf.pages.trace` does the same with more care, but only in numpy.
"""

import numpy as np
from keras import ops

INKED = 0.3  # darkness, of that of the page's traces, from which on a pixel belongs to a run
RUNS = 12  # a column, from the top; more are not looked at
NEAREST = 5  # of them, to each line, through which its path may go
REACH = 0.95  # how far from its line a run may lie, in distances between lines
JUMP = 75.0  # cost of a distance between lines of white
AWAY = 0.15  # cost of a distance between lines and the path, a column
NOWHERE = 1e3  # cost of a run that is not there
DIVIDER = 0.8  # part of the way from the first line to the third that a line between columns fills


def follow(ink, first, spacing, lines: int, columns: int):
    """The trace of each line: (top, bottom, held).

    `ink` is the squared darkness (n, rows, samples); `first` (n,) is the height of the first line
    and `spacing` (n,) the distance between lines, in parts of the page. Each of the `columns`
    pieces of a line is followed by itself. `top` and `bottom` (n, lines, samples) are the edges of
    the path's run, in distances from the line; `held` int, of the same shape, is the sample of the
    same piece from which a sample without ink takes its value, else the sample itself.
    """
    rows, samples = ink.shape[1:]
    tops, bottoms = _runs(ink, _level(ink, first, spacing))
    line = first[:, None] + spacing[:, None] * np.arange(lines, dtype=np.float32)

    def off(edges):
        """Rows (n, samples, RUNS) as distances from each line (n, lines, samples, RUNS)."""
        height = ops.cast(edges, "float32")[:, None] / rows - line[:, :, None, None]
        return ops.clip(height / spacing[:, None, None, None], -2.0, 2.0)

    def pieces(values):
        """All pieces of all lines and pages in a row: TensorFlow Lite knows no six axes."""
        return ops.reshape(values, (-1, samples // columns, *values.shape[3:]))

    top, bottom, there = _nearest(off(tops), off(bottoms), (tops < rows)[:, None])
    top, bottom, there = pieces(top), pieces(bottom), pieces(there)
    held = _held(ops.max(there, axis=-1) > 0)
    # As a product: TensorFlow Lite gathers along a middle axis wrongly.
    hold = ops.one_hot(held, samples // columns)
    top, bottom, there = (ops.matmul(hold, each) for each in (top, bottom, there))
    best = ops.one_hot(_cheapest(top, bottom, there)[..., 0], NEAREST)
    top, bottom = (ops.sum(each * best, axis=-1) for each in (top, bottom))
    start = np.arange(samples, dtype=np.int32) // (samples // columns) * (samples // columns)
    top, bottom, held = (ops.reshape(each, (-1, lines, samples)) for each in (top, bottom, held))
    return top, bottom, held + start


def _level(ink, first, spacing):
    """(n, 1, samples): squared darkness from which on ink counts; none does in a divider."""
    usual = ops.mean(ops.max(ink, axis=1), axis=1)[:, None, None]
    rows = ink.shape[1]
    at = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    off = (at - first[:, None]) / spacing[:, None]
    between = ops.cast(ops.logical_and(off > 0.1, off < 1.9), "float32")[:, None]
    full = ops.matmul(between, ops.cast(ink > INKED**2 * usual, "float32"))
    full = ops.cast(full > DIVIDER * ops.sum(between, axis=2, keepdims=True), "float32")
    beside = ops.max_pool(ops.transpose(full, (0, 2, 1)), 3, 1, "same")  # where it was pooled thin
    return ops.where(ops.transpose(beside, (0, 2, 1)) > 0, np.inf, INKED**2 * usual)


def _runs(ink, level):
    """First rows and rows after the last of the runs, int (n, samples, RUNS), from the top down;
    those that are not there begin at the page's height or beyond."""
    rows = ink.shape[1]
    inked = ops.cast(ops.transpose(ink > level, (0, 2, 1)), "int32")
    edged = ops.pad(inked, ((0, 0), (0, 0), (1, 1)))
    at = np.arange(rows, dtype=np.int32)
    begins = ops.where(inked > edged[..., :-2], at, rows)
    ends = ops.where(inked > edged[..., 2:], at + 1, rows + 1)
    return tuple(-ops.top_k(-edges, RUNS)[0] for edges in (begins, ends))


def _nearest(top, bottom, there):
    """The NEAREST of the runs (n, lines, samples, RUNS) to each line, and whether they are there
    and in reach, float32."""
    there = ops.logical_and(there, ops.logical_and(bottom > -REACH, top < REACH))
    away = ops.maximum(ops.maximum(top, -bottom), 0.0) + 0.01 * ops.abs(top + bottom)
    chosen = ops.top_k(-ops.where(there, away, NOWHERE), NEAREST)[1]
    there = ops.cast(there, "float32")
    return tuple(ops.take_along_axis(each, chosen, axis=-1) for each in (top, bottom, there))


def _held(inked):
    """For each sample (pieces, samples) the last one inked so far, or the first there is."""
    samples = inked.shape[1]
    at = np.arange(samples, dtype=np.int32)
    last = _gather(ops.maximum, ops.where(inked, at, -1))
    following = _gather(ops.minimum, ops.where(inked, at, samples - 1), backward=True)
    return ops.where(last >= 0, last, following)


def _cheapest(top, bottom, there):
    """The path's run of each sample, int (pieces, samples, 1), among the last axis."""
    below = top[:, 1:, None, :] - bottom[:, :-1, :, None]
    above = top[:, :-1, :, None] - bottom[:, 1:, None, :]
    white = ops.maximum(ops.maximum(below, above), 0.0)
    own = AWAY * ops.abs(top + bottom) / 2 + NOWHERE * (1.0 - there)
    step = JUMP * white + own[:, 1:, None, :]  # from a run to one of the next sample
    before = ops.min(own[:, :1, :, None] + _gather(_then, step), axis=-2)
    after = ops.min(_gather(_then, step, backward=True), axis=-1)
    before = ops.concatenate([own[:, :1], before], axis=1)
    after = ops.concatenate([after, ops.zeros_like(own[:, :1])], axis=1)
    return ops.top_k(-(before + after), 1)[1]


def _then(first, second):
    """The cheapest way of one step after the other: a product of matrices in (min, +)."""
    return ops.min(first[..., :, :, None] + second[..., None, :, :], axis=-2)


def _gather(combine, values, backward: bool = False):
    """`combine` over all samples (axis 1) up to each one; backward: from each one on."""
    samples, reach = values.shape[1], 1
    while reach < samples:
        both = combine(values[:, :-reach], values[:, reach:])
        if backward:
            values = ops.concatenate([both, values[:, samples - reach :]], axis=1)
        else:
            values = ops.concatenate([values[:, :reach], both], axis=1)
        reach *= 2
    return values
