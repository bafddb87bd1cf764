"""What an ECG reader would measure on the traces of a page, as one vector of numbers.

Chosen from textbook electrocardiography before any fold was looked at: rhythm off the 10 s strip;
Q, R, S, ST, T and P off each lead's median beat; the beats' likeness to each other. What cannot
be measured (no beat found) is NaN.
"""

from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from ecg_tf.evaluation.territories import across_leads
from ecg_tf.pages.layout import LEADS, ROWS
from ecg_tf.pages.trace import RATE, Traces

BEFORE, AFTER = 30, 50  # samples of a beat before and after the middle of its QRS complex
REFRACTORY = 25  # samples: no two beats are nearer than 0.25 s
SHAPE = np.arange(0, BEFORE + AFTER, 5)  # points of the median beat that are features themselves
SPREAD = (1, 5, 25, 75, 95, 99)  # percentiles of a lead
MEASURES = (
    *("r", "lowest", "height", "q", "s", "direction", "area", "width", "notches"),
    *("j", "st", "late st", "st slope", "highest t", "lowest t", "t", "t time", "t area"),
    *("highest p", "lowest p", "unlike", "most unlike"),
)
PREMATURE = 0.8  # of the usual interval; a beat that comes earlier is premature


def features(traces: Traces) -> np.ndarray:
    """All measurements of a page, float32 (n,); n and the order are the same for every page."""
    leads = {}
    for column in zip(*ROWS, strict=True):
        peaks = beats(np.stack([traces.leads[LEADS.index(name)] for name in column]))
        for name in column:
            leads[name] = lead_features(traces.leads[LEADS.index(name)], peaks)
    measured = {
        name: {key: leads[name][len(SPREAD) + 1 + i] for i, key in enumerate(MEASURES)}
        for name in LEADS
    }
    parts = [rhythm_features(traces.rhythm), *(leads[name] for name in LEADS)]
    return np.concatenate([*parts, across_leads(measured)]).astype(np.float32)


def beats(signals: np.ndarray) -> np.ndarray:
    """Where the beats are, int (k,): samples of `signals`, float (leads, n), with most slope.

    The slope is summed over leads, so a beat counts even if one lead hardly shows it.
    """
    slope = np.abs(np.diff(signals, axis=1, prepend=signals[:, :1])).sum(axis=0)
    energy = np.convolve(slope, np.ones(8) / 8, mode="same")
    usual = np.percentile(energy, 98)
    peaks, _ = find_peaks(energy, distance=REFRACTORY, height=max(0.4 * usual, 1e-3))
    return peaks


def rhythm_features(rhythm: np.ndarray) -> np.ndarray:
    """Rate, regularity and likeness of the beats of a 10 s strip, float (n,)."""
    peaks = beats(rhythm[None])
    intervals = np.diff(peaks) / RATE
    statistics = np.full(14, np.nan)
    if len(intervals) >= 2:
        usual = np.median(intervals)
        change = np.diff(intervals)
        ratio = intervals / usual
        statistics = np.array(
            [
                usual,
                intervals.mean(),
                intervals.std(),
                intervals.std() / usual,
                intervals.min(),
                intervals.max(),
                ratio.min(),
                ratio.max(),
                np.sqrt(np.mean(change**2)),
                np.abs(change).max() / usual,
                np.median(np.abs(change)) / usual,
                (ratio < PREMATURE).sum(),
                (ratio > 2 - PREMATURE).sum(),
                np.mean(np.abs(ratio - 1) > 0.1),
            ]
        )
    return np.concatenate(
        [
            [len(peaks)],
            statistics,
            _likeness(rhythm, peaks),
            _regularity(rhythm),
            lead_features(rhythm, peaks),
        ]
    )


