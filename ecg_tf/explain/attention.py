"""Where on the page a heat map is hot, in numbers: regions, lead boxes, what lies outside them.

Needs neither TensorFlow nor Keras: the portal measures maps that come over the wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecg_tf.pages.layout import RHYTHM, TERRITORY, Box

REGIONS = ("left", "central", "right")  # thirds of the paper
STANDS_OUT = 1.25  # times its share of the area from which on a lead box is hot at all
BESIDE_HOTTEST = 0.7  # part of the hottest box's density that a box needs to be named with it
MOST_NAMED = 4
WALLS = ("inferior", "septal", "anterior", "lateral")  # aVR looks at none of them


@dataclass(frozen=True)
class LeadHeat:
    """The heat in one lead box: `share` of the paper's heat, and how many `times` more that is
    than the box's share of the area. `territory` is None for the rhythm strip."""

    lead: str
    territory: str | None
    share: float
    times: float


@dataclass(frozen=True)
class Attention:
    """What one heat map shows. Shares are parts 0..1 of all heat on the paper.

    `region` is the hottest third, or None for an empty map; `leads` come hottest first and are
    empty where the layout is not known, as `outside`, the share outside the lead boxes, is None;
    `outside_area` is the part of the paper outside them; `hottest` names the boxes that stand out.
    `territory` is the one whose leads are the hottest on average, and `territory_times` how many
    times as hot as the paper they are; None and 0 where the layout is not known or nothing is hot.
    """

    method: str
    region: str | None
    regions: dict[str, float]
    leads: tuple[LeadHeat, ...]
    hottest: tuple[str, ...]
    outside: float | None
    outside_area: float | None
    territory: str | None
    territory_times: float


def measure(heat: np.ndarray, paper: Box, leads: Mapping[str, Box], method: str) -> Attention:
    """The attention in `heat`, float (h, w), not negative, a map that covers `paper`.

    `leads` are the boxes of `ecg_tf.pages.leads.find_layout`, in fractions of the page like
    `paper`; empty where the layout was not recognised. Raises ValueError for a map that is not
    two-dimensional, negative or not finite.
    """
    heat = _checked(heat)
    boxes = {lead: on_paper(box, paper) for lead, box in leads.items()}
    thirds = {
        region: Box(number / 3, 0.0, (number + 1) / 3, 1.0) for number, region in enumerate(REGIONS)
    }
    regions = {region: share_in(heat, box) for region, box in thirds.items()}
    found = sorted(
        (_lead_heat(heat, *item) for item in boxes.items()), key=lambda each: -each.times
    )
    walls = {wall: _mean(found, wall) for wall in WALLS} if found and heat.any() else {}
    territory = max(walls, key=walls.get) if walls else None
    return Attention(
        method=method,
        region=max(regions, key=regions.get) if heat.any() else None,
        regions=regions,
        leads=tuple(found),
        hottest=_standing_out(found),
        outside=_rest(each.share for each in found) if found else None,
        outside_area=_rest(_area(box) for box in boxes.values()) if found else None,
        territory=territory,
        territory_times=walls.get(territory, 0.0),
    )


def share_in(heat: np.ndarray, box: Box) -> float:
    """The part 0..1 of all heat that lies in `box`, in fractions of the map; 0 for an empty map.

    Pixels on the edge of the box count by the part of them that is inside.
    """
    height, width = heat.shape
    rows, columns = _cover(height, box.top, box.bottom), _cover(width, box.left, box.right)
    total = float(heat.sum())
    return float(rows @ heat @ columns) / total if total > 0 else 0.0


def _checked(heat: np.ndarray) -> np.ndarray:
    heat = np.asarray(heat, dtype=np.float64)
    if heat.ndim != 2:
        raise ValueError(f"A heat map has two dimensions; got shape {heat.shape}.")
    if not np.isfinite(heat).all() or heat.min() < 0:
        raise ValueError("A heat map holds finite numbers from 0 up; this one holds others.")
    return heat


def _cover(pixels: int, start: float, stop: float) -> np.ndarray:
    """The part 0..1 of each pixel between `start` and `stop`, fractions of the side: (pixels,)."""
    edge = np.arange(pixels)
    inside = np.minimum(edge + 1, stop * pixels) - np.maximum(edge, start * pixels)
    return np.clip(inside, 0.0, 1.0)


def on_paper(box: Box, paper: Box) -> Box:
    """A box of the page in fractions of the paper, cut at its edges."""
    width, height = paper.right - paper.left, paper.bottom - paper.top
    across = [(edge - paper.left) / width for edge in (box.left, box.right)]
    down = [(edge - paper.top) / height for edge in (box.top, box.bottom)]
    edges = (across[0], down[0], across[1], down[1])
    return Box(*(min(max(float(edge), 0.0), 1.0) for edge in edges))


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _rest(parts) -> float:
    return min(max(1.0 - sum(parts), 0.0), 1.0)


def _lead_heat(heat: np.ndarray, lead: str, box: Box) -> LeadHeat:
    share, area = share_in(heat, box), _area(box)
    territory = None if lead == RHYTHM else TERRITORY[lead]
    return LeadHeat(lead, territory, share, share / area if area > 0 else 0.0)


def _mean(found: list[LeadHeat], wall: str) -> float:
    times = [each.times for each in found if each.territory == wall]
    return sum(times) / max(len(times), 1)


def _standing_out(found: list[LeadHeat]) -> tuple[str, ...]:
    """The hottest boxes, if any is clearly hotter than the paper on average."""
    if not found:
        return ()
    least = max(STANDS_OUT, BESIDE_HOTTEST * found[0].times)
    return tuple(each.lead for each in found if each.times >= least)[:MOST_NAMED]
