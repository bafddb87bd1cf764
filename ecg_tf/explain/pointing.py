"""Pointing (Zhang et al. 2018) and heat mass: does the heat lie where the page is abnormal?

Asked on drawn pages, whose truth is known. The chance of either is the part of the page that the
true places cover: a map drawn at random reaches it on average.
"""

from collections.abc import Iterable

import numpy as np

from ecg_tf.explain.attention import on_paper
from ecg_tf.pages.layout import RHYTHM, TERRITORY, Box
from ecg_tf.pages.synthetic import DrawnPage

TRUTHS = ("territory", "leads", "segments")


def mask(boxes: Iterable[Box], paper: Box, size: tuple[int, int]) -> np.ndarray:
    """Which pixels of a map of `size` (height, width) that covers `paper` lie in any of `boxes`,
    bool (h, w). Boxes and paper are in fractions of the page."""
    height, width = size
    inside = np.zeros(size, bool)
    for box in boxes:
        left, top, right, bottom = on_paper(box, paper).pixels(width, height)
        inside[top:bottom, left:right] = True
    return inside


def truths(page: DrawnPage, paper: Box, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Where a drawn infarction is, as masks by the names of TRUTHS, bool (h, w) each.

    `territory`: the leads that face the infarction, and a rhythm strip of one of them; `leads`:
    all leads with an abnormal segment, reciprocal changes among them; `segments`: the abnormal
    pieces of the traces.
    """
    territory = (page.territory or "").split("+")
    facing = [
        box for key, box in page.lead_boxes.items() if TERRITORY[_lead(key, page)] in territory
    ]
    changed = {key for key, _, _ in page.abnormal}
    leads = [box for key, box in page.lead_boxes.items() if key in changed]
    boxes = {"territory": facing, "leads": leads, "segments": [box for *_, box in page.abnormal]}
    return {name: mask(boxes[name], paper, size) for name in TRUTHS}


def hit(heat: np.ndarray, inside: np.ndarray) -> float:
    """1 where the hottest pixel is inside, else 0; where several are equally hot, the part of them
    that is inside. NaN for a map without heat."""
    top = heat.max()
    return float(inside[heat == top].mean()) if top > 0 else float("nan")


def mass(heat: np.ndarray, inside: np.ndarray) -> float:
    """The part 0..1 of all heat that is inside; NaN for a map without heat."""
    total = float(heat.sum(dtype=np.float64))
    return float(heat[inside].sum(dtype=np.float64)) / total if total > 0 else float("nan")


def _lead(key: str, page: DrawnPage) -> str:
    """The lead shown in a box; the strips are "rhythm", "rhythm2", "rhythm3"."""
    if not key.startswith(RHYTHM):
        return key
    return page.strips[int(key.removeprefix(RHYTHM) or 1) - 1]
