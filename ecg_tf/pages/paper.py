"""Where the leads go on the paper, and what the printer writes there: layouts and traces."""

from dataclasses import dataclass

import numpy as np

from ecg_tf.pages.layout import LEADS, ROWS, Box
from ecg_tf.pages.strokes import OVER, blank_mask, curve, write
from ecg_tf.pages.styles import Style

SPAN = 250.0  # mm of trace from the left to the right end, in every layout
STRIPS = ("rhythm", "rhythm2", "rhythm3")


@dataclass(frozen=True)
class Cell:
    """One stretch of trace: which lead, from which second to which, where on the paper (mm)."""

    key: str  # of the lead, or one of `STRIPS`
    lead: str
    start: float
    end: float
    left: float
    right: float
    baseline: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Sheet:
    """A paper area in pixels and millimetres, with its cells."""

    width: int
    height: int
    scale: float  # pixels a millimetre
    cells: tuple[Cell, ...]
    gain: float  # mm/mV
    speed: float  # mm/s
    style: Style

    def box(self, cell: Cell) -> Box:
        """The cell in fractions of the paper."""
        wide, high = self.width / self.scale, self.height / self.scale
        box = (cell.left / wide, cell.top / high, cell.right / wide, cell.bottom / high)
        return Box(*(float(min(max(side, 0.0), 1.0)) for side in box))


def lay_out(layout: str, style: Style, size, gain, speed, strips, shift: float = 0.0) -> Sheet:
    """Places the leads of `layout` on a paper of `size` (height, width) pixels.

    `strips` names the leads of the rhythm strips; `shift` moves all rows, in parts of a row.
    """
    height, width = size
    scale = width / (style.left + SPAN + style.right)
    columns = {"6x2": 2, "6x2+1": 2, "12x1": 1}.get(layout, 4)
    grid = list(zip(*ROWS, strict=True)) if columns == 4 else np.reshape(LEADS, (columns, -1))
    seconds, reach = SPAN / speed, SPAN / columns
    tall = height / scale
    rows = len(grid[0]) + len(strips)
    pitch = tall * (0.992 if rows == 4 else 0.97) / rows
    first = tall * 0.018 + pitch * (0.5 + shift)
    cells = []
    for column, leads in enumerate(grid):
        for row, lead in enumerate(leads):
            start = 0.0 if style.together else column * seconds / columns
            left = style.left + column * reach
            cells.append((str(lead), str(lead), start, start + seconds / columns, left, reach, row))
    for place, (key, lead) in enumerate(zip(STRIPS, strips, strict=False)):
        cells.append((key, lead, 0.0, seconds, style.left, SPAN, len(grid[0]) + place))
    placed = tuple(
        Cell(
            key,
            lead,
            start,
            end,
            left,
            left + wide,
            first + row * pitch,
            first + (row - 0.5) * pitch,
            first + (row + 0.5) * pitch,
        )  # fmt: skip
        for key, lead, start, end, left, wide, row in cells
    )
    return Sheet(width, height, scale, placed, gain, speed, style)


def draw_strips(rng, layout: str) -> tuple[str, ...]:
    """The leads of the rhythm strips of a layout, drawn at random where printers differ."""
    one = str(rng.choice(["II", "III", "V1", "V5"], p=[0.74, 0.16, 0.07, 0.03]))
    three = (("II", "V1", "V5"), ("V1", "II", "V5"), ("II", "aVF", "V2"))[int(rng.integers(3))]
    return {"3x4+1": (one,), "3x4+3": three, "6x2+1": ("II",)}.get(layout, ())


def ink_mask(sheet: Sheet, signal: np.ndarray, fs: float) -> np.ndarray:
    """Everything the printer writes on the paper: uint8 (height, width), 255 is full ink."""
    mask, pen = blank_mask(sheet.width, sheet.height)
    style, scale = sheet.style, sheet.scale
    width = style.trace_width * scale
    for cell in sheet.cells:
        x, y = trace(sheet, cell, signal, fs)
        if len(x) > 1:
            curve(pen, x, y, width)
        at = ((cell.left + 0.3) * scale, (cell.baseline - style.letter_rise) * scale)
        write(pen, cell.lead, at, style.letter_height * scale, style.letters)
    _pulses(sheet, pen, width)
    _dividers(sheet, pen, width)
    return np.asarray(mask.reduce(OVER))


def trace(sheet: Sheet, cell: Cell, signal: np.ndarray, fs: float):
    """The cell's curve in pixels of the paper: x (n,), y (n,)."""
    first, last = round(cell.start * fs), min(round(cell.end * fs) + 1, len(signal))
    millivolt = signal[first:last, LEADS.index(cell.lead)]
    gap = 1.5 if sheet.style.divider == "gap" else 0.0
    x = cell.left + np.arange(len(millivolt)) / fs * sheet.speed
    inside = x <= cell.right - gap
    y = cell.baseline - millivolt * sheet.gain
    return x[inside] * sheet.scale, y[inside] * sheet.scale


def _pulses(sheet: Sheet, pen, width: float) -> None:
    """The calibration pulse of one millivolt, once a row."""
    style, scale = sheet.style, sheet.scale
    if style.pulse == "none":
        return
    edge = style.left - 9.0 if style.pulse == "left" else style.left + SPAN + 0.5
    steps_x = np.array([0.0, 2.0, 2.0, 4.5, 4.5, 6.5]) + max(edge, 0.8)
    steps_y = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0]) * sheet.gain
    for baseline in sorted({cell.baseline for cell in sheet.cells}):
        curve(pen, steps_x * scale, (baseline - steps_y) * scale, width)


def _dividers(sheet: Sheet, pen, width: float) -> None:
    style, scale = sheet.style, sheet.scale
    inner = {cell.left for cell in sheet.cells if cell.left > style.left + 1.0}
    if style.divider not in ("line", "tick"):
        return
    rows = sorted({cell.baseline for cell in sheet.cells if cell.key in LEADS})
    for left in sorted(inner):
        spans = [(rows[0] - 6.0, rows[-1] + 5.5)]
        if style.divider == "tick":
            spans = [(row - 4.0, row + 4.0) for row in rows]
        for top, bottom in spans:
            x = np.full(2, left * scale)
            curve(pen, x, np.array([top, bottom]) * scale, width)
