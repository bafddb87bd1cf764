"""Where the paper lies on a page: inside its margins, and on the table of a photograph.

Everything here uses only functions that numpy and `keras.ops` share under the same names, so that
the serving graph and plain Python find the same paper: `xp` is either of the two.
"""

import numpy as np

from ecg_tf.pages.layout import WHOLE, Box
from ecg_tf.pages.pooling import as_float, pool, pool_matrix

CELLS = (96, 128)  # rows and columns of the coarse page on which the paper is looked for
MARGIN_DIFFERENCE = 5.0  # grey levels by which a cell of paper differs from the margin
FILLED = 0.6  # part of a row (column) that differs from the margin where it crosses the paper
SMOOTH = 2  # cells to each side over which that part is averaged: bridges sparse grids
NEAR = 3  # cells to each side of an edge that are looked at to sharpen it
CLEAR = 20.0  # grey levels between paper and margin from which on that is possible
SMALLEST = 0.35  # part of the page's height and width below which no paper is believed
LEAN = 8  # cells to each side of an edge between which a tilted edge of the paper may run
STEP = 0.45  # of the difference between paper and margin that lies within two cells at an edge
EDGE = 0.6  # part of an edge's length along which there is such a step
RIM = 2.5  # cells: an edge so near the rim of the page needs no step
OUTSIDE = 0.6  # part of what is cut away that looks more like the margin than like the paper
TABLE = 0.78  # of the brightness of the page: a table that is brighter leaves no ink
TABLE_STEP = 0.18  # of the brightness of the page, from the table to the page
LIGHT = 0.85  # part of the cells that are darker than the page's brightness
SMALLER = 0.95  # a paper found by its hue counts if it has less than this part of the other


def find_paper(page, xp=np):
    """The paper area as (left, top, right, bottom), fractions 0..1 of the page.

    `page` is float32 (h, w, 3), RGB 0..255. Header, footer and margins of one colour are cut
    away; where no margin is seen the whole page is the answer. It is looked for twice, for a
    photograph may show a table round the page and then the margin round the paper.
    """
    cells = xp.stack([pool(page[..., channel], *CELLS, xp=xp) for channel in range(3)])
    return tuple(_find_twice(cells, xp))


def find_table(bright, xp=np):
    """Where a photograph shows the table that the page lies on: float32 CELLS, 1 there, else 0.

    `bright` float32 (h, w) is the brightest channel, 0..255. The table is darker than the page,
    with a step at its edge, reaches the edge of the picture without a gap, and lies in all of its
    corners: a shadow that falls on a page leaves one of them, and light that fades towards the
    corners has no step.
    """
    cells = _around(pool(bright, *CELLS, xp=xp), xp) / 9.0
    page = xp.sort(xp.reshape(cells, (-1,)))[round(LIGHT * CELLS[0] * CELLS[1])]
    lit = as_float(cells > TABLE * page, xp)
    # How many lit cells there are from each of the four edges of the picture to each cell.
    turned = [lit, xp.flip(lit, axis=0), xp.transpose(lit), xp.transpose(xp.flip(lit, axis=1))]
    down, up, right, left = (xp.cumsum(each, axis=0) for each in turned)
    ways = (down, xp.flip(up, axis=0), xp.transpose(right), xp.flip(xp.transpose(left), axis=1))
    table = as_float(xp.min(xp.stack(ways), axis=0) < 0.5, xp)
    inside, outside = _beside(table, cells, xp), _beside(1.0 - table, cells, xp)
    corners = table[0, 0] * table[0, -1] * table[-1, 0] * table[-1, -1]
    seen = corners * as_float(inside - outside > TABLE_STEP * page, xp)
    return seen * _grown(table, xp)


def _beside(marked, cells, xp):
    """The mean of the cells that are three or four cells away from marked ones."""
    near = _grown(_grown(marked, xp), xp)
    ring = _grown(_grown(near, xp), xp) - near
    return xp.sum(ring * cells) / xp.maximum(xp.sum(ring), 1.0)


def _grown(marked, xp):
    """Marked cells (1, others 0) and their neighbours."""
    return as_float(_around(marked, xp) > 0.5, xp)


