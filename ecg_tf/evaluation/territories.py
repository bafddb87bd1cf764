"""What only several leads together tell: axes, R progression, territories, voltage."""

import numpy as np

from ecg_tf.pages.layout import LEADS

TERRITORIES = {
    "inferior": ("II", "III", "aVF"),
    "lateral": ("I", "aVL", "V5", "V6"),
    "anterior": ("V1", "V2", "V3", "V4"),
}
LIMB, CHEST = LEADS[:6], LEADS[6:]
DEEP_Q = 0.1  # mV, and a quarter of the R wave: from there on a Q wave speaks for a scar
INVERTED_T = -0.1  # mV
FLOOR = 0.05  # mV; keeps ratios of waves that are hardly there small


def across_leads(measured: dict[str, dict[str, float]]) -> np.ndarray:
    """Measurements across leads, float (n,), from those of each lead (see `features.MEASURES`).

    A lead in which no beat was found counts as flat.
    """
    wave = {
        key: np.nan_to_num(np.array([measured[lead][key] for lead in LEADS]))
        for key in ("r", "q", "s", "height", "area", "width", "st", "t", "t area")
    }
    return np.concatenate(
        [
            _axes(wave),
            _progression(wave),
            *(_territory(wave, _of(names)) for names in TERRITORIES.values()),
            _contrasts(wave),
            _voltage(wave),
        ]
    )


def _of(names: tuple[str, ...]) -> list[int]:
    return [LEADS.index(name) for name in names]


def _axes(wave: dict[str, np.ndarray]) -> np.ndarray:
    """Directions of QRS complex and T wave in the frontal plane and the angle between them."""
    one, foot = _of(("I", "aVF"))
    qrs, t = (np.arctan2(wave[key][foot], wave[key][one]) for key in ("area", "t area"))
    return np.array([np.sin(qrs), np.cos(qrs), np.sin(t), np.cos(t), np.cos(qrs - t)])


def _progression(wave: dict[str, np.ndarray]) -> np.ndarray:
    """How R grows from V1 to V6, its part of the complex, and where it overtakes S."""
    r, s = wave["r"][6:], -wave["s"][6:]
    part = r / (np.abs(r) + np.abs(s) + FLOOR)
    overtaken = np.flatnonzero(part > 0.5)
    transition = overtaken[0] if len(overtaken) else len(CHEST)
    return np.concatenate([np.diff(r), part, [transition, r[:4].min(), r[2]]])


def _territory(wave: dict[str, np.ndarray], leads: list[int]) -> np.ndarray:
    """Q, ST and T of the leads that look at one wall of the heart."""
    r, q, st, t = (wave[key][leads] for key in ("r", "q", "st", "t"))
    ratio = -q / (np.abs(r) + FLOOR)
    deep = (-q > DEEP_Q) & (ratio > 0.25)
    inverted = t < INVERTED_T
    return np.array(
        [
            *(q.min(), np.median(q), ratio.max(), np.median(ratio), deep.sum()),
            *(st.max(), st.min(), st.mean(), t.max(), t.min(), t.mean(), inverted.sum()),
            *(r.min(), r.max(), (deep & inverted).sum()),
        ]
    )


def _contrasts(wave: dict[str, np.ndarray]) -> np.ndarray:
    """ST and T of one wall against another: an infarct raises one and lowers its opposite."""
    walls = [_of(names) for names in TERRITORIES.values()]
    found = []
    for key in ("st", "t"):
        means = [wave[key][wall].mean() for wall in walls]
        found += [means[0] - means[1], means[0] - means[2], means[1] - means[2]]
    return np.array([*found, np.ptp(wave["st"]), np.abs(wave["st"]).sum()])


def _voltage(wave: dict[str, np.ndarray]) -> np.ndarray:
    """Low and high voltage, and the width of the complex over all leads."""
    height, first, fifth = wave["height"], LEADS.index("V1"), LEADS.index("V5")
    return np.array(
        [
            height[:6].max(),
            height[6:].max(),
            wave["r"][fifth] - wave["s"][first],
            np.median(wave["width"]),
            wave["width"].max(),
        ]
    )
