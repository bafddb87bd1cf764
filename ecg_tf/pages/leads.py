"""The boxes of the 12 leads and of the rhythm strip on a page, or why there are none."""

from dataclasses import dataclass

import numpy as np

from ecg_tf.pages.block import CLEAR, Block, cut_short, find_block, three_lines
from ecg_tf.pages.ink import ink
from ecg_tf.pages.layout import LINES, RHYTHM, ROWS, USUAL_FORM, WHOLE, Box
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.other_layouts import FORMS, INKED, find_other, lead_boxes
from ecg_tf.pages.peaks import find_peaks
from ecg_tf.pages.tilt import find_tilt, straighten

SIZE = (240, 400)  # rows and columns on which lines of traces are counted
FINE = (448, 1120)  # and on which the block is looked for, as a network does
LEAST_INK = 0.003  # part of the paper's cells; less is a blank page
PULSE_ZONE = 0.12  # of the paper's width, in which the calibration pulse may stand


@dataclass(frozen=True)
class Layout:
    """What was found on a page. `leads` maps the 12 leads, and "rhythm" where there is a strip, to
    boxes on the page, and is empty where the layout was not recognised; `reason` then says what was
    seen instead. `form` is the layout's name: 3x4+1 or that of one of `other_layouts.FORMS`."""

    paper: Box
    leads: dict[str, Box]
    reason: str
    form: str = ""


def find_layout(page: np.ndarray) -> Layout:
    """The layout of a page, uint8 (h, w, 3)."""
    page = page.astype(np.float32)
    paper = Box(*(float(edge) for edge in find_paper(page)))
    dark = ink(page)
    found, block = _layout(dark, paper)
    if paper == WHOLE or (found.leads and not block):
        return found
    if found.leads and not cut_short(_cells(dark, WHOLE, FINE), block, paper):
        return found
    whole, _ = _layout(dark, WHOLE)  # the paper that was found is cut in two
    return whole if found.leads or whole.leads else found


def _layout(dark: np.ndarray, paper: Box) -> tuple[Layout, Block | None]:
    """The layout on one paper of a page of ink, and the block of four lines seen there; None where
    the lines are of another layout."""
    cells, fine = (_cells(dark, paper, size) for size in (SIZE, FINE))
    height, width = dark.shape
    aspect = (paper.right - paper.left) * width / ((paper.bottom - paper.top) * height)
    tilt = float(find_tilt(cells))
    if tilt:
        cells, fine = (straighten(each, tilt, aspect) for each in (cells, fine))
    inked, block = cells > INKED, find_block(fine)

    def laid_out(form: str, boxes: dict[str, Box]) -> Layout:
        tilted = {name: _tilted(box, tilt, aspect).within(paper) for name, box in boxes.items()}
        return Layout(paper, tilted, "", form)

    if inked.mean() < LEAST_INK:
        return Layout(paper, {}, "no trace was found on the paper"), block
    lines = trace_lines(inked)
    if len(lines) == LINES and not three_lines(fine):
        left, right = _extent(inked, lines)
    elif block.clear >= CLEAR:  # the other lines are letters
        lines = block.first + block.spacing * np.arange(LINES)
        left, right = block.left, block.right
    else:
        other = find_other(fine, aspect)
        if other.form:
            return laid_out(FORMS[int(other.form) - 1].name, lead_boxes(other)), None
        return Layout(paper, {}, _unknown(len(lines))), block
    return laid_out(USUAL_FORM, _lead_boxes(lines, left, right)), block


def _unknown(lines: int) -> str:
    known = ", ".join(form.name for form in FORMS)
    return (
        f"{lines} lines of traces were found, not the {LINES} of the 3 x 4 + rhythm layout, nor the"
        f" leads of one of the layouts {known}"
    )


def trace_lines(inked: np.ndarray) -> np.ndarray:
    """The heights, fractions 0..1, at which lines of traces run; `inked` is bool (rows, columns).

    A line of traces rests on its baseline: there, far more columns hold ink than above or below.
    """
    profile = inked.mean(axis=1)
    smooth = np.convolve(profile, np.hanning(9) / np.hanning(9).sum(), mode="same")
    peaks = find_peaks(
        smooth,
        distance=len(smooth) // 20,
        height=0.25 * smooth.max(),
        prominence=0.2 * smooth.max(),
    )
    return (peaks + 0.5) / len(profile)


def _cells(dark: np.ndarray, paper: Box, size: tuple[int, int]) -> np.ndarray:
    """The largest darkness in each of `size` cells of the paper, float32."""
    height, width = dark.shape
    left, top, right, bottom = paper.pixels(width, height)
    dark = dark[top:bottom, left:right]
    rows = np.linspace(0, dark.shape[0], size[0], endpoint=False).astype(int)
    columns = np.linspace(0, dark.shape[1], size[1], endpoint=False).astype(int)
    return np.maximum.reduceat(np.maximum.reduceat(dark, rows, axis=0), columns, axis=1)


def _extent(inked: np.ndarray, lines: np.ndarray) -> tuple[float, float]:
    """Where the traces begin (after the calibration pulse, if there is one) and end, 0..1."""
    n = inked.shape[1]
    half = int(0.5 * np.diff(lines).min() * inked.shape[0])
    rhythm = int(lines[-1] * inked.shape[0])
    band = inked[max(rhythm - half, 0) : rhythm + half].any(axis=0)
    columns = np.flatnonzero(band)
    first, last = columns[0], columns[-1]
    gaps = np.flatnonzero(~band[first : int(PULSE_ZONE * n)]) + first
    if len(gaps):
        after = columns[columns > gaps[-1]]
        first = after[0] if len(after) else first
    return first / n, (last + 1) / n


def _tilted(box: Box, tilt: float, aspect: float) -> Box:
    """Where a box of a page that was laid straight is on the page itself; it stays upright."""
    down = tilt * ((box.left + box.right) / 2 - 0.5)
    across = -tilt / aspect**2 * ((box.top + box.bottom) / 2 - 0.5)
    moved = (box.left + across, box.top + down, box.right + across, box.bottom + down)
    return Box(*(min(max(edge, 0.0), 1.0) for edge in moved))


def _lead_boxes(lines: np.ndarray, left: float, right: float) -> dict[str, Box]:
    """Boxes in fractions of the paper; rows part half-way between the lines."""
    spacing = float(np.diff(lines).mean())
    edges = [lines[0] - spacing / 2, *((lines[:-1] + lines[1:]) / 2), lines[-1] + spacing / 2]
    edges = [float(np.clip(edge, 0.0, 1.0)) for edge in edges]
    quarter = (right - left) / 4
    boxes = {}
    for row, names in enumerate(ROWS):
        for column, name in enumerate(names):
            start = float(left + column * quarter)
            boxes[name] = Box(start, edges[row], float(start + quarter), edges[row + 1])
    boxes[RHYTHM] = Box(float(left), edges[3], float(right), edges[4])
    return boxes
