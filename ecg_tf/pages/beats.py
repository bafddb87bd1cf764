"""One heartbeat as Gaussian waves on eight independent leads, from which all twelve follow.

The limb part of a wave is a vector in the frontal plane, so I + III = II and the augmented leads
hold by construction; the chest part is a profile over V1 to V6. Times are seconds from the R
peak, amplitudes millivolts.
"""

from dataclasses import dataclass, replace

import numpy as np

# Rows: I, II, V1..V6. Columns: the twelve leads in the order of `layout.LEADS`.
EXPAND = np.zeros((8, 12), np.float32)
EXPAND[0, [0, 2, 3, 4, 5]] = 1.0, -1.0, -0.5, 1.0, -0.5
EXPAND[1, [1, 2, 3, 4, 5]] = 1.0, 1.0, -0.5, -0.5, 1.0
EXPAND[range(2, 8), range(6, 12)] = 1.0

# Chest profiles of the normal heart over V1..V6; `_chest` shifts them between neighbours.
SEPTAL = (0.20, 0.55, 0.62, 0.35, -0.05, -0.10)
MAIN = (-0.42, -0.45, 0.50, 1.45, 1.52, 1.15)
BASAL = (-0.75, -1.25, -0.95, -0.62, -0.30, -0.12)
RECOVERY = (0.03, 0.42, 0.48, 0.42, 0.30, 0.21)


@dataclass(frozen=True)
class Wave:
    """A bell with a flat top: `rise` and `fall` are the standard deviations of its two sides."""

    kind: str  # p, qrs, st, t, spike
    centre: float
    rise: float
    fall: float
    amplitude: np.ndarray  # (8,)
    top: float = 0.0


@dataclass(frozen=True)
class Beat:
    """The waves of one form of beat; P waves are kept apart because they need not be followed."""

    waves: tuple[Wave, ...]
    j_point: float  # end of the QRS
    t_peak: float


def vector(limb: float, angle: float, chest) -> np.ndarray:
    """Amplitudes (8,) of a wave of `limb` mV at `angle` degrees in the frontal plane."""
    around = np.deg2rad([angle, angle - 60.0])
    return np.concatenate([limb * np.cos(around), np.asarray(chest, float)]).astype(np.float32)


def evaluate(times: np.ndarray, waves) -> np.ndarray:
    """The sum of the waves at `times` (n,) as (n, 8) millivolts."""
    centre, rise, fall, top = (
        np.array([getattr(wave, name) for wave in waves], np.float32)
        for name in ("centre", "rise", "fall", "top")
    )
    late = times.astype(np.float32)[:, None] - centre
    bend = np.where(late < 0.0, late / rise, np.maximum(late - top, 0.0) / fall)
    return np.exp(-0.5 * bend * bend) @ np.stack([wave.amplitude for wave in waves])


def _chest(rng, profile, shift: float, spread: float = 0.12) -> np.ndarray:
    """A profile seen from electrodes moved by `shift` places, each a little off."""
    moved = np.interp(np.arange(6) + shift, np.arange(6), profile)
    return moved * np.exp(rng.normal(0.0, spread, 6))


def p_wave(rng) -> tuple[Wave, ...]:
    """An upright sinus P wave, centred on its own peak; biphasic in V1."""
    limb, angle = rng.uniform(0.09, 0.22), rng.uniform(35.0, 72.0)
    right = np.array([0.07, 0.07, 0.06, 0.05, 0.04, 0.03]) * rng.uniform(0.6, 1.4)
    left = np.array([-0.06, 0.0, 0.02, 0.03, 0.04, 0.04]) * rng.uniform(0.5, 1.4)
    wide = rng.uniform(0.015, 0.021)
    return (
        Wave("p", -0.014, wide, wide, vector(limb * 0.55, angle + 15.0, right)),
        Wave("p", 0.016, wide, wide, vector(limb * 0.6, angle - 15.0, left)),
    )


@dataclass(frozen=True)
class Build:
    """What differs between healthy hearts; `lookalike` names a variant that mimics disease."""

    axis: float
    limb: float  # mV of the main vector in the frontal plane
    voltage: float  # factor on the chest leads
    shift: float  # electrode places; positive: the transition comes early
    width: float  # factor on the QRS, 1 is about 85 ms
    recovery: float  # factor on the T wave
    lookalike: str | None = None


