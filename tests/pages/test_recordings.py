"""Real signals are read from a folder; these tests make a tiny one."""

import csv

import numpy as np
import pytest

from ecg_tf.pages.layout import LEADS
from ecg_tf.pages.recordings import as_printed, recordings

FIELDS = ("set", "row", "record_id", "patient_key", "label", "label_loose", "exclude", "win")
FIELDS += ("gain_quality", "valid_samples", "mi_any")


def write(folder, rows, leads=LEADS):
    with (folder / "records.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, FIELDS, restval="")
        table.writeheader()
        table.writerows({"set": "small", "exclude": "0", "win": "0"} | row for row in rows)
    voltage = np.arange(3 * 600 * 12, dtype=np.int16).reshape(3, 600, 12) % 1000
    np.savez(folder / "small.npz", X=voltage, fs=250, leads=np.array(leads), record_id=list("abc"))
    return voltage


def test_usable_recordings_in_millivolts(tmp_path):
    rows = [
        {"row": 0, "record_id": "a", "label": "normal", "patient_key": "p1", "valid_samples": 500},
        {"row": 1, "record_id": "b", "exclude": "1"},
        {"row": 1, "record_id": "b", "win": "1"},
        {"row": 1, "record_id": "b", "gain_quality": "poor"},
        {"row": 2, "record_id": "c", "patient_key": "p2"},
    ]
    voltage = write(tmp_path, rows)
    found = list(recordings(tmp_path))
    assert [(r.record_id, r.label, r.patient) for r in found] == [
        ("a", "normal", "p1"),
        ("c", None, "p2"),
    ]
    assert found[0].fs == 250 and found[0].signal.shape == (500, 12)
    np.testing.assert_allclose(found[1].signal, voltage[2] / 1000.0, rtol=1e-6)


def test_folders_that_lack_something_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="records.csv is missing"):
        list(recordings(tmp_path))
    write(tmp_path, [{"row": 0}], leads=LEADS[::-1])
    with pytest.raises(ValueError, match="expected"):
        list(recordings(tmp_path))
    with pytest.raises(ValueError, match="set 'big' is not in"):
        list(recordings(tmp_path, ("big",)))
    (tmp_path / "small.npz").unlink()
    with pytest.raises(FileNotFoundError, match="small.npz is missing"):
        list(recordings(tmp_path))
    (tmp_path / "records.csv").write_text("set,row\nsmall,0\n")
    with pytest.raises(ValueError, match="lacks the columns record_id"):
        list(recordings(tmp_path))


def test_a_printer_takes_out_wander_and_hum_but_keeps_the_beat():
    times = np.arange(5000) / 500.0
    beat = np.exp(-0.5 * ((times % 0.8 - 0.4) / 0.05) ** 2)
    raw = beat + 2.0 + 0.3 * np.sin(0.2 * times) + 0.3 * np.sin(6.28 * 200.0 * times)
    for seed in range(8):
        out = as_printed(np.random.default_rng(seed), raw[:, None].repeat(12, axis=1), 500.0)
        middle = slice(500, 4500)
        assert np.corrcoef(out[middle, 0], beat[middle])[0, 1] > 0.9
        assert abs(out[:, 0].mean()) < 0.3 and np.abs(np.diff(out[middle, 0])).max() < 0.2
        assert out.shape == (5000, 12) and out.dtype == np.float32