def lead_features(lead: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """The lead's spread, the MEASURES and the shape of its median beat, float (n,)."""
    spread = [*np.percentile(lead, SPREAD), lead.std()]
    windows = _beats_of(lead, peaks)
    if not len(windows):
        return np.concatenate([spread, np.full(len(MEASURES) + len(SHAPE), np.nan)])
    beat = median_beat(windows)
    deviation = windows - np.nanmedian(windows, axis=0)
    measured = _waves(beat) | {
        "unlike": np.nanstd(deviation),
        "most unlike": np.nanmax(np.abs(deviation)),
    }
    return np.concatenate([spread, [measured[name] for name in MEASURES], beat[SHAPE]])


def _waves(beat: np.ndarray) -> dict[str, float]:
    """The waves of a median beat in mV; widths in samples."""
    qrs = beat[BEFORE - 8 : BEFORE + 9]
    r = int(np.argmax(qrs))
    t_wave, p_wave = beat[BEFORE + 14 : BEFORE + 42], beat[BEFORE - 24 : BEFORE - 8]
    t_peak = int(np.argmax(np.abs(t_wave)))
    slope = np.abs(np.diff(beat[BEFORE - 12 : BEFORE + 15]))
    j, st, late = beat[BEFORE + 7], beat[BEFORE + 10], beat[BEFORE + 14]
    return {
        "r": qrs.max(),
        "lowest": qrs.min(),
        "height": np.ptp(qrs),
        "q": qrs[: r + 1].min(),
        "s": qrs[r:].min(),
        "direction": qrs.max() + qrs.min(),
        "area": qrs.sum(),
        "width": (slope > 0.25 * slope.max()).sum(),
        "notches": (np.diff(np.sign(np.diff(qrs))) != 0).sum(),
        "j": j,
        "st": st,
        "late st": late,
        "st slope": late - j,
        "highest t": t_wave.max(),
        "lowest t": t_wave.min(),
        "t": t_wave[t_peak],
        "t time": t_peak,
        "t area": t_wave.sum(),
        "highest p": p_wave.max(),
        "lowest p": p_wave.min(),
    }


def median_beat(windows: np.ndarray) -> np.ndarray:
    """The median of beats (k, BEFORE + AFTER), its level before the QRS complex at 0."""
    beat = np.nanmedian(windows, axis=0)
    return beat - np.median(beat[BEFORE - 12 : BEFORE - 7])


def _beats_of(lead: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Windows (k, BEFORE + AFTER) around the peaks.

    Beyond the ends of the lead they are NaN, or 0 where no beat reaches.
    """
    padded = np.pad(lead.astype(float), (BEFORE, AFTER), constant_values=np.nan)
    windows = [padded[peak : peak + BEFORE + AFTER] for peak in peaks]
    windows = np.array(windows).reshape(len(windows), BEFORE + AFTER)
    return np.where(np.isnan(windows).all(axis=0), 0.0, windows)


def _likeness(rhythm: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """How alike the beats are: least, tenth, mean correlation with the median beat; odd ones."""
    windows = _beats_of(rhythm, peaks)
    windows = windows[~np.isnan(windows).any(axis=1)]
    if len(windows) < 2:
        return np.full(6, np.nan)
    beat = np.median(windows, axis=0)
    alike = np.array([_correlation(window, beat) for window in windows])
    height = np.ptp(windows, axis=1)
    return np.array(
        [
            alike.min(),
            np.percentile(alike, 10),
            alike.mean(),
            (alike < 0.8).sum(),
            height.std() / max(height.mean(), 1e-6),
            height.max() / max(np.median(height), 1e-6),
        ]
    )


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-9))


def _regularity(rhythm: np.ndarray) -> np.ndarray:
    """Off the whole strip: highest repeats of the autocorrelation, and the spectrum's shares."""
    centred = rhythm - rhythm.mean()
    n = len(centred)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n)) ** 2
    repeats = np.fft.irfft(spectrum)[:n] / max(spectrum.mean(), 1e-9)
    lags = repeats[REFRACTORY + 5 : 2 * RATE]
    power = np.abs(np.fft.rfft(centred * np.hanning(n))) ** 2
    share = power / max(power.sum(), 1e-9)
    hertz = np.fft.rfftfreq(n, 1 / RATE)
    edges = (0, 0.5, 3, 6, 10, 20, 50.1)
    bands = [share[(hertz >= low) & (hertz < high)].sum() for low, high in pairwise(edges)]
    entropy = -(share * np.log(share + 1e-12)).sum()
    return np.array([lags.max(), np.argmax(lags), entropy, *bands])