def _around(cells, xp):
    """The sum of each cell and its eight neighbours, those at the edges counted twice."""
    for _ in range(2):
        padded = xp.concatenate([cells[:1], cells, cells[-1:]], axis=0)
        cells = xp.transpose(padded[:-2] + padded[1:-1] + padded[2:])
    return cells


def _find_twice(cells, xp) -> Box:
    """The paper on a coarse page, float32 (3, *CELLS)."""
    first = _find(cells, xp)
    down = pool_matrix(CELLS[0], CELLS[0], first.top, first.bottom, xp)
    across = pool_matrix(CELLS[1], CELLS[1], first.left, first.right, xp)
    second = _find(xp.matmul(xp.matmul(down, cells), xp.transpose(across)), xp)
    smaller = _area(second) < SMALLER
    return Box(
        *(xp.where(smaller, *both) for both in zip(second.within(first), first, strict=True))
    )


def _find(cells, xp) -> Box:
    """The paper where there is one margin, on a coarse page, float32 (3, *CELLS).

    Each cell is compared with the colour of the rim, once by its colour and once by its hue,
    which a shadow leaves as it is.
    """
    hues = 255.0 * cells / xp.maximum(xp.max(cells, axis=0, keepdims=True), 1.0)
    (plain, _), (by_hue, found) = (
        _cut(xp.max(xp.abs(each - _rim_colour(each, xp)), axis=0), xp) for each in (cells, hues)
    )
    smaller = found & (_area(by_hue) < SMALLER * _area(plain))
    return Box(*(xp.where(smaller, *both) for both in zip(by_hue, plain, strict=True)))


def _area(box: Box):
    return (box.right - box.left) * (box.bottom - box.top)


def _cut(difference, xp):
    """(box, whether a paper was found), the whole page where none was.

    `difference` is how far each cell is from the margin, float32 CELLS, in grey levels. Rows that
    differ along most of their length cross the paper; lines of text do not fill a row, and
    stripes of a header are shorter than the paper. The paper has to end in a step: a shadow, or
    the unevenness of a grid, has no such edge.
    """
    rows, columns = CELLS
    differs = xp.where(difference > MARGIN_DIFFERENCE, 1.0, 0.0)
    differs = differs.astype("float32") if xp is np else differs
    top, bottom, tall = _longest_stretch(xp.mean(differs, axis=1), rows, xp)
    crossed = _between(top, bottom, rows, xp)
    filled = xp.sum(differs * crossed[:, None], axis=0) / xp.maximum(xp.sum(crossed), 1.0)
    left, right, wide = _longest_stretch(filled, columns, xp)
    within = _between(left, right, columns, xp)
    by_row = xp.sum(difference * within[None, :], axis=1) / xp.maximum(xp.sum(within), 1.0)
    by_column = xp.sum(difference * crossed[:, None], axis=0) / xp.maximum(xp.sum(crossed), 1.0)
    calm = _without_lines(difference, xp)
    inside = crossed[:, None] * within[None, :]
    typical = xp.sum(calm * inside) / xp.maximum(xp.sum(inside), 1.0)
    found = tall & wide & _stands_out(calm, inside, typical, xp)
    found = found & _has_steps(calm, top, bottom, within, typical, xp)
    found = found & _has_steps(xp.transpose(calm), left, right, crossed, typical, xp)
    top, bottom = _sharpened(by_row, top, bottom, crossed, rows, xp)
    left, right = _sharpened(by_column, left, right, within, columns, xp)
    edges = zip((left, top, right, bottom), WHOLE, strict=True)
    return Box(*(as_float(xp.where(found, edge, whole), xp) for edge, whole in edges)), found


def _stands_out(difference, inside, typical, xp):
    """Whether most of what lies outside the paper differs little from the margin."""
    outside = 1.0 - inside
    like_margin = xp.where(difference < 0.5 * typical, 1.0, 0.0)
    return xp.sum(like_margin * outside) >= OUTSIDE * xp.sum(outside)


def _between(start, stop, n: int, xp):
    """1.0 for the cells of `n` between two fractions, else 0.0: float32 (n,)."""
    at = xp.arange(n, dtype="float32") + 0.5
    inside = xp.where((at > start * n) & (at < stop * n), 1.0, 0.0)
    return inside.astype("float32") if xp is np else inside


