"""Real 12-lead signals from a folder of npz files and a `records.csv`, to be drawn as pages.

`<set>.npz` holds `X` (int16 microvolts, records x samples x 12), `fs`, `leads` and `record_id`;
`records.csv` has a row a window: `set` and `row` point into the npz, and columns as read below.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_tf.pages.layout import LEADS

COLUMNS = ("set", "row", "record_id", "patient_key", "label", "label_loose", "exclude", "win")


@dataclass(frozen=True)
class Recording:
    """One window of one record."""

    signal: np.ndarray  # float32 (samples, 12), mV
    fs: float
    record_id: str
    patient: str  # to split by
    label: str | None  # one of `LABELS`, by strict rules, or None
    label_loose: str | None
    facts: dict[str, str]  # the whole row of records.csv


def recordings(folder: str | Path, sets: tuple[str, ...] | None = None) -> Iterator[Recording]:
    """The usable recordings of a folder, set by set; `sets` names those wanted.

    Left out are rows marked `exclude`, later windows of a record (`win`), and records whose
    amplitudes could not be recovered (`gain_quality` poor).
    """
    folder = Path(folder)
    rows = _rows(folder / "records.csv")
    known = sorted({row["set"] for row in rows})
    for name in known if sets is None else sets:
        if name not in known:
            raise ValueError(f"set {name!r} is not in {folder}; it has {', '.join(known)}")
        yield from _set(folder / f"{name}.npz", [row for row in rows if row["set"] == name])


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; a folder of signals needs it")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in COLUMNS if rows and name not in rows[0]]
    if missing:
        raise ValueError(f"{path} lacks the columns {', '.join(missing)}")
    return rows


def _set(path: Path, rows: list[dict[str, str]]) -> Iterator[Recording]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; records.csv speaks of it")
    with np.load(path) as file:
        voltage, fs, leads = file["X"], float(file["fs"]), tuple(file["leads"].tolist())
    if leads != LEADS:
        raise ValueError(f"{path} has the leads {leads}; expected {LEADS}")
    for row in rows:
        if row["exclude"] == "1" or row["win"] != "0" or row.get("gain_quality") == "poor":
            continue
        samples = int(row.get("valid_samples") or voltage.shape[1])
        yield Recording(
            signal=voltage[int(row["row"]), :samples].astype(np.float32) / 1000.0,
            fs=fs,
            record_id=row["record_id"],
            patient=row["patient_key"],
            label=row["label"] or None,
            label_loose=row["label_loose"] or None,
            facts=row,
        )


def as_printed(rng, signal: np.ndarray, fs: float) -> np.ndarray:
    """The signal (samples, 12) behind the filters of a printer, drawn at random.

    A raw record wanders off the paper and carries mains hum; every device takes them out with a
    high pass of 0.05 to 0.5 Hz and a low pass of 25 to 150 Hz (Butterworth, without phase).
    """
    low = rng.choice([0.05, 0.15, 0.3, 0.5], p=[0.1, 0.2, 0.3, 0.4])
    high = rng.choice([25.0, 35.0, 40.0, 100.0, 150.0], p=[0.1, 0.25, 0.35, 0.2, 0.1])
    pad = min(len(signal) - 1, int(2 * fs))
    # Turned over at both ends, so that the filter does not see a step there.
    before, after = 2 * signal[0] - signal[pad:0:-1], 2 * signal[-1] - signal[-2 : -pad - 2 : -1]
    spectrum = np.fft.rfft(np.concatenate([before, signal, after]), axis=0)
    rate = np.fft.rfftfreq(len(signal) + 2 * pad, 1.0 / fs)
    # The square of a second-order Butterworth's gain, as filtering there and back gives.
    gain = 1.0 / (1.0 + (low / np.maximum(rate, 1e-6)) ** 4) / (1.0 + (rate / high) ** 8)
    filtered = np.fft.irfft(spectrum * gain[:, None], len(signal) + 2 * pad, axis=0)
    return np.ascontiguousarray(filtered[pad : pad + len(signal)], dtype=np.float32)
