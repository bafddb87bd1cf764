"""Peaks of a curve. The same as scipy.signal.find_peaks, which a test compares it with, without
the 76 MB that a process holds once it has imported that."""

import numpy as np


def find_peaks(curve: np.ndarray, distance: int, height: float, prominence: float) -> np.ndarray:
    """The indices of the peaks of `curve`, float (n,), in order, int (k,).

    A flat top counts by its middle; an end of the curve is no peak. Of peaks at least `height`
    high, the highest come first, and none may be nearer to one of those than `distance` samples;
    what is left has to stand `prominence` above the higher of the two valleys at its sides.
    """
    tops = _tops(curve)
    tops = tops[curve[tops] >= height]
    tops = _apart(tops, curve[tops], distance)
    stands_out = [_prominence(curve, top) >= prominence for top in tops]
    return tops[np.array(stands_out, bool)]


def _tops(curve: np.ndarray) -> np.ndarray:
    """The middle of each stretch of equal values that is higher than what lies on both sides."""
    starts = np.flatnonzero(np.diff(curve, prepend=np.nan) != 0)
    stops = np.append(starts[1:], len(curve))
    level = curve[starts]
    higher = np.zeros(len(level), bool)
    higher[1:-1] = (level[1:-1] > level[:-2]) & (level[1:-1] > level[2:])
    return (starts[higher] + stops[higher] - 1) // 2


def _apart(tops: np.ndarray, heights: np.ndarray, distance: int) -> np.ndarray:
    """Those of the tops that stay when the higher ones have removed what is too near."""
    kept = np.ones(len(tops), bool)
    for highest in np.argsort(heights)[::-1]:
        if kept[highest]:
            kept[np.abs(tops - tops[highest]) < distance] = False
            kept[highest] = True
    return tops[kept]


def _prominence(curve: np.ndarray, top: int) -> float:
    """How far one has to go down from a top, to either side, before it goes higher again."""
    valleys = []
    for side in (curve[top::-1], curve[top:]):
        higher = np.flatnonzero(side > curve[top])
        valleys.append(side[: higher[0] if len(higher) else None].min())
    return float(curve[top] - max(valleys))
