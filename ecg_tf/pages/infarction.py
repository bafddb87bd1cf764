"""Infarction laid over a healthy beat: by territory, by stage, with reciprocal changes.

The injury is a vector that points to the territory, so the leads that look at it from behind show
the reciprocal change without being told to.
"""

from dataclasses import dataclass, replace

import numpy as np

from ecg_tf.pages.beats import EXPAND, Beat, Wave, evaluate, vector
from ecg_tf.pages.layout import LEADS

# Of each territory: strength and angle of its vector in the frontal plane, its profile on V1..V6.
REGIONS = {
    "inferior": (1.0, 105.0, (-0.05, -0.35, -0.25, -0.05, 0.10, 0.20)),
    "septal": (0.12, -150.0, (0.75, 1.00, 0.40, 0.05, -0.05, -0.10)),
    "anterior": (0.25, -35.0, (0.15, 0.80, 1.05, 0.95, 0.45, 0.10)),
    "lateral": (0.75, -28.0, (-0.25, -0.15, 0.05, 0.40, 0.80, 0.80)),
}
TERRITORIES = (
    "inferior",
    "septal",
    "anterior",
    "lateral",
    "septal+anterior",
    "anterior+lateral",
    "septal+anterior+lateral",
    "inferior+lateral",
)
TERRITORY_ODDS = (0.34, 0.05, 0.11, 0.09, 0.19, 0.08, 0.06, 0.08)
ACUTE = ("hyperacute", "acute", "evolving")
LEVELS = {  # of each stage, the range of ST (mV), upright T (mV), T inversion, Q depth, loss of R
    "hyperacute": ((0.06, 0.22), (0.45, 1.0), (0.0, 0.0), (0.0, 0.1), (0.0, 0.15)),
    "acute": ((0.16, 0.60), (0.15, 0.5), (0.0, 0.0), (0.0, 0.5), (0.0, 0.5)),
    "evolving": ((0.12, 0.30), (0.0, 0.1), (0.5, 1.4), (0.35, 1.0), (0.3, 0.9)),
    "old": ((0.0, 0.05), (0.0, 0.0), (0.0, 1.5), (0.6, 1.2), (0.45, 1.0)),
}
VISIBLE = 0.06  # mV from which on a change counts as seen in a lead


@dataclass(frozen=True)
class Scar:
    """How one infarction alters a beat: amplitudes in mV at the middle of its territory."""

    territory: str
    stage: str
    region: np.ndarray  # (8,), about 1 in the leads that face the territory
    st: float
    t: float
    inversion: float  # part of the T wave turned over
    q: float
    loss: float  # part of R lost


def draw_scar(rng, stage: str, territory: str | None = None) -> Scar:
    """An infarction of that stage in `territory`, or in one drawn by how common it is."""
    drawn = str(rng.choice(TERRITORIES, p=TERRITORY_ODDS))
    territory = territory or drawn
    parts = [
        vector(REGIONS[part][0], REGIONS[part][1] + rng.uniform(-12.0, 12.0), REGIONS[part][2])
        for part in territory.split("+")
    ]
    region = np.sum(parts, axis=0) * np.exp(rng.normal(0.0, 0.15, 8))
    region /= np.abs(region @ EXPAND).max()
    st, t, inversion, q, loss = (rng.uniform(*span) for span in LEVELS[stage])
    return Scar(territory, stage, region.astype(np.float32), st, t, inversion, q, loss)


def infarct(beat: Beat, scar: Scar, flatten: tuple[str, ...] = ()) -> Beat:
    """The beat after the infarction; the changes named in `flatten` (st, t, q) are left out."""
    waves = list(beat.waves)
    facing = np.clip(scar.region, 0.0, 1.0)
    if "q" not in flatten:
        waves = [_lose_r(wave, scar, facing) for wave in waves] + [_q_wave(scar)]
    if "t" not in flatten:
        waves = [_turn_t(wave, scar) for wave in waves]
        waves.append(Wave("t", beat.t_peak - 0.01, 0.065, 0.05, scar.t * scar.region))
    if "st" not in flatten:
        # The plateau runs into the T wave: the dome of acute injury.
        top = max(beat.t_peak - beat.j_point - 0.04, 0.03)
        waves.append(Wave("st", beat.j_point, 0.010, 0.055, scar.st * scar.region, top))
    return replace(beat, waves=tuple(waves))


