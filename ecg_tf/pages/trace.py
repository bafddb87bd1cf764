"""The traces of a page read back as signals: 12 leads of 2.5 s and the rhythm strip of 10 s.

Each lead box is pooled to one column of pixels per sample (100 a second). In every column the
ink forms vertical runs: the trace, lead letters, the next row's trace. The cheapest path through
the runs, from left to right, is the trace; a column's value is the run's middle, or its tip where
the stroke turns round, so that narrow peaks keep their height.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecg_tf.pages.ink import ink
from ecg_tf.pages.layout import LEADS, RHYTHM, ROWS, USUAL_FORM, Box
from ecg_tf.pages.leads import Layout, find_layout
from ecg_tf.pages.pooling import pool_matrix

RATE = 100  # samples a second
LEAD_SAMPLES, RHYTHM_SAMPLES = 250, 1000  # 2.5 s and 10 s
ROWS_PER_MV = 0.4 * RATE  # 25 mm/s and 10 mm/mV: a millivolt is as high as 0.4 s is long
REACH = 0.95  # how far above and below its line a trace is followed, in distances between lines
INKED = 0.3  # ink (0..1) from which on a pixel belongs to a run
JUMP_COST = 0.5  # per pixel of white that the path crosses between two columns
AWAY_COST = 0.001  # per pixel and column between the path and the line's baseline
FAR, PIECE = 10, 6  # pixels of white, and columns, from which on a piece may be no trace
COLUMN_LINE = 0.85  # part of the way from the first to the third row that a column line covers
STEEP = 2.5  # a run longer than this many times the usual is a steep stroke
TURN, NEAR = (
    4,
    2,
)  # columns within which a tip turns back, and within which it is the only one


@dataclass(frozen=True)
class Traces:
    """The signals of one page in mV-like units, baseline (the median) at 0.

    `leads` is float32 (12, 250) in the order of LEADS, `rhythm` float32 (1000,).
    """

    leads: np.ndarray
    rhythm: np.ndarray


def read_traces(page: np.ndarray, layout: Layout | None = None) -> Traces:
    """The traces of a page, uint8 (h, w, 3), of the 3 x 4 + rhythm layout.

    Raises ValueError, with the layout's reason, where no lead boxes were found or it is another.
    """
    layout = layout or find_layout(page)
    if layout.form != USUAL_FORM:
        reason = layout.reason or f"the layout is {layout.form}, not {USUAL_FORM}"
        raise ValueError(f"The traces cannot be read: {reason}.")
    dark = _without_column_lines(ink(page.astype(np.float32)), layout.leads)
    dark **= 4  # pooled as a power mean, see ecg_tf.pages.ink
    leads = np.stack([_read_box(dark, name, layout.leads) for name in LEADS])
    rhythm = _read_box(dark, RHYTHM, layout.leads)
    return Traces(leads.astype(np.float32), rhythm.astype(np.float32))


def _line(name: str, boxes: dict[str, Box]) -> tuple[float, float]:
    """(height of the line that a lead runs along, distance between lines), 0..1 of the page.

    Boxes part half-way between lines, but the outer edges may be cut off by the paper.
    """
    spacing = boxes["II"].bottom - boxes["II"].top
    row = next((i for i, names in enumerate(ROWS) if name in names), len(ROWS))
    return boxes["II"].top + spacing / 2 + (row - 1) * spacing, spacing


def _without_column_lines(dark: np.ndarray, boxes: dict[str, Box]) -> np.ndarray:
    """The ink without the lines between columns: no trace runs straight down through all rows."""
    height = len(dark)
    first, last = (round(_line(row[0], boxes)[0] * height) for row in (ROWS[0], ROWS[-1]))
    line = (dark[first:last] > INKED).mean(axis=0) > COLUMN_LINE
    dark = dark.copy()
    dark[: round(boxes[RHYTHM].top * height), line] = 0.0
    return dark


def _read_box(dark: np.ndarray, name: str, boxes: dict[str, Box]) -> np.ndarray:
    """One signal in mV; `dark` is the page's ink to the fourth power."""
    samples = RHYTHM_SAMPLES if name == RHYTHM else LEAD_SAMPLES
    line, spacing = _line(name, boxes)
    top, bottom = max(line - REACH * spacing, 0.0), min(line + REACH * spacing, 1.0)
    strip = _strip(dark, Box(boxes[name].left, top, boxes[name].right, bottom), samples)
    rows = len(strip) / (bottom - top)
    height = _follow(strip, middle=(line - top) * rows, half=spacing * rows / 2)
    return (np.median(height) - height) / ROWS_PER_MV


