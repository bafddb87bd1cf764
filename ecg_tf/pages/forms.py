"""Beats off the healthy path: bundle branch blocks, ectopy, pre-excitation, pacing.

Each function takes a healthy `Beat` (see `beats`) and gives the altered one.
"""

from dataclasses import replace

import numpy as np

from ecg_tf.pages.beats import Beat, Wave, vector

SPIKE = (0.10, 0.16, 0.22, 0.30, 0.34, 0.32)  # of a pacemaker, on V1..V6


def left_bundle_branch_block(rng, beat: Beat) -> Beat:
    """Wide notched R to the left, deep S to the right, ST and T against the QRS."""
    size, axis = rng.uniform(0.8, 1.5), rng.uniform(-35.0, 40.0)
    first = np.array([-0.75, -1.1, -0.95, -0.25, 0.55, 0.75]) * size
    second = np.array([-0.65, -1.0, -1.05, -0.35, 0.60, 0.85]) * size
    early = np.array([0.08, 0.15, 0.12, 0.05, 0.0, 0.0]) * rng.uniform(0.0, 1.5)
    apart = rng.uniform(0.036, 0.046)
    between = np.array([-0.45, -0.70, -0.62, -0.10, 0.0, 0.0]) * size  # V1 to V3 are not notched
    qrs = (
        Wave("qrs", -0.034, 0.007, 0.007, vector(0.02, axis, early)),
        Wave("qrs", -0.004, 0.015, 0.013, vector(0.55 * size, axis, first)),
        Wave("qrs", -0.004 + apart, 0.014, 0.019, vector(0.5 * size, axis, second)),
        Wave("qrs", -0.004 + apart / 2, 0.013, 0.013, vector(0.0, axis, between)),
    )
    return _discordant(rng, beat, qrs, j_point=0.098)


def right_bundle_branch_block(rng, beat: Beat) -> Beat:
    """The healthy QRS, then a late vector to the right: rSR' in V1, broad S in I and V6."""
    size = rng.uniform(0.7, 1.4)
    late = np.array([0.85, 0.45, 0.0, -0.25, -0.38, -0.36]) * size
    waves = [_damp(wave) for wave in beat.waves]
    late_limb = vector(0.36 * size, rng.uniform(150.0, 200.0), late)
    waves.append(Wave("qrs", 0.056, 0.015, 0.020, late_limb))
    turned = np.array([-0.28, -0.30, -0.10, 0.05, 0.08, 0.08]) * size
    waves.append(Wave("t", beat.t_peak, 0.055, 0.045, vector(0.08, -10.0, turned)))
    return replace(beat, waves=tuple(waves), j_point=0.098, t_peak=beat.t_peak + 0.01)


def _damp(wave: Wave) -> Wave:
    """Less S in V1 and V2, where the late vector takes over."""
    if wave.kind != "qrs":
        return wave
    factor = np.array([1.0, 1.0, 0.5, 0.65, 0.85, 1.0, 1.0, 1.0], np.float32)
    kept = np.where(wave.amplitude < 0.0, factor, 1.0)
    return replace(wave, amplitude=wave.amplitude * kept)


def left_anterior_block(rng, beat: Beat) -> Beat:
    """The main vector turned up and left, after a short start downward: small q in I and aVL."""
    axis, size = rng.uniform(-75.0, -48.0), rng.uniform(0.7, 1.4)
    waves = []
    for wave in beat.waves:
        if wave.kind == "qrs":
            amplitude = wave.amplitude.copy()
            amplitude[:2] = 0.0
            amplitude[5:] -= 0.12
            wave = replace(wave, amplitude=amplitude)
        waves.append(wave)
    nothing = np.zeros(6)
    waves.append(Wave("qrs", -0.022, 0.008, 0.008, vector(0.28 * size, 115.0, nothing)))
    waves.append(Wave("qrs", 0.004, 0.010, 0.014, vector(1.0 * size, axis, nothing)))
    return replace(beat, waves=tuple(waves))


