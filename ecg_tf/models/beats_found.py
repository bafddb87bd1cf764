"""Where the beats are in signals, and the median beat, in `keras.ops`."""

import numpy as np
from keras import ops

BEFORE, AFTER = 30, 50  # samples of a beat before and after the middle of its QRS complex
REFRACTORY = 24  # samples: no two beats are nearer than 0.25 s
LASTS = 8  # samples of a QRS complex
FEW = 0.02  # part of the samples that are as steep as a QRS complex
LOW, LEAST = 0.4, 1e-5  # slope of a beat at the least: of the usual, and in mV
FAINT = 0.002  # mV a sample: as steep a slope is half as much as is needed to speak of a rhythm


def find_beats(leads, most: int):
    """(where the first `most` beats are, int (n, most), in samples; 1 where there is one, float32).

    `leads` is float32 (n, samples, k), in mV. The slope is summed over the leads, so that a beat
    counts even if one of them hardly shows it.
    """
    samples = leads.shape[1]
    energy, usual = _energy(leads)
    highest = energy >= ops.max_pool(energy, 2 * REFRACTORY + 1, 1, "same")
    peak = ops.logical_and(highest, energy > ops.maximum(LOW * usual[..., None], LEAST))[..., 0]
    at = -ops.top_k(-ops.where(peak, np.arange(samples, dtype=np.int32), samples), most)[0]
    before = ops.pad(at[:, :-1], ((0, 0), (1, 0)), constant_values=-samples)
    there = ops.logical_and(at < samples, at - before > REFRACTORY)  # of a plateau, the first
    return at, ops.cast(there, "float32")


def clearness(leads):
    """How clearly there are beats at all, (n, 1) in 0..1: near 1 on any page with traces.

    Rhythm does not fade with the traces. Times this it does, without a jump, so that the way from
    blank paper to a page can be integrated over.
    """
    _, usual = _energy(leads)
    return usual / (usual + FAINT)


def _energy(leads):
    """The slope over the length of a QRS complex, (n, samples, 1), and the usual one of the
    complexes, (n, 1), in mV a sample."""
    samples = leads.shape[1]
    slope = ops.sum(ops.abs(leads[:, 1:] - leads[:, :-1]), axis=-1)
    slope = ops.pad(slope, ((0, 0), (1, 0)))[..., None]
    energy = ops.average_pool(slope, LASTS, 1, "same")
    largest = ops.top_k(energy[..., 0], max(round(FEW * samples), 1))[0]
    return energy, largest[:, -1:]


def beats_at(leads, at, there):
    """The leads around each beat, float32 (n, beats, BEFORE + AFTER, k), and 1 where a beat is
    there and within the signal, float32 (n, beats, BEFORE + AFTER, 1)."""
    samples, k = leads.shape[1:]
    beats, length = at.shape[1], BEFORE + AFTER
    index = at[..., None] + np.arange(-BEFORE, AFTER, dtype=np.int32)
    seen = ops.cast(ops.logical_and(index >= 0, index < samples), "float32") * there[..., None]
    flat = ops.reshape(ops.clip(index, 0, samples - 1), (-1, beats * length, 1))
    windows = ops.take_along_axis(leads, ops.repeat(flat, k, axis=2), axis=1)
    return ops.reshape(windows, (-1, beats, length, k)), seen[..., None]


def median_beat(windows, seen):
    """The median over the beats (axis 1) that are seen: (n, length, k); 0 where none is."""
    beats = windows.shape[1]
    count = ops.cast(ops.sum(seen, axis=1), "int32")
    ordered = ops.sort(ops.where(seen > 0, windows, np.inf), axis=1)
    rank = np.arange(beats, dtype=np.int32)[None, :, None, None]
    lower, upper = (count - 1) // 2, count // 2
    middle = [
        ops.sum(ops.where(rank == each[:, None], ordered, 0.0), axis=1) for each in (lower, upper)
    ]
    return ops.where(count > 0, (middle[0] + middle[1]) / 2, 0.0)
