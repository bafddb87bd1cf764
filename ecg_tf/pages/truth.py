"""From seconds to boxes: where on the paper the abnormal segments lie."""

from ecg_tf.pages.layout import Box
from ecg_tf.pages.paper import Cell, Sheet, trace
from ecg_tf.pages.signals import Signal

PAD = 1.0  # mm round the trace
LEAST = 0.5  # mm; a shorter piece of a span at the end of a cell is left out


def abnormal_boxes(truth: Signal, sheet: Sheet, paper: Box) -> list[tuple[str, str, Box]]:
    """(key of the cell, kind, box) of every abnormal span in sight.

    The boxes are in fractions of the page on which the sheet lies in the box `paper`.
    """
    found = []
    for cell in sheet.cells:
        x, y = trace(sheet, cell, truth.signal, truth.fs)
        for lead, kind, start, end in truth.spans:
            if lead not in ("all", cell.lead) or end <= cell.start or start >= cell.end:
                continue
            box = _box(sheet, cell, x, y, start, end)
            if box is not None:
                found.append((cell.key, kind, box.within(paper)))
    return found


def _box(sheet: Sheet, cell: Cell, x, y, start: float, end: float) -> Box | None:
    """The rectangle round the trace from `start` to `end` seconds."""
    left = cell.left + (max(start, cell.start) - cell.start) * sheet.speed
    right = cell.left + (min(end, cell.end) - cell.start) * sheet.speed
    first, last = (int(x.searchsorted(edge * sheet.scale)) for edge in (left, right))
    if right - left < LEAST or last <= first:
        return None
    part = y[first:last] / sheet.scale
    wide, high = sheet.width / sheet.scale, sheet.height / sheet.scale
    sides = (left / wide, (part.min() - PAD) / high, right / wide, (part.max() + PAD) / high)
    return Box(*(float(min(max(side, 0.0), 1.0)) for side in sides))
