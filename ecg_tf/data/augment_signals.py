"""Small changes of signals that keep their meaning; see `ecg_tf.data.augment` for pages."""

import numpy as np
from keras import ops

from ecg_tf.pages.columns import SIGNALS

LEADS = 12  # of the SIGNALS; the others are the quarters of the rhythm strip
SHIFT = 0.1  # of a lead's length, either way, its end joined to its beginning; the strip: twice
GAIN = 0.25  # of all signals, either way
OWN_GAIN = 0.06  # of each signal, standard deviation
MISSING = 0.3  # part of the pages that lose one lead
WANDER = 0.05  # mV, standard deviation of the amplitude of a wandering baseline
NOISE = 0.02  # mV, standard deviation


def augment_signals(signals, draws, noise, strength: float = 1.0):
    """Changed signals, float32 (n, samples, 3 * SIGNALS) as `read_columns` makes them.

    `draws` float32 (n, k), k at least 6, uniform in 0..1; `noise` standard normal in the shape of
    `signals`, from which the numbers that differ from signal to signal are taken as well.
    `strength` 0 changes nothing, 1 is the full range.
    """
    samples = signals.shape[1]
    kinds = ops.reshape(ops.cast(signals, "float32"), (-1, samples, 3, SIGNALS))
    noise = ops.reshape(noise, (-1, samples, 3, SIGNALS))
    leads = shifted(kinds[..., :LEADS], strength * SHIFT * (2.0 * draws[:, 0] - 1.0))
    strip = ops.transpose(kinds[..., LEADS:], (0, 3, 1, 2))  # quarters in a row
    row = ops.reshape(strip, (-1, (SIGNALS - LEADS) * samples, 3))
    row = shifted(row, strength * 2 * SHIFT * (2.0 * draws[:, 5] - 1.0))
    quarters = ops.reshape(row, (-1, SIGNALS - LEADS, samples, 3))
    kinds = ops.concatenate([leads, ops.transpose(quarters, (0, 2, 3, 1))], axis=-1)
    own = noise[:, 0, 0]  # one number a page and signal
    gain = 1.0 + strength * (GAIN * (2.0 * draws[:, 1, None] - 1.0) + OWN_GAIN * own)
    time = np.linspace(0.0, 2 * np.pi, samples, dtype=np.float32)[None, :, None]
    speed = (0.3 + 1.2 * draws[:, 2])[:, None, None]
    wander = WANDER * noise[:, 2, :1] * ops.sin(speed * time + 3.0 * noise[:, 1, :1])
    heights, spreads, amounts = ops.unstack(kinds, axis=2)
    heights = heights * gain[:, None] + strength * (wander + NOISE * noise[:, :, 0])
    spreads = spreads * gain[:, None] + strength * NOISE * noise[:, :, 1]
    lost = ops.floor(draws[:, 3, None] * LEADS) == np.arange(SIGNALS)
    lost = ops.logical_and(lost, draws[:, 4, None] < strength * MISSING)
    kept = 1.0 - ops.cast(lost, "float32")[:, None, None]
    changed = ops.stack([heights, spreads, amounts], axis=2) * kept
    return ops.reshape(changed, ops.shape(signals))


def unchanged(signals):
    """Signals as the network takes them, float32."""
    return ops.cast(signals, "float32")


def shifted(values, part):
    """Values (n, samples, ...) rolled along time, each page by its own part of the length (n,)."""
    samples = values.shape[1]
    at = np.arange(samples) - ops.cast(ops.round(part * samples), "int32")[:, None]
    index = ops.reshape(ops.mod(at, samples), (-1, samples, *[1] * (len(values.shape) - 2)))
    return ops.take_along_axis(values, index, axis=1)
