"""The drawing program writes pages and their truth."""

import json

import draw as program
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ecg_tf.pages.layout import LEADS


def run(*words):
    return CliRunner().invoke(program.main, [str(word) for word in words])


def test_pages_and_truth(tmp_path):
    out = tmp_path / "pages"
    asked = ("--count", 3, "--seed", 7, "--label", "normal", "--layout", "6x2", "--save-signals")
    result = run(out, *asked)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert [line["seed"] for line in lines] == [7, 8, 9]
    for line in lines:
        assert line["label"] == "normal" and line["layout"] == "6x2"
        with Image.open(out / line["file"]) as image:
            assert image.mode == "RGB"
        with np.load(out / line["file"].replace(".png", ".npz")) as file:
            assert file["signal"].shape == (5000, 12) and file["fs"] == 500


def test_the_same_command_writes_the_same_files(tmp_path):
    for name in ("one", "two"):
        assert run(tmp_path / name, "--count", 1, "--severity", 2).exit_code == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_real_signals(tmp_path):
    signals = tmp_path / "signals"
    signals.mkdir()
    (signals / "records.csv").write_text(
        "set,row,record_id,patient_key,label,label_loose,exclude,win\n"
        "s,0,r0,p0,,,0,0\ns,1,r1,p1,normal,normal,0,0\n"
    )
    voltage = np.random.default_rng(0).integers(-900, 900, (2, 2500, 12)).astype(np.int16)
    np.savez(signals / "s.npz", X=voltage, fs=250, leads=np.array(LEADS))
    result = run(tmp_path / "out", "--count", 2, "--signals", signals)
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out" / "truth.jsonl").read_text().splitlines()
    assert [json.loads(line)["record_id"] for line in lines] == ["r1", "r1"]
    result = run(tmp_path / "other", "--signals", signals, "--label", "history_of_mi")
    assert result.exit_code == 2 and "holds no recording labelled history_of_mi" in result.output


@pytest.mark.parametrize("signals", (None, "nowhere"))
def test_unusable_folders_end_with_one_sentence(tmp_path, signals):
    (tmp_path / "note.txt").write_text("mine")
    extra = ("--signals", tmp_path / signals) if signals else ()
    result = run(tmp_path / "new" if signals else tmp_path, *extra)
    assert result.exit_code == 2
    assert ("records.csv is missing" if signals else "is not an empty folder") in result.output
