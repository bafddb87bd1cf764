"""Where the block of traces lies on the paper: the four lines of the 3 x 4 + rhythm layout, or as
many as another layout has (`ecg_tf.pages.other_layouts`).

Many printers write header and footer on the grid itself, so that the paper is more than the block.
Everything here uses only functions that numpy and `keras.ops` share under the same names; `xp` is
either of the two. A page is ink, float32 (rows, columns) in 0..1, of the paper laid straight.

A line of traces is told from a line of text by its length: near its baseline nearly all columns of
the block hold ink. It is told from a ruled line by the waves that stand on it.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from ecg_tf.pages.layout import LINES, Box
from ecg_tf.pages.pooling import as_float, either, pool_matrix

INK_LEVEL = (
    0.45  # darkness, of that of the page's ink, from which on a cell holds ink; a grid has less
)
# The numbers of lines, rows and parts of the height below are those for LINES lines; where there
# are more lines, they lie closer, and that is looked at on more rows.
NEAR = 0.0175  # part of the height, to each side of a line, in which its ink is looked for
ROWS = 120  # to which the profile is pooled, on which lines are tried
FIRST = (4, 75)  # of ROWS: from and below which heights of the first line are tried
SPACING = np.arange(12, 36)  # of the rows: distances between lines that are tried
CLEAR = 0.2  # by how much more of the width a line fills than what is between and beyond them
# Where nothing counts as a line but those of the block: parts of a spacing, above the first line,
# below the last one, and below each of the others.
ABOVE, BELOW, BETWEEN = (-1.2, -0.8), (0.55, 1.35), (0.35, 0.65)
ANOTHER = ((-1.2, -0.8), (3.7, 4.35))  # where a line beyond the paper, and not its edge, would be
FULL = 0.65  # part of the width that a line of traces fills, and letters hardly
RIM = 0.04  # part of the height at the top and bottom edge where the edge of the paper may be seen
BAND = 0.12  # of a spacing, to each side of a line, in which the ends of the traces are looked for
MANY, HARDLY = 3, 1  # of the lines: in the block, and in the top of a calibration pulse
PULSE = 0.0075  # part of the width: a gap in all baselines so wide is the top of a pulse
PULSE_ZONE = 0.045  # part of the width at the left end of the block in which that top ends
# Where the block lies on pages that are read as they are, and where it is laid on others: left,
# right, first line, distance between lines, in parts of the page.
USUAL = (0.035, 0.979, 0.142, 0.248)
AT_LEAST, AT_MOST = (-0.01, 0.93, 0.13, 0.24), (0.08, 1.005, 0.17, 0.256)
NARROW = 0.4  # part of the width: a block has more
WIDTH = 6.55  # of the usual block, in distances between its lines: 250 by 38 mm
RULED = 0.3  # part of the width: as long is a line that was drawn with a ruler
THICK = 1  # cells, above and below, that are part of it
BARE = 0.02  # part of the height above and below it in which there is nothing else
STEPS = 3.5  # cells whose ink begins or ends along it, at most: a trace is never so still
CUT = 0.004  # part of the width at either edge: a block that reaches into it may be cut off there


class Block(NamedTuple):
    """The block of traces in parts of the page; `clear` says how clearly it was seen: the part of
    the width that the emptiest line fills, less that of the fullest row elsewhere; 0 where a line
    of letters is one of four, for three are seen more clearly."""

    left: object
    right: object
    first: object
    spacing: object
    clear: object


def find_block(dark, xp=np) -> Block:
    """The block of four lines on a page of ink; ruled lines are left out where no block is clear
    with them."""
    inked = _inked(dark, xp)
    block = _found(inked, LINES, xp)
    block = either(
        block.clear < CLEAR, lambda: _found(_without_rules(inked, xp), LINES, xp), lambda: block, xp
    )
    return block._replace(clear=_if_four(inked, block.clear, xp))


def block_of(lines: int, dark, xp=np) -> Block:
    """The block of so many lines on a page of ink."""
    return _found(_inked(dark, xp), lines, xp)


def _found(inked, lines: int, xp) -> Block:
    profile = line_profile(inked, xp, lines)
    held, place = _best(profile, lines, xp)
    if inked.shape[0] < _rows(lines):
        held = 0.0 * held  # too coarse to tell a line from what is beside it
    first, spacing = (xp.take(each, place) for each in _combs(lines)[:2])
    first, spacing = _fitted(profile, first, spacing, lines, xp)
    left, right = _ends(inked, first, spacing, lines, xp)
    return Block(left, right, first, spacing, held)


def completed(block: Block, aspect, xp=np) -> Block:
    """A block that the edge of the page cuts off, as wide as the usual one; `aspect` is the width
    of the page by its height."""
    wide = WIDTH * block.spacing / aspect
    short = block.right - block.left < 0.985 * wide
    at_left, at_right = block.left < CUT, block.right > 1.0 - CUT
    left = xp.where(short & at_left & ~at_right, block.right - wide, block.left)
    right = xp.where(short & at_right & ~at_left, block.left + wide, block.right)
    return block._replace(left=left, right=right)


def clearness(dark, xp=np):
    """How clearly pages (..., rows, columns) of ink show four lines and no more: (...); as
    `Block.clear`."""
    inked = _inked(dark, xp)
    return _if_four(inked, _clear(inked, LINES, xp), xp)


def three_lines(dark, xp=np):
    """Whether pages (..., rows, columns) of ink show three lines, and more clearly than four: bool
    (...). Letters above or below three rows of leads would pass for the fourth."""
    inked = _inked(dark, xp)
    return _three(inked, _clear(inked, LINES, xp), xp)


def _if_four(inked, four, xp):
    """How clearly four lines are seen, 0 where three are seen more clearly."""
    return xp.where(_three(inked, four, xp), 0.0, four)


def _three(inked, four, xp):
    three = _clear(inked, LINES - 1, xp)
    return (three >= CLEAR) & (three > four)


def _clear(inked, lines: int, xp):
    return _best(line_profile(inked, xp, lines), lines, xp)[0]


def out_of_place(block: Block, xp=np):
    """Whether a block is clear and does not lie where it usually does."""
    found = xp.stack([as_float(each, xp) for each in block[:4]])
    usual = xp.all((found >= np.float32(AT_LEAST)) & (found <= np.float32(AT_MOST)))
    return (block.clear >= CLEAR) & (block.right - block.left > NARROW) & ~usual


def cut_short(whole, block: Block, paper, xp=np):
    """Whether the lines of a block go on above or below the paper, as six lines do of which the
    paper that was found holds four. `whole` is the ink of the whole page; a ruled line in a header
    is no such line."""
    inked = _inked(whole, xp)
    return either(
        _goes_on(inked, block, paper, xp),
        lambda: _goes_on(_without_rules(inked, xp), block, paper, xp),
        lambda: False if xp is np else xp.convert_to_tensor(False),
        xp,
    )


def _goes_on(inked, block: Block, paper, xp):
    left, top, right, bottom = paper
    rows, columns = inked.shape
    across = (np.arange(columns, dtype=np.float32) + 0.5) / columns
    within = as_float((across > left) & (across < right), xp)
    near = _near(inked, xp) * within
    full = xp.sum(near, axis=-1) / xp.maximum(xp.sum(within), 1.0)
    at = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    line = ((at - top) / (bottom - top) - block.first) / xp.maximum(block.spacing, 1e-6)
    above, below = ((line >= start) & (line <= stop) for start, stop in ANOTHER)
    inner = np.minimum(at, 1.0 - at) >= RIM
    return xp.any((above | below) & inner & (full > FULL))


def paper_around(block: Block, paper, tilt, aspect) -> Box:
    """What has to be cut out of the page so that the block lies where it usually does.

    `paper` is where the block was found, in parts of the page, and was laid straight by `tilt`;
    `aspect` is its width by its height. The box may reach beyond the page.
    """
    left, right, first, spacing = USUAL
    wide = (block.right - block.left) / (right - left)
    tall = block.spacing / spacing
    x, y = block.left - left * wide, block.first - first * tall
    down = tilt * (x + wide / 2 - 0.5)
    across = -tilt / (aspect * aspect) * (y + tall / 2 - 0.5)
    x, y = x + across, y + down
    return Box(x, y, x + wide, y + tall).within(Box(*paper))


def line_profile(inked, xp=np, lines: int = LINES):
    """Of inked (..., rows, columns), 0 or 1: the part of the columns with ink near each height,
    float32 (..., ROWS), or more rows for more lines."""
    full = xp.mean(_near(inked, xp, lines), axis=-1)
    return xp.matmul(full, pool_matrix(inked.shape[-2], _rows(lines)).T)


def _rows(lines: int) -> int:
    return ROWS * lines // LINES


def _near(inked, xp, lines: int = LINES):
    """Which cells have ink near them, above or below, 0 or 1."""
    reach = max(round(NEAR * LINES / lines * inked.shape[-2]), 1)
    blank = xp.zeros_like(inked[..., :1, :])
    blank = xp.concatenate([blank] * (reach + 1), axis=-2)
    sums = xp.cumsum(xp.concatenate([blank, inked, blank[..., :reach, :]], axis=-2), axis=-2)
    return as_float(sums[..., 2 * reach + 1 :, :] > sums[..., : -2 * reach - 1, :], xp)


@cache
def _combs(lines: int) -> tuple[np.ndarray, ...]:
    """(first line, distance between lines, rows of all lines, rows beyond them) of the n combs
    that are tried: float32 (n,) twice, int32 (n, lines) and bool (n, rows)."""
    rows = _rows(lines)
    first, spacing = np.meshgrid(np.arange(FIRST[0], FIRST[1] * lines // LINES), SPACING)
    inside = first + (lines - 1) * spacing < rows - 2
    first, spacing = first[inside].astype(np.float32), spacing[inside].astype(np.float32)
    at, last = np.arange(rows), lines - 1
    zones = [ABOVE, (last + BELOW[0], last + BELOW[1])]
    zones += [(line + BETWEEN[0], line + BETWEEN[1]) for line in range(last)]
    beyond = [
        (at >= (first + start * spacing)[:, None])
        & (at <= (first + stop * spacing)[:, None])
        & (np.minimum(at, rows - 1 - at) >= RIM * rows)
        for start, stop in zones
    ]
    lines_of = (first[:, None] + spacing[:, None] * np.arange(lines)).astype(np.int32)
    return first, spacing, lines_of, np.any(beyond, axis=0)


def _best(profile, lines: int, xp):
    """(clearness, which comb): of all combs of so many lines, the one seen most clearly."""
    _, _, lines_of, beyond_of = _combs(lines)
    held = xp.min(xp.take(profile, lines_of, axis=-1), axis=-1)
    beyond = xp.max(profile[..., None, :] * as_float(beyond_of, xp), axis=-1)
    clear = held - beyond
    return xp.max(clear, axis=-1), xp.argmax(clear, axis=-1)


def _fitted(profile, first, spacing, lines: int, xp):
    """First line and distance between lines, parts of the height, by the middles of the ink near
    the lines of a comb, least squares."""
    rows = _rows(lines)
    at = np.arange(rows, dtype=np.float32)
    line = first + spacing * np.arange(lines, dtype=np.float32)
    near = as_float(xp.abs(at - line[:, None]) < 0.2 * spacing, xp) * xp.square(profile)
    middles = xp.sum(near * (at + 0.5), axis=1) / xp.maximum(xp.sum(near, axis=1), 1e-6) / rows
    number = np.arange(lines, dtype=np.float32) - (lines - 1) / 2
    spacing = xp.sum(middles * number) / np.float32(np.sum(number**2))
    return xp.mean(middles) - spacing * np.float32((lines - 1) / 2), spacing


def _ends(inked, first, spacing, lines: int, xp):
    """Where the traces begin, after the calibration pulse if there is one, and end."""
    rows, columns = inked.shape
    at = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    line = first + spacing * np.arange(lines, dtype=np.float32)
    band = as_float(xp.abs(at - line[:, None]) < BAND * spacing, xp)
    held = xp.sum(as_float(xp.matmul(band, inked) > 0.5, xp), axis=0)
    index = np.arange(columns, dtype=np.float32)
    full = held > MANY * lines / LINES - 0.5
    left = xp.min(xp.where(full, index, float(columns)))
    right = xp.max(xp.where(full, index + 1.0, 0.0))
    wide = max(round(PULSE * columns), 1)
    lost = xp.cumsum(as_float(held < HARDLY * lines / LINES + 0.5, xp), axis=0)
    gone = xp.concatenate([xp.zeros_like(lost[:wide]), lost[wide:] - lost[:-wide]], axis=0)
    top = (gone > wide - 0.5) & (index > left) & (index < left + PULSE_ZONE * columns)
    left = xp.maximum(left, xp.max(xp.where(top, index + 1.0, 0.0)))
    return left / columns, right / columns


def _without_rules(inked, xp):
    """Inked cells (rows, columns) without those of level, still lines that nothing stands on."""
    rows, columns = inked.shape
    far = max(round(BARE * rows), THICK + 1)
    long = max(round(RULED * columns), 1)
    thick = _within(inked, -THICK, THICK, xp)
    beside = _within(inked, THICK + 1, far, xp) + _within(inked, -far, -THICK - 1, xp)
    bare = as_float((thick > 0.5) & (beside < 0.5), xp)
    steps = _within(xp.abs(inked - xp.roll(inked, 1, axis=1)), -far, far, xp)
    bare, steps = (_within(xp.transpose(each), 0, long - 1, xp) for each in (bare, steps))
    # Kept of it: stretches of that length, and what is thick there.
    ends = as_float((bare > long - 0.5) & (steps < STEPS), xp)
    ruled = as_float(_within(ends, 1 - long, 0, xp) > 0.5, xp)
    ruled = _within(xp.transpose(ruled), -THICK, THICK, xp)
    return inked * as_float(ruled < 0.5, xp)


def _within(values, start: int, stop: int, xp):
    """The sum of values (rows, columns) from `start` to `stop` rows below each cell (above, where
    negative; 0 is its own), in the same shape."""
    rows = values.shape[0]
    blank = xp.zeros_like(values[:1])
    sums = xp.cumsum(xp.concatenate([blank, values], axis=0), axis=0)
    index = np.arange(rows)
    first, last = (np.clip(index + each, 0, rows) for each in (start, stop + 1))
    return xp.take(sums, last, axis=0) - xp.take(sums, first, axis=0)


def _inked(dark, xp):
    """Which cells hold ink, 0 or 1; faint ink counts on a faint page."""
    usual = xp.mean(xp.max(dark, axis=-2), axis=-1)[..., None, None]
    return as_float(dark > INK_LEVEL * usual, xp)
