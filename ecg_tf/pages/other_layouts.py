"""Pages of other layouts than 3 x 4 + rhythm, told by their lines and by the laws of the limb
leads, and laid out anew as that layout, which is the one that networks know.

Everything here uses only functions that numpy and `keras.ops` share under the same names; `xp` is
either of the two. A page is ink, float32 (rows, columns) in 0..1, of the paper laid straight. All
layouts show ten seconds from their left to their right end, so that each quarter of a row is taken
from the same quarter of some line, and leads keep the time at which they were taken.
"""

from typing import NamedTuple

import numpy as np

from ecg_tf.pages.block import CLEAR, NARROW, USUAL, WIDTH, Block, block_of
from ecg_tf.pages.layout import LEADS, LINES, RHYTHM, ROWS, Box
from ecg_tf.pages.pooling import as_float, either, pool_matrices, pool_matrix

QUARTERS = 4
SAMPLES = 240  # of each quarter of a line, at which the height of its trace is measured
NAMED = 0.18  # part of a quarter, at its left, in which the name of a lead may stand
FAINT = 1e-4  # ink of a column below which it hardly counts
# Of how unlike two traces are: 0 the same, 1 strangers, 2 opposite.
LAWFUL = 0.5  # of limb leads and what the laws say that they are, on average: at most
SHOWN_TWICE = 0.6  # of lead II and its strip, and of two laws, on average: at most
KEPT, CLOSE = 0.65, 0.2  # of the distance between lines: so far from a line is its ink; its middle
INKED = 0.3  # darkness from which on a cell holds trace


