"""Exact area pooling to any size, as products with small matrices.

A matrix product runs alike in numpy, TensorFlow and JAX and takes sizes that are known only when
the page is there, so it serves the exported graph as well. `xp` is numpy or `keras.ops`.
"""

import numpy as np

BACKGROUND = (12, 18)  # cells (rows, columns) over which the brightness of the paper is averaged
# Overlap, of a pixel or a smaller part, that does not count. Where edges meet, the last bit of a
# number decides whether a part touches a pixel, and the fourth root of `ecg_tf.pages.ink` makes
# a visible grey of it.
TOUCH = 0.005


def pool_matrix(source, target: int, start=0.0, stop=1.0, xp=np):
    """Weights float32 (target, source): row i averages the i-th of `target` equal parts.

    The parts divide the stretch `start`..`stop` (fractions 0..1) of `source` pixels; a pixel
    counts by its overlap with the part, so sizes need not divide each other. A part that only
    touches a pixel leaves it out.
    """
    edges = start + (stop - start) * xp.arange(target + 1, dtype="float32") / target
    return _overlaps(edges, source, xp)


def pool_matrices(source: int, target: int, start, stop, xp=np):
    """`pool_matrix` of several stretches, whose ends are (n,): float32 (n, target, source)."""
    start, stop = start[:, None], stop[:, None]
    edges = start + (stop - start) * xp.arange(target + 1, dtype="float32") / target
    return _overlaps(edges, source, xp)


def _overlaps(edges, source, xp):
    """Weights (..., target, source) of parts between `edges` (..., target + 1) of the whole."""
    length = xp.arange(source, dtype="float32")
    edges = edges * as_float(source, xp)
    low, high = edges[..., :-1, None], edges[..., 1:, None]
    overlap = xp.minimum(high, length[None, :] + 1.0) - xp.maximum(low, length[None, :])
    overlap = xp.maximum(overlap - TOUCH * xp.minimum(high - low, 1.0), 0.0)
    return overlap / xp.maximum(xp.sum(overlap, axis=-1, keepdims=True), 1e-6)


def pool(image, rows: int, columns: int, xp=np):
    """float32 (h, w) averaged to (rows, columns)."""
    height, width = image.shape if xp is np else xp.shape(image)
    down = pool_matrix(height, rows, xp=xp)
    across = pool_matrix(width, columns, xp=xp)
    return xp.matmul(xp.matmul(down, image), xp.transpose(across))


def unpool(cells, height, width, xp=np):
    """float32 (rows, columns) interpolated linearly between cell centres to (height, width)."""
    down = _hat_matrix(cells.shape[0], height, xp)
    across = _hat_matrix(cells.shape[1], width, xp)
    return xp.matmul(xp.matmul(down, cells), xp.transpose(across))


def as_float(number, xp=np):
    """A number or a truth, or an array or tensor of them, as float32."""
    return np.float32(number) if xp is np else xp.cast(number, "float32")


def _hat_matrix(cells: int, target, xp):
    """Weights float32 (target, cells) of linear interpolation, constant at the rim."""
    at = (xp.arange(target, dtype="float32") + 0.5) * (cells / as_float(target, xp)) - 0.5
    at = xp.clip(at, 0.0, cells - 1.0)
    centres = xp.arange(cells, dtype="float32")
    return xp.maximum(1.0 - xp.abs(at[:, None] - centres[None, :]), 0.0)


def either(told, first, second, xp):
    """What one of two functions gives; only that one is called, or run in a graph."""
    if xp is np:
        return first() if told else second()
    return xp.cond(told, first, second)