def _q_wave(scar: Scar) -> Wave:
    depth = np.clip(scar.region, -0.35, 1.0) * -0.75 * scar.q
    depth[:2] *= 0.65  # limb leads carry smaller voltages than the chest
    return Wave("qrs", -0.018, 0.012, 0.013, depth.astype(np.float32))


def _lose_r(wave: Wave, scar: Scar, facing: np.ndarray) -> Wave:
    """R shrinks where the lead faces the scar; limb leads lose it as one vector."""
    if wave.kind != "qrs":
        return wave
    kept = np.where(wave.amplitude > 0.0, 1.0 - scar.loss * facing, 1.0)
    amplitude = wave.amplitude * kept
    amplitude[:2] = wave.amplitude[:2]
    towards = _along(wave.amplitude[:2], scar.region[:2])
    amplitude[:2] -= 0.6 * scar.loss * max(towards, 0.0) * scar.region[:2]
    return replace(wave, amplitude=amplitude.astype(np.float32))


def _turn_t(wave: Wave, scar: Scar) -> Wave:
    if wave.kind != "t":
        return wave
    depth = np.maximum(np.abs(wave.amplitude), 0.18) * scar.inversion * 1.7
    depth[:2] = np.hypot(*wave.amplitude[:2]) * scar.inversion * 1.3
    return replace(wave, amplitude=(wave.amplitude - depth * scar.region).astype(np.float32))


def _along(limb: np.ndarray, region: np.ndarray) -> float:
    """How far the limb vector (I, II) reaches in the direction of the region, in its length."""
    # I and II lie 60 degrees apart; y = (2 II - I) / sqrt(3) makes the frame orthogonal.
    first, second = (np.array([v[0], (2.0 * v[1] - v[0]) / np.sqrt(3.0)]) for v in (limb, region))
    return float(first @ second / max(second @ second, 1e-6))


def changes(beat: Beat, scarred: Beat) -> list[tuple[str, str, float, float]]:
    """(lead, kind, start, end) of every visible change, in seconds from the R peak."""
    # Measured, not looked up: the change itself decides which leads count as affected.
    depth = [_level(heart, "qrs", -0.022) for heart in (beat, scarred)]
    lift = _level(scarred, "st", beat.j_point + 0.05) - _level(beat, "st", beat.j_point + 0.05)
    height = [_level(heart, "t", beat.t_peak) for heart in (beat, scarred)]
    st, t, before, after = (beat.j_point, beat.t_peak - 0.05), beat.t_peak, height[0], height[1]
    found = []
    for lead, name in enumerate(LEADS):
        if depth[1][lead] - depth[0][lead] < -VISIBLE and depth[1][lead] < -VISIBLE:
            found.append((name, "q_wave", -0.05, 0.0))
        if abs(lift[lead]) > VISIBLE:
            found.append((name, "st_elevation" if lift[lead] > 0 else "st_depression", *st))
        if after[lead] - before[lead] < -VISIBLE and after[lead] < -VISIBLE / 2:
            found.append((name, "t_inversion", t - 0.09, t + 0.09))
        if after[lead] - before[lead] > 0.25:
            found.append((name, "t_hyperacute", t - 0.12, t + 0.1))
    return found


def _level(beat: Beat, kind: str, at: float) -> np.ndarray:
    """What the waves of one kind add up to at one instant, mV on the twelve leads."""
    waves = [wave for wave in beat.waves if wave.kind == kind]
    return evaluate(np.array([at]), waves)[0] @ EXPAND