class Form(NamedTuple):
    """A layout: the leads of each row from left to right, and how many rhythm strips follow."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    strips: int = 0

    @property
    def lines(self) -> int:
        """How many lines of traces there are."""
        return len(self.rows) + self.strips


_SIX = tuple(zip(LEADS[:6], LEADS[6:], strict=True))
THREE_STRIPS, TWO_COLUMNS, ONE_COLUMN, TWO_AND_STRIP = FORMS = (
    Form("3x4+3", ROWS, 3),
    Form("6x2", _SIX),
    Form("12x1", tuple((lead,) for lead in LEADS)),
    Form("6x2+1", _SIX, 1),
)
STRIP = ("II", "V5")  # taken for the strip where there is none: II, then what is most like it


class Found(NamedTuple):
    """What was found on a page, float32: the number of the layout in FORMS, from 1 on, 0 for none
    of them; where its block lies, as in `ecg_tf.pages.block.Block`; and the line of the rhythm
    strip that shows lead II, 0 where there are no strips."""

    form: object
    left: object
    right: object
    first: object
    spacing: object
    strip: object


def nothing(xp=np) -> Found:
    """What is found on a page of the usual layout or of none."""
    return Found(*(as_float(0, xp) for _ in Found._fields))


def find_other(dark, xp=np) -> Found:
    """The layout of a page that does not show four lines of traces."""

    def found(lines: int, told_by):
        block = block_of(lines, dark, xp)
        form, strip = told_by(_heights(dark, block, lines, xp), xp)
        clear = (block.clear >= CLEAR) & (block.right - block.left > NARROW)
        known = as_float(clear, xp) * form
        return Found(*(as_float(each, xp) for each in (known, *block[:4], strip)))

    def first_of(kinds):
        if not kinds:
            return nothing(xp)
        seen = found(*kinds[0])
        return either(seen.form > 0.0, lambda: seen, lambda: first_of(kinds[1:]), xp)

    return first_of(((6, _of_six), (12, _of_twelve), (7, _of_seven)))


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
    around = ((top, max(rows - top - LINES * tall, 0)), (left, columns - left - QUARTERS * wide))
    return xp.pad(laid, around)[:rows]


def put_back(heat, found: Found, aspect, xp=np):
    """A map (rows, columns) of what `laid_anew` gave, as it lies on the page: float32, 0 where
    nothing was taken from, the larger where something was taken twice."""
    rows, columns = heat.shape
    top, tall, left, wide = _cells(rows, columns)
    heat = xp.pad(heat, ((0, max(top + LINES * tall - rows, 0)), (0, 0)))
    heat = heat[top : top + LINES * tall, left : left + QUARTERS * wide]
    pieces = xp.reshape(heat, (LINES, tall, QUARTERS, wide))
    pieces = xp.reshape(xp.transpose(pieces, (0, 2, 1, 3)), (LINES * QUARTERS, tall, wide))
    middle, half = _lines(found, aspect, xp)
    down = _into(tall, rows, middle - half, middle + half, xp)
    across = _into(wide, columns, *_quarters(found, xp), xp)
    there = xp.reshape(xp.matmul(down, pieces), (LINES, QUARTERS, rows, wide))
    return xp.max(xp.matmul(there, xp.transpose(across, (0, 2, 1))), axis=(0, 1))


def lead_boxes(found: Found) -> dict[str, Box]:
    """Where the 12 leads, and "rhythm" where II is shown as a strip, lie, in parts of the page."""
    form = FORMS[int(found.form) - 1]
    left, right, first, spacing = (float(each) for each in found[1:5])

    def box(line: int, start: float, stop: float) -> Box:
        across = [left + (right - left) * each for each in (start, stop)]
        down = [first + spacing * (line + side) for side in (-0.5, 0.5)]
        edges = (across[0], down[0], across[1], down[1])
        return Box(*(min(max(edge, 0.0), 1.0) for edge in edges))

    boxes = {
        lead: box(line, column / len(leads), (column + 1) / len(leads))
        for line, leads in enumerate(form.rows)
        for column, lead in enumerate(leads)
    }
    strip = {RHYTHM: box(int(found.strip), 0.0, 1.0)} if form.strips else {}
    return {lead: boxes[lead] for lead in LEADS} | strip


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


def _heights(dark, block: Block, lines: int, xp):
    """How far above its line each trace runs, in distances between lines, 0 at the median of each
    quarter: (lines, QUARTERS, samples), without the samples beside the names of leads."""
    rows, columns = dark.shape
    across = pool_matrix(columns, QUARTERS * SAMPLES, block.left, block.right, xp)
    ink = xp.matmul(xp.square(dark), xp.transpose(across))
    at = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    line = block.first + block.spacing * np.arange(lines, dtype=np.float32)
    above = (line[:, None] - at) / xp.maximum(block.spacing, 1e-3)
    near = as_float(xp.abs(above) < 0.5, xp)
    heights = xp.matmul(above * near, ink) / (xp.matmul(near, ink) + FAINT)
    heights = xp.reshape(heights, (lines, QUARTERS, SAMPLES))
    heights = heights - xp.median(heights, axis=2, keepdims=True)
    return heights[..., round(NAMED * SAMPLES) :]


def _of_six(heights, xp):
    """(number of the layout in FORMS or 0, line of the strip of lead II or 0) of six lines."""
    left, right = _lawless(heights, xp)
    two = (left < LAWFUL) & (right >= LAWFUL)  # six limb leads are no twelve leads
    again = xp.stack([_unlike(heights[1, 0], heights[line, 0], xp) for line in (3, 4, 5)])
    unlike = (xp.min(again) + 2.0 * _lawless_rows(heights, xp)) / 3
    two, three = (as_float(each, xp) for each in (two, (left >= LAWFUL) & (unlike < SHOWN_TWICE)))
    form = two * _number(TWO_COLUMNS) + three * _number(THREE_STRIPS)
    return form, three * (len(ROWS) + as_float(xp.argmin(again), xp))


def _of_twelve(heights, xp):
    """(number of the layout in FORMS or 0, 0) of twelve lines."""
    left, right = _lawless(heights, xp)
    lawful = as_float((left + right) / 2 < LAWFUL, xp)
    return lawful * _number(ONE_COLUMN), 0.0 * lawful


def _of_seven(heights, xp):
    """(number of the layout in FORMS or 0, line of the strip of lead II or 0) of seven lines."""
    left, right = _lawless(heights, xp)
    two = as_float((left < LAWFUL) & (right >= LAWFUL), xp)
    return two * _number(TWO_AND_STRIP), two * len(_SIX)


def _number(form: Form) -> float:
    return np.float32(FORMS.index(form) + 1)


def _lawless(heights, xp):
    """How unlike the first six lines are what they are as limb leads, in the left half and in the
    right one: II is I + III (Einthoven), aVR and aVF the means of their neighbours (Goldberger)."""
    i, ii, iii, avr, _, avf = (heights[line] for line in range(6))
    laws = ((ii, i + iii), (avr, -(i + ii) / 2), (avf, (ii + iii) / 2))
    unlike = xp.mean(xp.stack([_unlike(one, other, xp) for one, other in laws]), axis=0)
    return xp.mean(unlike[:2]), xp.mean(unlike[2:])


def _lawless_rows(heights, xp):
    """How unlike the limb leads in the first two quarters of three rows are what they are: II is
    I + III, and the sum of aVR, aVL and aVF is 0."""
    first, second, third = (heights[line] for line in range(3))
    einthoven = _unlike(second[0], first[0] + third[0], xp)
    return (einthoven + _unlike(first[1], -second[1] - third[1], xp)) / 2


def _unlike(one, other, xp):
    """How unlike traces (..., samples) are: (...)."""
    both = xp.sum(xp.square(one) + xp.square(other), axis=-1)
    return xp.sum(xp.square(one - other), axis=-1) / xp.maximum(both, 1e-6)


def _lines_of(form: Form) -> list[list[int]]:
    """From which line each quarter of the usual rows is taken, (LINES, QUARTERS); 0 for the strip
    where there is one."""
    line_of = {lead: line for line, leads in enumerate(form.rows) for lead in leads}
    strip = [0] * QUARTERS
    if not form.strips:
        column_of = [number * len(form.rows[0]) // QUARTERS for number in range(QUARTERS)]
        strip = [line_of[STRIP[column]] for column in column_of]
    return [*([line_of[lead] for lead in leads] for leads in ROWS), strip]


_SOURCES = np.array([np.ravel(_lines_of(form)) for form in FORMS], np.float32)
_IN_STRIP = (np.arange(LINES * QUARTERS) >= (LINES - 1) * QUARTERS).astype(np.float32)


def _lines(found: Found, aspect, xp):
    """(middles (n,), half the height) of what the quarters of the usual rows are taken from, row by
    row, parts of the page.

    As high as a row is in the usual layout: all layouts are as wide, so their width is the scale.
    """
    forms = np.arange(1, len(FORMS) + 1, dtype=np.float32)
    told = as_float(found.form == forms, xp)
    line = xp.sum(told[:, None] * _SOURCES, axis=0) + found.strip * _IN_STRIP
    half = (found.right - found.left) * aspect / WIDTH / 2
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
