"""What the atria write: P waves of several origins, fibrillation, flutter."""

from dataclasses import replace

import numpy as np

from ecg_tf.pages.beats import evaluate, p_wave, vector
from ecg_tf.pages.forms import spike
from ecg_tf.pages.rhythm import Timeline

FIBRILLATION = (0.10, 0.05, 0.03, 0.02, 0.015, 0.015)  # mV on V1..V6
FLUTTER = (0.14, 0.06, 0.03, -0.02, -0.04, -0.05)


def atrial_activity(rng, line: Timeline, samples: int, fs: int) -> np.ndarray:
    """The atria alone: (samples, 8) mV on I, II, V1..V6."""
    leads = np.zeros((samples, 8), np.float32)
    own = p_wave(rng)
    turn = np.float32(rng.choice([-0.9, 0.35]))
    ectopic = tuple(replace(wave, amplitude=wave.amplitude * turn) for wave in own)
    backward = vector(0.12, -100.0, (0.05, 0.03, 0.0, -0.03, -0.04, -0.04))
    shapes = {
        "sinus": own,
        "ectopic": ectopic,
        "retrograde": (replace(own[0], centre=0.0, amplitude=backward),),
        "stimulated": (spike(rng, -0.055), *own),
    }
    for at, form in line.atria:
        first, last = max(int((at - 0.12) * fs), 0), min(int((at + 0.12) * fs), samples)
        if last > first:
            leads[first:last] += evaluate(np.arange(first, last) / fs - at, shapes[form])
    if line.fibrillation:
        leads += _fibrillation(rng, samples, fs)
    if line.flutter:
        leads += _flutter(rng, line, samples, fs)
    return leads


def _fibrillation(rng, samples: int, fs: int) -> np.ndarray:
    """Waves of 4 to 9 a second that never repeat, highest in V1."""
    times = np.arange(samples, dtype=np.float32) / fs
    coarse = rng.uniform(0.25, 1.3)
    waves = []
    for _ in range(3):
        # A slowly wandering rate keeps the three waves from beating in step.
        drift = np.cumsum(rng.normal(0.0, 0.25, samples // 50 + 2)) * 0.6
        phase = np.interp(times, np.arange(len(drift)) * 50.0 / fs, drift)
        waves.append(np.sin(6.28 * rng.uniform(4.5, 8.0) * times + phase))
    frontal = vector(0.05, rng.uniform(40.0, 100.0), FIBRILLATION) * coarse
    mix = rng.normal(0.0, 0.45, (3, 8)) + 0.5
    return (np.stack(waves, axis=1) @ mix * frontal).astype(np.float32)


def _flutter(rng, line: Timeline, samples: int, fs: int) -> np.ndarray:
    """A saw: slow down, quick up, negative in the inferior leads, positive in V1."""
    phase = (np.arange(samples) / fs - line.beats[0][0] + 0.08) * line.flutter % 1.0
    saw = np.interp(phase, [0.0, 0.2, 0.62, 0.8, 1.0], [0.0, 0.55, -0.35, -1.0, 0.0])
    shape = vector(0.2 * rng.uniform(0.6, 1.4), 85.0, np.array(FLUTTER) * rng.uniform(0.6, 1.4))
    return (saw[:, None] * shape).astype(np.float32)
