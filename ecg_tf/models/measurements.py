"""What an ECG reader would measure on the signals of a page, in `keras.ops`: no weights.

Rhythm off the 10 s strip; the waves of each lead's median beat; how unlike its beats are. The
same idea as `ecg_tf.evaluation.features`, which measures more, but only in numpy.
"""

from keras import ops

from ecg_tf.models.beats_found import (
    AFTER,
    BEFORE,
    beats_at,
    clearness,
    find_beats,
    median_beat,
)
from ecg_tf.pages.columns import COLUMNS, SAMPLES, SIGNALS

RATE = SAMPLES / 2.5  # samples a second
LEADS = 12
THIN = 2  # every second sample of a median beat is a measurement
BEATS, STRIP_BEATS = 8, 24  # at most, in 2.5 s and in 10 s
WAVES = 15
RHYTHM = 16
BEAT = (BEFORE + AFTER) // THIN + WAVES + 2  # measurements of one lead
MEASUREMENTS = (LEADS + 1) * BEAT + RHYTHM
PREMATURE = 0.8  # of the usual interval; a beat that comes earlier is premature
ODD = 0.8  # correlation with the median beat below which a beat is odd


def measure(signals):
    """Signals (n, *SHAPE) of `ecg_tf.pages.columns` as measurements, float32 (n, MEASUREMENTS).

    Heights are in mV and times in parts of about a second. What cannot be measured because no
    beat was found is 0.
    """
    heights = signals[..., :SIGNALS]
    # The three leads of a column show the same beats, so each column counts as a page of its own.
    rows = ops.reshape(heights[..., :LEADS], (-1, SAMPLES, LEADS // COLUMNS, COLUMNS))
    leads = ops.reshape(ops.transpose(rows, (0, 3, 1, 2)), (-1, SAMPLES, LEADS // COLUMNS))
    found = _measure_leads(leads, *find_beats(leads, BEATS))
    quarters = ops.transpose(heights[..., LEADS:], (0, 2, 1))
    strip = ops.reshape(quarters, (-1, COLUMNS * SAMPLES, 1))
    at, there = find_beats(strip, STRIP_BEATS)
    rhythm = clearness(strip) * _rhythm(strip, at, there)
    found = ops.reshape(found, (-1, LEADS * BEAT))
    return ops.concatenate([found, _measure_leads(strip, at, there), rhythm], axis=-1)


def _measure_leads(leads, at, there):
    """(n, leads * BEAT): median beats, their waves, and how far beats differ from them."""
    windows, seen = beats_at(leads, at, there)
    usual = median_beat(windows, seen)
    off = seen * (windows - usual[:, None])
    count = ops.maximum(ops.sum(seen, axis=(1, 2)), 1.0)
    unlike = ops.sqrt(ops.sum(off * off, axis=(1, 2)) / count + 1e-8)
    most = ops.max(ops.abs(off), axis=(1, 2))
    level = ops.median(usual[:, BEFORE - 12 : BEFORE - 7], axis=1, keepdims=True)
    beat = usual - level
    thinned = ops.reshape(beat[:, ::THIN], (-1, (BEFORE + AFTER) // THIN * leads.shape[2]))
    return ops.concatenate([thinned, unlike, most, _waves(beat, clearness(leads))], axis=-1)


def _waves(beat, clear):
    """(n, WAVES * leads) of median beats (n, BEFORE + AFTER, leads), as clear as `clear` (n, 1)."""
    qrs = beat[:, BEFORE - 8 : BEFORE + 9]
    t_wave, p_wave = beat[:, BEFORE + 14 : BEFORE + 42], beat[:, BEFORE - 24 : BEFORE - 8]
    near = beat[:, BEFORE - 12 : BEFORE + 15]
    slope = ops.abs(near[:, 1:] - near[:, :-1])
    fast = slope > 0.25 * ops.max(slope, axis=1, keepdims=True)
    j, st, late = (beat[:, BEFORE + after] for after in (7, 10, 14))
    return ops.concatenate(
        [
            ops.max(qrs, axis=1),
            ops.min(qrs, axis=1),
            ops.min(qrs[:, :9], axis=1),
            ops.min(qrs[:, 8:], axis=1),
            ops.sum(qrs, axis=1) / 8,
            3 * clear * ops.mean(ops.cast(fast, "float32"), axis=1),
            j,
            st,
            late,
            late - j,
            ops.max(t_wave, axis=1),
            ops.min(t_wave, axis=1),
            ops.mean(t_wave, axis=1),
            ops.max(p_wave, axis=1),
            ops.min(p_wave, axis=1),
        ],
        axis=-1,
    )


def _rhythm(strip, at, there):
    """Rate, regularity and likeness of the beats of the strip: (n, RHYTHM)."""
    at = ops.cast(at, "float32")
    intervals = (at[:, 1:] - at[:, :-1]) / RATE
    known = there[:, 1:] * there[:, :-1]
    usual = median_beat(intervals[..., None, None], known[..., None, None])[:, 0]
    usual = ops.maximum(usual, 0.2)
    ratio = ops.where(known > 0, intervals / usual, 1.0)
    count = ops.maximum(_total(known), 1.0)
    apart = ratio - _total(ratio * known) / count
    both = known[:, 1:] * known[:, :-1]
    change = both * ops.abs(ratio[:, 1:] - ratio[:, :-1])
    changes = ops.maximum(_total(both), 1.0)
    alike, whole = _likeness(strip, at, there)
    beats = ops.maximum(_total(whole), 1.0)
    return ops.concatenate(
        [
            _total(there) / 10,
            usual,
            _total(intervals * known) / count,
            1.0 / usual,
            ops.sqrt(_total(known * apart * apart) / count + 1e-8),
            ops.min(ratio, axis=1, keepdims=True),
            ops.max(ratio, axis=1, keepdims=True),
            ops.sqrt(_total(change * change) / changes + 1e-8),
            ops.max(change, axis=1, keepdims=True),
            _total(change) / changes,
            _total(known * ops.cast(ratio < PREMATURE, "float32")) / 3,
            _total(known * ops.cast(ratio > 2 - PREMATURE, "float32")) / 3,
            _total(known * ops.cast(ops.abs(ratio - 1) > 0.1, "float32")) / count,
            ops.min(ops.where(whole > 0, alike, 1.0), axis=1, keepdims=True),
            _total(alike * whole) / beats,
            _total(whole * ops.cast(alike < ODD, "float32")) / 3,
        ],
        axis=-1,
    )


def _likeness(strip, at, there):
    """The correlation of each beat with the median one, (n, STRIP_BEATS), and 1 where a beat is
    on the strip as a whole."""
    windows, seen = beats_at(strip, ops.cast(at, "int32"), there)
    usual = median_beat(windows, seen)[:, None, :, 0]
    beats = windows[..., 0] - ops.mean(windows[..., 0], axis=2, keepdims=True)
    usual = usual - ops.mean(usual, axis=2, keepdims=True)
    power = ops.sum(beats * beats, axis=2) * ops.sum(usual * usual, axis=2)
    alike = ops.sum(beats * usual, axis=2) / ops.sqrt(power + 1e-6)
    return alike, there * ops.min(seen[..., 0], axis=2)


def _total(values):
    return ops.sum(values, axis=1, keepdims=True)
