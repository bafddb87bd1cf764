"""Lays a page of another layout out anew as 3 x 4 + rhythm, and maps of that back onto the page.

All layouts show ten seconds from their left to their right end, so that each quarter of a row is
taken from the same quarter of some line, and leads keep the time at which they were taken. Here,
too, `xp` is numpy or `keras.ops`.
"""

import numpy as np

from ecg_tf.pages.block import USUAL, WIDTH
from ecg_tf.pages.layout import LINES, ROWS
from ecg_tf.pages.other_layouts import FORMS, INKED, QUARTERS, USUAL_GAIN, Form, Found
from ecg_tf.pages.pooling import as_float, pool_matrices

# Taken for the strip where there is none, in each quarter the first that is shown there: lead II,
# then what is like it.
STRIP = ("II", "V5", "aVL", "V2")
KEPT, CLOSE = 0.65, 0.2  # of the distance between lines: so far from a line is its ink; its middle


def laid_anew(dark, found: Found, aspect, xp=np):
    """A page as it would be in the usual layout, in its place and scale, float32 (rows, columns).

    `aspect` is the width of the page by its height.
    """
    rows, columns = dark.shape
    top, tall, left, wide = _cells(rows, columns)
    ink = xp.square(xp.square(dark))  # pooled as a power mean, see ecg_tf.pages.ink
    across = pool_matrices(columns, wide, *_quarters(found, xp), xp)
    quarters = xp.matmul(ink, xp.transpose(across, (0, 2, 1)))  # (QUARTERS, rows, wide)
    middle, half = _lines(found, aspect, xp)
    down = pool_matrices(rows, tall, middle - half, middle + half, xp)
    quarters = xp.concatenate([quarters] * LINES, axis=0)
    pieces = xp.matmul(down, quarters * _own(quarters, middle, found.spacing, xp))
    pieces = xp.reshape(pieces, (LINES, QUARTERS, tall, wide))
    laid = xp.reshape(xp.transpose(pieces, (0, 2, 1, 3)), (LINES * tall, QUARTERS * wide))
    laid = xp.sqrt(xp.sqrt(xp.clip(laid, 0.0, 1.0)))
    below, right = rows - top - LINES * tall, columns - left - QUARTERS * wide
    return xp.pad(laid, ((top, max(below, 0)), (left, max(right, 0))))[:rows, :columns]


def put_back(heat, found: Found, aspect, xp=np):
    """A map (rows, columns) of what `laid_anew` gave, as it lies on the page: float32, 0 where
    nothing was taken from, the larger where something was taken twice."""
    rows, columns = heat.shape
    top, tall, left, wide = _cells(rows, columns)
    bottom, right = top + LINES * tall, left + QUARTERS * wide
    heat = xp.pad(heat, ((0, max(bottom - rows, 0)), (0, max(right - columns, 0))))
    heat = heat[top:bottom, left:right]
    pieces = xp.reshape(heat, (LINES, tall, QUARTERS, wide))
    pieces = xp.reshape(xp.transpose(pieces, (0, 2, 1, 3)), (LINES * QUARTERS, tall, wide))
    middle, half = _lines(found, aspect, xp)
    down = _into(tall, rows, middle - half, middle + half, xp)
    across = _into(wide, columns, *_quarters(found, xp), xp)
    there = xp.reshape(xp.matmul(down, pieces), (LINES, QUARTERS, rows, wide))
    return xp.max(xp.matmul(there, xp.transpose(across, (0, 2, 1))), axis=(0, 1))


def _own(ink, middle, spacing, xp):
    """Which cells of ink (n, rows, columns) belong to the lines at `middle` (n,), 0 or 1: those
    near them, but for what comes in from above or below and does not get close to the line, as
    waves of other lines."""
    rows = ink.shape[1]
    off = (np.arange(rows, dtype=np.float32) + 0.5) / rows - middle[:, None]
    off = xp.abs(off / xp.maximum(spacing, 1e-3))[..., None]
    near, close = as_float(off < KEPT, xp), as_float(off < CLOSE, xp)
    white = near * as_float(ink < INKED**4, xp)
    so_far = xp.cumsum(white, axis=1)
    left = so_far[:, -1:] - so_far + white  # from each cell on
    foreign = xp.zeros_like(ink)
    for crossed in (so_far, left):
        comes_in = as_float(crossed < 0.5, xp)
        foreign = foreign + comes_in * (1.0 - xp.max(comes_in * close, axis=1, keepdims=True))
    return near * as_float(foreign < 0.5, xp)


def _lines_of(form: Form) -> list[list[int]]:
    """From which line each quarter of the usual rows is taken, (LINES, QUARTERS); 0 for the strip
    where there is one."""
    line_of = {lead: line for line, leads in enumerate(form.rows) for lead in leads}
    strip = [0] * QUARTERS
    if not form.strips:
        columns = list(zip(*form.rows, strict=True))
        shown = [columns[number * len(columns) // QUARTERS] for number in range(QUARTERS)]
        strip = [line_of[next(lead for lead in STRIP if lead in leads)] for leads in shown]
    return [*([line_of[lead] for lead in leads] for leads in ROWS), strip]


_SOURCES = np.array([np.ravel(_lines_of(form)) for form in FORMS], np.float32)
_IN_STRIP = (np.arange(LINES * QUARTERS) >= (LINES - 1) * QUARTERS).astype(np.float32)


def _lines(found: Found, aspect, xp):
    """(middles (n,), half the height) of what the quarters of the usual rows are taken from, row by
    row, parts of the page.

    As high as a row is in the usual layout, where the gain is the usual one: all layouts are as
    wide, so their width is the scale.
    """
    forms = np.arange(1, len(FORMS) + 1, dtype=np.float32)
    told = as_float(found.form == forms, xp)
    line = xp.sum(told[:, None] * _SOURCES, axis=0) + found.strip * _IN_STRIP
    half = (found.right - found.left) * aspect / WIDTH / 2 * (found.gain / USUAL_GAIN)
    return found.first + found.spacing * line, half


def _quarters(found: Found, xp):
    """(left, right), each (QUARTERS,), of the quarters of the page, in parts of its width."""
    wide = (found.right - found.left) / QUARTERS
    left = found.left + wide * np.arange(QUARTERS, dtype=np.float32)
    return left, left + wide


def _into(size: int, whole: int, start, stop, xp):
    """Weights (n, whole, size) that lay `size` cells onto stretches of `whole` cells."""
    long = xp.maximum(stop - start, 1e-6)
    return pool_matrices(size, whole, -start / long, (1.0 - start) / long, xp)


def _cells(rows: int, columns: int) -> tuple[int, int, int, int]:
    """Where the rows of the usual layout begin on a page, and how high each is, where its quarters
    begin, and how wide each is, in cells; the last row may reach beyond the page."""
    left, right, first, spacing = USUAL
    wide = (right - left) / QUARTERS
    return (
        round((first - spacing / 2) * rows),
        round(spacing * rows),
        round(left * columns),
        round(wide * columns),
    )