def pre_excitation(rng, beat: Beat) -> Beat:
    """A delta wave that slurs into the QRS; `rhythm` shortens the PR interval to match."""
    size = rng.uniform(0.18, 0.4)
    side = rng.choice([-1.0, 1.0])  # of the extra pathway: right or left
    chest = np.array([0.7 * side, 0.4 + 0.5 * side, 1.0, 1.1, 1.0, 0.8]) * size
    delta = vector(size, rng.uniform(-60.0, 70.0), chest)
    waves = [Wave("qrs", -0.036, 0.013, 0.010, delta, 0.024)]
    waves.append(Wave("t", beat.t_peak, 0.06, 0.045, (-0.8 * delta).astype(np.float32)))
    return replace(beat, waves=beat.waves + tuple(waves), j_point=beat.j_point + 0.01)


def ventricular(rng, beat: Beat, size: float = 1.0) -> Beat:
    """A wide beat from somewhere in the ventricles; T points the other way."""
    size = size * rng.uniform(0.9, 1.7)
    from_left = rng.random() < 0.4
    chest = np.array([1.0, 1.2, 0.9, 0.3, -0.4, -0.6]) if from_left else None
    if chest is None:
        chest = np.array([-0.7, -1.2, -1.1, 0.3, 1.0, 1.1])
    chest = chest * size * np.exp(rng.normal(0.0, 0.2, 6))
    axis = rng.choice([rng.uniform(75.0, 115.0), rng.uniform(-90.0, -40.0), rng.uniform(-20, 50)])
    turn = rng.uniform(-45.0, 45.0)
    qrs = (
        Wave("qrs", -0.008, 0.021, 0.018, vector(1.15 * size, axis, chest)),
        Wave("qrs", 0.045, 0.018, 0.024, vector(0.45 * size, axis + 120 + turn, -0.35 * chest)),
    )
    return _discordant(rng, beat, qrs, j_point=0.11)


def paced(rng, beat: Beat) -> Beat:
    """Stimulated from the right ventricle's tip: a spike, a wide QRS up and to the left."""
    size, axis = rng.uniform(0.8, 1.4), rng.uniform(-85.0, -55.0)
    chest = np.array([-0.7, -1.1, -1.2, -0.9, -0.5, -0.2]) * size
    qrs = (
        spike(rng, -0.062),
        Wave("qrs", -0.012, 0.019, 0.016, vector(0.8 * size, axis, chest)),
        Wave("qrs", 0.024, 0.016, 0.024, vector(0.5 * size, axis + 15.0, 0.6 * chest)),
    )
    return _discordant(rng, beat, qrs, j_point=0.10)


def spike(rng, centre: float) -> Wave:
    """The pacemaker's stimulus, a few milliseconds wide."""
    size = rng.uniform(0.8, 2.6)
    amplitude = vector(0.3 * size, rng.uniform(40.0, 80.0), size * np.array(SPIKE))
    return Wave("spike", centre, 0.0009, 0.0018, amplitude, 0.001)


def _discordant(rng, beat: Beat, qrs, j_point: float) -> Beat:
    """The beat of these QRS waves, with ST and T against their area."""
    area = sum(
        wave.amplitude * (wave.rise + wave.fall + wave.top) for wave in qrs if wave.kind == "qrs"
    )
    area = area.astype(np.float32) / 0.035
    t_peak = max(beat.t_peak + 0.03, j_point + 0.12)
    top = max(t_peak - j_point - 0.06, 0.02)
    away = -area * rng.uniform(0.22, 0.34)
    slope = -area * rng.uniform(0.06, 0.11)
    waves = (
        Wave("st", j_point - 0.005, 0.016, 0.06, slope.astype(np.float32), top),
        Wave("t", t_peak, 0.066, 0.046, away.astype(np.float32)),
    )
    return Beat(tuple(qrs) + waves, j_point, t_peak)
