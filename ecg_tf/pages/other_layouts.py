"""Pages of other layouts than 3 x 4 + rhythm, told by their lines and by the laws of the limb
leads. `ecg_tf.pages.lay_anew` lays them out as that layout, which is the one that networks know.

Everything here uses only functions that numpy and `keras.ops` share under the same names; `xp` is
either of the two. A page is ink, float32 (rows, columns) in 0..1, of the paper laid straight.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from ecg_tf.pages.block import CLEAR, NARROW, Block, block_of
from ecg_tf.pages.layout import LEADS, RHYTHM, ROWS, Box
from ecg_tf.pages.pooling import as_float, either, pool_matrix

QUARTERS = 4
SAMPLES = 240  # of each quarter of a line, at which the height of its trace is measured
# Parts of a quarter, at either end, in which the name of a lead or the next quarter may stand.
NAMED, NEXT = 0.3, 0.08
FAINT = 1e-4  # ink of a column below which it hardly counts
# Of how unlike two traces are: 0 the same, 1 strangers, 2 opposite.
LAWFUL = 0.5  # of limb leads and what the laws say that they are, on average: at most
LAWFUL_ROWS = 0.6  # of lead II and its strip, and of two laws for rows of four leads: at most
USUAL_GAIN, GAINS = 10.0, np.array([5.0, 10.0, 20.0], np.float32)  # mm/mV
SPAN = 250.0  # mm that ten seconds are long
# Where the top of a calibration pulse is looked for, in mm from the left end of the traces, how far
# above and below its height, and which part of that width it fills at least, and more than others.
PULSE, NEAR_TOP, TOP, CLEARLY = (-5.5, 0.5), 0.8, 0.18, 0.03
# How clearly three rows without a strip are seen, at least: three of six lines may be, a little.
THREE_CLEAR = 0.4
INKED = 0.3  # darkness from which on a cell holds trace


class Form(NamedTuple):
    """A layout: the leads of each row from left to right, and how many rhythm strips follow."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    strips: int = 0


_SIX = tuple(zip(LEADS[:6], LEADS[6:], strict=True))
THREE_STRIPS, TWO_COLUMNS, ONE_COLUMN, TWO_AND_STRIP, NO_STRIP = FORMS = (
    Form("3x4+3", ROWS, 3),
    Form("6x2", _SIX),
    Form("12x1", tuple((lead,) for lead in LEADS)),
    Form("6x2+1", _SIX, 1),
    Form("3x4", ROWS),
)


class Found(NamedTuple):
    """What was found on a page, float32: the number of the layout in FORMS, from 1 on, 0 for none
    of them; where its block lies, as in `ecg_tf.pages.block.Block`; the line of the rhythm strip
    that shows lead II, 0 where there are no strips; and the gain in mm/mV."""

    form: object
    left: object
    right: object
    first: object
    spacing: object
    strip: object
    gain: object


def nothing(xp=np) -> Found:
    """What is found on a page of the usual layout or of none."""
    return Found(*(as_float(0, xp) for _ in Found._fields))


def find_other(dark, aspect, xp=np) -> Found:
    """The layout of a page that does not show four lines of traces; `aspect` is its width by its
    height."""

    def first_of(lines: int, *others: int):
        seen = _found(lines, dark, aspect, xp)
        next_one = partial(first_of, *others) if others else partial(nothing, xp)
        return either(seen.form > 0.0, lambda: seen, next_one, xp)

    return first_of(*_TOLD_BY)


def find_three(dark, aspect, xp=np) -> Found:
    """As `find_other`, but of three rows without a strip alone."""
    return _found(len(ROWS), dark, aspect, xp)


def _found(lines: int, dark, aspect, xp) -> Found:
    block, (told_by, least) = block_of(lines, dark, xp), _TOLD_BY[lines]
    form, strip = told_by(_heights(dark, block, lines, xp), xp)
    clear = (block.clear >= least) & (block.right - block.left > NARROW)
    known = as_float(clear, xp) * form
    gain = _gain(dark, block, lines, aspect, xp)
    return Found(*(as_float(each, xp) for each in (known, *block[:4], strip, gain)))


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


def _gain(dark, block: Block, lines: int, aspect, xp):
    """The gain in mm/mV by the calibration pulses left of the traces, the usual one where none are
    clearly seen."""
    rows, columns = dark.shape
    inked = as_float(dark > INKED, xp)
    wide = (block.right - block.left) / SPAN  # a millimetre, in parts of the page's width
    across = (np.arange(columns, dtype=np.float32) + 0.5) / columns
    down = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    line = block.first + block.spacing * np.arange(lines, dtype=np.float32)
    above = (line[:, None] - down) / xp.maximum(wide * aspect, 1e-6)  # mm
    near = xp.concatenate([as_float(xp.abs(above - gain) < NEAR_TOP, xp) for gain in GAINS], axis=0)
    held = as_float(xp.matmul(near, inked) > 0.5, xp)
    start, stop = (block.left + each * wide for each in PULSE)
    zone = as_float((across > start) & (across < stop), xp)
    filled = xp.sum(held * zone, axis=1) / xp.maximum(xp.sum(zone), 1.0)
    tops = xp.median(xp.reshape(filled, (len(GAINS), lines)), axis=1)
    *_, second, best = (xp.sort(tops)[number] for number in range(len(GAINS)))
    seen = (best >= TOP) & (best >= second + CLEARLY)
    return xp.where(seen, xp.take(GAINS, xp.argmax(tops)), np.float32(USUAL_GAIN))


def _heights(dark, block: Block, lines: int, xp):
    """How far above its line each trace runs, in distances between lines, 0 at the median of each
    quarter: (lines, QUARTERS, samples), without the samples at the ends of quarters."""
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
    return heights[..., round(NAMED * SAMPLES) : -round(NEXT * SAMPLES)]


def _of_six(heights, xp):
    """(number of the layout in FORMS or 0, line of the strip of lead II or 0) of six lines."""
    left, right = _lawless(heights, xp)
    two = (left < LAWFUL) & (right >= LAWFUL)  # six limb leads are no twelve leads
    again = xp.stack([_unlike(heights[1, 0], heights[line, 0], xp) for line in (3, 4, 5)])
    rows = _lawless_rows(heights, xp)
    three = (left >= LAWFUL) & (xp.maximum(xp.min(again), rows) < LAWFUL_ROWS)
    two, three = as_float(two, xp), as_float(three, xp)
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


def _of_three(heights, xp):
    """(number of the layout in FORMS or 0, 0) of three lines."""
    lawful = as_float(_lawless_rows(heights, xp) < LAWFUL, xp)
    return lawful * _number(NO_STRIP), 0.0 * lawful


# By how many lines a layout has: what tells it, and how clearly it is seen at least.
_TOLD_BY = {
    12: (_of_twelve, CLEAR),
    6: (_of_six, CLEAR),
    7: (_of_seven, CLEAR),
    3: (_of_three, THREE_CLEAR),
}


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
