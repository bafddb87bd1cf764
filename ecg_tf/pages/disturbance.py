"""What the recording adds to the heart: wandering baseline, muscle, mains, slipping electrodes.

Every label gets the same disturbances, so that none of them tells a label.
"""

import numpy as np


def disturb(rng, leads: np.ndarray, fs: int) -> np.ndarray:
    """The leads (samples, 8) with noise drawn at random; clean more often than not."""
    samples = len(leads)
    times = np.arange(samples, dtype=np.float32) / fs
    out = leads + _wander(rng, times)
    level = rng.choice([0.0, 0.003, 0.007, 0.016], p=[0.3, 0.38, 0.24, 0.08])
    muscle = rng.normal(0.0, 1.0, (samples, 8)).astype(np.float32)
    muscle = muscle + np.roll(muscle, 1, axis=0) + np.roll(muscle, 2, axis=0)
    out += muscle * (level * 0.6) * rng.uniform(0.3, 1.5, 8).astype(np.float32)
    mains = rng.choice([0.0, 0.004, 0.010], p=[0.78, 0.16, 0.06])
    hum = np.sin(6.28 * rng.choice([50.0, 60.0]) * times)
    out += hum[:, None] * (mains * rng.uniform(0.2, 1.3, 8).astype(np.float32))
    if rng.random() < 0.15:
        out += _slip(rng, times)
    if rng.random() < 0.2:
        # The filter of the recorder settles: every trace starts with a short fall or rise.
        settling = np.exp(-times / rng.uniform(0.008, 0.06))
        out += settling[:, None] * rng.normal(0.0, 0.25, 8)
    return out.astype(np.float32)


def _wander(rng, times: np.ndarray) -> np.ndarray:
    """Breathing and movement below 0.5 Hz, of its own size in each electrode."""
    size = rng.choice([0.01, 0.04, 0.12], p=[0.5, 0.38, 0.12])
    rates = rng.uniform(0.07, 0.45, 3)
    phases = rng.uniform(0.0, 6.28, 3)
    waves = np.sin(6.28 * rates * times[:, None] + phases)
    return (waves @ rng.normal(0.0, 0.6, (3, 8)) * size).astype(np.float32)


def _slip(rng, times: np.ndarray) -> np.ndarray:
    """One electrode moves: a bump of some tenths of a second that fades."""
    at, rise, fall = rng.uniform(0.5, 9.5), rng.uniform(0.03, 0.15), rng.uniform(0.15, 0.5)
    late = times - at
    bump = np.exp(-np.abs(late) / np.where(late < 0.0, rise, fall))
    share = rng.normal(0.0, 0.25, 8) * (rng.random(8) < 0.35)
    return (bump[:, None] * share).astype(np.float32)