def draw_build(rng, lookalike: str | None = None) -> Build:
    """A healthy heart drawn at random, or the look-alike asked for."""
    build = Build(
        axis=float(np.clip(rng.normal(48.0, 25.0), -25.0, 92.0)),
        limb=float(np.clip(1.05 * np.exp(rng.normal(0.0, 0.3)), 0.4, 2.0)),
        voltage=float(np.clip(np.exp(rng.normal(-0.05, 0.24)), 0.5, 1.55)),
        shift=float(np.clip(rng.normal(0.0, 0.45), -0.9, 0.9)),
        width=float(rng.uniform(0.88, 1.15)),
        recovery=float(np.clip(np.exp(rng.normal(-0.05, 0.3)), 0.45, 1.7)),
        lookalike=lookalike,
    )
    if lookalike in ("hypertrophy", "athlete"):
        build = replace(build, voltage=rng.uniform(1.6, 2.2), limb=rng.uniform(1.2, 2.0))
    elif lookalike == "low_voltage":
        build = replace(build, voltage=rng.uniform(0.5, 0.7), limb=rng.uniform(0.3, 0.42))
    elif lookalike == "early_repolarisation":
        build = replace(build, recovery=rng.uniform(1.3, 1.9), voltage=rng.uniform(1.0, 1.5))
    elif lookalike == "poor_progression":
        build = replace(build, shift=rng.uniform(-1.3, -0.9))
    return build


def normal_beat(rng, build: Build, rate_interval: float) -> Beat:
    """The healthy ventricular beat of `build` at an RR of `rate_interval` seconds."""
    wide, volt = build.width, build.voltage
    turn = rng.uniform(100.0, 200.0) * rng.choice([-1.0, 1.0])
    septal = vector(rng.uniform(0.04, 0.13), build.axis + 180.0 + rng.uniform(-50, 50), np.zeros(6))
    septal[2:] = _chest(rng, SEPTAL, build.shift) * volt
    main = vector(build.limb, build.axis, _chest(rng, MAIN, build.shift) * volt)
    basal = vector(rng.uniform(0.05, 0.28) * build.limb, build.axis + turn, np.zeros(6))
    basal[2:] = _chest(rng, BASAL, build.shift) * volt
    late = rng.uniform(0.013, 0.020)
    waves = [
        Wave("qrs", -0.020 * wide, 0.0065 * wide, 0.007 * wide, septal),
        Wave("qrs", 0.0, 0.0085 * wide, 0.0085 * wide, main),
        Wave("qrs", late * wide, 0.008 * wide, 0.0085 * wide, basal),
    ]
    j_point = 0.043 * wide
    recovery, t_peak = _recovery(rng, build, rate_interval, j_point)
    return Beat(tuple(waves) + recovery, j_point, t_peak)


def _recovery(rng, build: Build, interval: float, j_point: float):
    """ST and T waves of a healthy beat, and the time of the T peak (Fridericia's QT)."""
    rise, fall = rng.uniform(0.050, 0.066), rng.uniform(0.034, 0.044)
    t_peak = rng.uniform(0.375, 0.425) * np.cbrt(interval) - 0.042 - 2.0 * fall
    limb = np.clip(build.limb * rng.uniform(0.2, 0.40), 0.12, 0.5) * build.recovery
    angle = build.axis * 0.75 + rng.uniform(-15.0, 20.0)
    chest = _chest(rng, RECOVERY, build.shift * 0.3, 0.18) * build.recovery
    if build.lookalike == "young":
        chest[:3] = -rng.uniform(0.08, 0.28, 3)
        chest[2] *= rng.choice([-1.0, 0.6])
    level = np.array([0.04, 0.11, 0.09, 0.04, 0.01, 0.0]) * rng.uniform(0.2, 1.5)
    rest = 0.01
    if build.lookalike in ("early_repolarisation", "athlete"):
        level = np.array([0.04, 0.13, 0.17, 0.17, 0.11, 0.07]) * rng.uniform(0.7, 1.4)
        rest = rng.uniform(0.03, 0.08)
    plateau = max(t_peak - j_point - 0.03, 0.02)
    waves = [
        Wave("t", t_peak, rise, fall, vector(limb, angle, chest)),
        Wave("st", j_point + 0.008, 0.009, 0.05, vector(rest, angle, level), plateau),
    ]
    if build.lookalike == "early_repolarisation":
        notch = np.array([0.0, 0.05, 0.12, 0.16, 0.14, 0.10]) * rng.uniform(0.4, 1.3)
        waves.append(Wave("st", j_point + 0.004, 0.006, 0.008, vector(rest, angle, notch)))
    return tuple(waves), float(t_peak)