def _without_lines(difference, xp):
    """The least difference of each cell and its neighbours: traces and letters disappear."""
    for axis in (0, 1):
        flat = xp.moveaxis(difference, axis, 0)
        before = xp.concatenate([flat[:1], flat[:-1]], axis=0)
        after = xp.concatenate([flat[1:], flat[-1:]], axis=0)
        difference = xp.moveaxis(xp.minimum(flat, xp.minimum(before, after)), 0, axis)
    return difference


def _has_steps(difference, start, stop, across, typical, xp):
    """Whether the paper begins at `start`, and ends at `stop`, with a step in `difference`.

    `difference` (n, m) is looked at down its first axis, along those of the columns marked in
    `across` (m,); `typical` is that of the paper. Each of these columns may have its step
    elsewhere within LEAN cells, as where the page is askew.
    """
    n = difference.shape[0]
    rise = difference[2:] - difference[:-2]
    middle = xp.arange(n - 2, dtype="float32") + 1.5  # between the two, in cells
    found = []
    for edge, up in ((start * n, rise), (stop * n, -rise)):
        near = xp.where(xp.abs(middle - edge) <= LEAN, 1.0, 0.0)
        stepped = xp.where(xp.max(up * near[:, None], axis=0) >= STEP * typical, 1.0, 0.0)
        share = xp.sum(across * stepped) / xp.maximum(xp.sum(across), 1.0)
        found.append((share >= EDGE) | (xp.minimum(edge, n - edge) <= RIM))
    return found[0] & found[1]


def _rim_colour(cells, xp):
    """The median colour, float32 (3, 1, 1), of the two outermost rings of cells."""
    rim = [cells[:, :2], cells[:, -2:], cells[:, :, :2], cells[:, :, -2:]]
    rim = xp.concatenate([xp.reshape(part, (3, -1)) for part in rim], axis=1)
    return xp.median(rim, axis=1)[:, None, None]


def _longest_stretch(profile, n: int, xp):
    """(start, stop, believed): the longest stretch of `profile` (n,) that is well filled.

    Start and stop are fractions 0..1. Filled means half of the highest smoothed value, so that
    the edge of the paper stays where it is when its profile is smoothed.
    """
    index = np.arange(n)
    near = (abs(index[:, None] - index[None, :]) <= SMOOTH).astype("float32")
    smooth = xp.matmul(near / (2 * SMOOTH + 1), profile[:, None])[:, 0]
    peak = xp.max(smooth)
    empty = smooth < 0.5 * peak
    # Per cell, the index of the last empty cell up to it; -1 before the first one.
    before = np.tril(np.ones((n, n), dtype=bool))
    last_empty = xp.max(xp.where(before & empty[None, :], index[None, :], -1), axis=1)
    length = index - last_empty
    longest = as_float(xp.max(length), xp)
    stop = as_float(xp.argmax(length), xp) + 1.0
    believed = (peak >= FILLED) & (longest >= SMALLEST * n)
    return (stop - longest) / n, stop / n, believed


def _sharpened(profile, start, stop, inside, n: int, xp):
    """Start and stop (fractions 0..1) to a part of a cell: how much a cell at the edge differs
    from the margin says how much of it is paper.

    `profile` (n,) is the difference from the margin, `inside` (n,) 1 for cells of the paper.
    Where paper and margin are nearly alike, the difference says nothing and the edges stay.
    """
    typical = xp.sum(profile * inside) / xp.maximum(xp.sum(inside), 1.0)
    # Neither margin nor paper is quite even: a sixth of the way from either still counts as it.
    part = (profile / xp.maximum(typical, 1e-6) - 1 / 6) * 1.5
    lacking = 1.0 - xp.clip(part, 0.0, 1.0)
    at = xp.arange(n, dtype="float32")
    first, last = start * n, stop * n
    low, high = xp.maximum(first - NEAR, 0.0), xp.minimum(last + NEAR, float(n))
    near_first = xp.where((at >= low - 0.5) & (at < first + NEAR - 0.5), 1.0, 0.0)
    near_last = xp.where((at >= last - NEAR - 0.5) & (at < high - 0.5), 1.0, 0.0)
    sharp_first = (low + xp.sum(lacking * near_first)) / n
    sharp_last = (high - xp.sum(lacking * near_last)) / n
    told = typical > CLEAR
    return xp.where(told, sharp_first, start), xp.where(told, sharp_last, stop)
