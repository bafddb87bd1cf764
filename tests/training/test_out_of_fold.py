import json
from pathlib import Path

import numpy as np

from ecg_tf.data.catalogue import Alias, Page
from ecg_tf.evaluation.predictions import read_predictions
from ecg_tf.labels import LABELS
from ecg_tf.training.out_of_fold import store
from ecg_tf.training.run import PROBABILITIES

IDS = [f"page{number}" for number in range(8)]
PAGES = [Page(each, [Alias(Path(each), LABELS[n % 4], None)]) for n, each in enumerate(IDS)]


def finished(folder: Path, repeat: int, fold: int, tested: list[str], answer: int) -> Path:
    """The folder of a run that has answered its test pages, all alike."""
    folder.mkdir(parents=True)
    np.save(folder / PROBABILITIES, np.eye(4, dtype=np.float32)[[answer] * len(tested)])
    record = {
        "model": "cnn",
        "recipe": {"name": "paper", "size": [64, 64]},
        "test_pages": tested,
        "repeat": repeat,
        "fold": fold,
        "seed": 100 * repeat + fold,
        "epochs": 3,
        "seconds": 1.4,
        "parameters": 10,
        "versions": {},
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def facts(repeat: int) -> dict:
    command = f"scripts/train.py cnn --repeat {repeat}"
    hashes = {"data_sha256": "d", "folds_sha256": f"f{repeat}"}
    return {"seed": 0, "protocol": "leak-free", "command": command, **hashes}


def test_two_repeats_of_two_folds_become_one_file(tmp_path):
    parts = (IDS[:4], IDS[4:]), (IDS[::2], IDS[1::2])
    for repeat, tested in enumerate(parts):
        folders = [
            finished(tmp_path / f"{repeat}-{fold}", repeat, fold, ids, answer=repeat)
            for fold, ids in enumerate(tested)
        ]
        path = store(folders, PAGES, tmp_path / "results", facts(repeat))
    found = read_predictions(path)
    assert path.name == "cnn-paper-leak-free.csv" and len(found) == 16
    assert found.page_ids.tolist() == [each for ids in parts for part in ids for each in part]
    assert found.fold.tolist() == [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4
    assert found.probabilities.argmax(axis=1).tolist() == [0] * 8 + [1] * 8
    assert found.meta["seed"] == 0 and found.meta["folds_sha256"] == "f0 f1"
    assert found.meta["repeats"]["1"]["command"] == "scripts/train.py cnn --repeat 1"
