"""How far a page lies askew, told by its traces, and how to lay it straight.

Everything here uses only functions that numpy and `keras.ops` share under the same names; `xp` is
either of the two. A tilt is how far a line of traces falls from the left edge of the paper to the
right one, in parts of the paper's height: 0 on a page that lies straight.
"""

import numpy as np

from ecg_tf.pages.pooling import pool_matrix

STRIPS = 16  # upright strips, within each of which a page counts as straight
# That are tried, up to 6 degrees and a little more; of several that do as well the first is taken.
TILTS = np.array(sorted(range(-16, 17), key=abs), np.float32) / 100
REACH = 0.02  # part of the height: thicker than that is no trace
CLEARLY = 1.15  # times as sharp as those of a straight page the lines of a tilted one have to be
MIDDLES = (np.arange(STRIPS, dtype=np.float32) + 0.5) / STRIPS - 0.5


def find_tilt(dark, xp=np):
    """The tilt, a float32 of TILTS, of a page of ink float32 (rows, columns) in 0..1.

    Rows are summed along every tilt that is tried; where they are added up along the lines of
    traces, few rows hold most of the ink. A page without clear lines counts as straight.
    """
    rows = dark.shape[0]
    strips = xp.matmul(_thin(dark, xp), pool_matrix(dark.shape[1], STRIPS).T)
    shift = np.round(TILTS[:, None] * MIDDLES * rows).astype(np.int32)
    at = np.arange(rows, dtype=np.int32)[None, :, None] + shift[:, None, :]
    inside = ((at >= 0) & (at < rows)).astype(np.float32)
    at = np.clip(at, 0, rows - 1) * STRIPS + np.arange(STRIPS, dtype=np.int32)
    along = xp.take(xp.reshape(strips, (-1,)), at) * inside  # (tilts, rows, STRIPS)
    sharp = xp.sum(xp.square(xp.mean(along, axis=2)), axis=1)
    weighed = sharp * np.where(TILTS == 0.0, np.float32(CLEARLY), np.float32(1.0))
    return xp.take(TILTS, xp.argmax(weighed))


def straighten(values, tilt, aspect, xp=np):
    """A page of values (rows, columns), 0 where there is nothing, turned by its `tilt`.

    `aspect` is the paper's width by its height. Small turns are two shears, first down, then
    across, each interpolated linearly; what comes in from outside the page is 0.
    """
    across = -tilt / (aspect * aspect)
    return _sheared(xp.transpose(_sheared(xp.transpose(values), tilt, xp)), across, xp)


def tilt_back(values, tilt, aspect, xp=np):
    """The reverse of `straighten`, but for what was lost at the rim."""
    across = -tilt / (aspect * aspect)
    return xp.transpose(_sheared(xp.transpose(_sheared(values, -across, xp)), -tilt, xp))


def _thin(dark, xp):
    """Ink with paper near above or below it, but at the rim: no steep strokes, and next to nothing
    of a dark table on which the page lies."""
    rows = dark.shape[0]
    reach = max(round(REACH * rows), 1)
    here, above, below = (dark[at : at + rows - 2 * reach] for at in (reach, 0, 2 * reach))
    rim = xp.zeros_like(dark[:reach])
    return xp.concatenate([rim, xp.maximum(here - xp.minimum(above, below), 0.0), rim], axis=0)


def _sheared(values, lean, xp):
    """Values (n, m) moved along their rows, those of the last row by `lean` of m more than those of
    the first one, and those half-way not at all."""
    n, m = values.shape
    move = lean * m * ((np.arange(n, dtype=np.float32) + 0.5) / n - 0.5)
    at = np.arange(m, dtype=np.float32) + move[:, None]
    before = xp.floor(at)
    part = at - before
    first, second = (_taken(values, before + step, xp) for step in (0.0, 1.0))
    return first * (1.0 - part) + second * part


def _taken(values, at, xp):
    """Values (n, m) at places (n, m) of their rows; 0 outside."""
    m = values.shape[1]
    index = xp.clip(at, 0.0, m - 1.0)
    index = index.astype("int32") if xp is np else xp.cast(index, "int32")
    return xp.where((at >= 0.0) & (at < m), xp.take_along_axis(values, index, axis=1), 0.0)