def _strip(dark: np.ndarray, box: Box, samples: int) -> np.ndarray:
    """The box as ink, float32 (rows, samples), with ROWS_PER_MV rows a millivolt."""
    height, width = dark.shape
    sample = (box.right - box.left) * width / samples
    rows = max(round((box.bottom - box.top) * height / sample), 1)
    down = pool_matrix(height, rows, box.top, box.bottom)
    across = pool_matrix(width, samples, box.left, box.right)
    first, last = (int(edge) for edge in (box.top * height, np.ceil(box.bottom * height)))
    left, right = (int(edge) for edge in (box.left * width, np.ceil(box.right * width)))
    part = dark[first:last, left:right]
    return (down[:, first:last] @ part @ across[:, left:right].T) ** 0.25


def _follow(strip: np.ndarray, middle: float, half: float) -> np.ndarray:
    """The trace's height in pixels from the top of the strip, float (samples,)."""
    samples = strip.shape[1]
    columns, runs = _runs(strip)
    if not runs:
        return np.full(samples, middle)
    path = _cheapest_path(runs, _baseline(strip, middle, half))
    kept = _believed(path)
    columns, path = columns[kept], path[kept]
    return np.interp(np.arange(samples), columns, _heights(strip, columns, path))


def _runs(strip: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The columns with ink, int (k,), and the runs of each, int (n, 2): first row, row after."""
    inked = np.pad(strip.T > INKED, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(inked, axis=1)
    column, start = np.nonzero(change == 1)
    _, stop = np.nonzero(change == -1)
    columns, firsts = np.unique(column, return_index=True)
    runs = np.split(np.stack([start, stop], axis=1), firsts[1:])
    return columns, runs if len(columns) else []


def _baseline(strip: np.ndarray, middle: float, half: float) -> float:
    """The row with the most ink near the line."""
    first, last = max(int(middle - half), 0), int(middle + half) + 1
    return first + float(np.argmax(strip[first:last].sum(axis=1)))


def _cheapest_path(runs: list[np.ndarray], baseline: float) -> np.ndarray:
    """One run per column, int (columns, 2): little white crossed, not far from the baseline."""
    costs, came_from = _away(runs[0], baseline), []
    for before, now in pairwise(runs):
        white = np.maximum(
            now[:, None, 0] - before[None, :, 1], before[None, :, 0] - now[:, None, 1]
        )
        through = costs[None, :] + JUMP_COST * np.maximum(white, 0)
        came_from.append(np.argmin(through, axis=1))
        costs = through.min(axis=1) + _away(now, baseline)
    at = int(np.argmin(costs))
    path = [runs[-1][at]]
    for column in range(len(came_from) - 1, -1, -1):
        at = int(came_from[column][at])
        path.append(runs[column][at])
    return np.array(path[::-1])


def _believed(path: np.ndarray) -> np.ndarray:
    """Which columns to keep, bool (columns,): pieces that are short and far from the rest go.

    Where the trace is hidden, the only ink of a column may be a letter of another row.
    """
    white = np.maximum(path[1:, 0] - path[:-1, 1], path[:-1, 0] - path[1:, 1])
    piece = np.concatenate([[0], np.cumsum(white > FAR)])
    long = np.bincount(piece)[piece] >= PIECE
    return long if long.any() else np.ones(len(path), dtype=bool)


def _away(runs: np.ndarray, baseline: float) -> np.ndarray:
    return AWAY_COST * np.maximum(np.maximum(runs[:, 0] - baseline, baseline - runs[:, 1]), 0)


def _heights(strip: np.ndarray, columns: np.ndarray, path: np.ndarray) -> np.ndarray:
    """A height per column: the run's centre of ink, or its tip where a steep stroke turns."""
    top, bottom = path[:, 0], path[:, 1]
    length = bottom - top
    usual = np.median(length)
    centre = _centres(strip, columns, path)
    up, down = _prominence(top), _prominence(-bottom)
    tip = np.where(up >= down, top + usual / 2, bottom - usual / 2)
    turns = (length > STEEP * usual) & (np.maximum(up, down) > usual)
    return np.where(turns, tip, centre)


def _centres(strip: np.ndarray, columns: np.ndarray, path: np.ndarray) -> np.ndarray:
    """The mean row of each run, weighted by ink, float (columns,)."""
    rows = np.arange(len(strip))[:, None] + 0.5
    above = np.zeros((2, len(strip) + 1, len(columns)))
    above[0, 1:] = np.cumsum(strip[:, columns], axis=0, dtype=float)
    above[1, 1:] = np.cumsum(strip[:, columns] * rows, axis=0, dtype=float)
    each = np.arange(len(columns))
    weight, moment = above[:, path[:, 1], each] - above[:, path[:, 0], each]
    return moment / weight


def _prominence(edge: np.ndarray) -> np.ndarray:
    """By how much an edge turns back within TURN columns on both sides; 0 but at its minimum.

    `edge` is float (columns,), growing away from the tip.
    """
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(edge, TURN, mode="edge"), 2 * TURN + 1
    )
    lowest = windows[:, TURN - NEAR : TURN + NEAR + 1].min(axis=1)
    back = np.minimum(windows[:, : TURN + 1].max(axis=1), windows[:, TURN:].max(axis=1))
    return np.where(edge == lowest, back - edge, 0.0)
