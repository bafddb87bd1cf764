import json
from dataclasses import replace

import numpy as np
import pytest

from ecg_tf.models import build
from ecg_tf.training.joined import join_predictions, join_runs
from tests.evaluation.stored import simulated

META = {"data_sha256": "d", "folds_sha256": "f", "seconds": 1, "params": 10, "command": "c"}


def part(model: str, seed: int, **other):
    found = simulated(60, seed, model=model)
    return replace(found, meta={**found.meta, **META, **other})


def test_predictions_become_their_weighted_geometric_mean_page_by_page():
    first, second, third = part("effnet_msa", 1), part("traces", 2), part("beats", 3)
    order = np.random.default_rng(0).permutation(60)
    columns = ("page_ids", "labels", "repeat", "fold", "probabilities")
    shuffled = replace(first, **{name: getattr(first, name)[order] for name in columns})
    found = join_predictions((shuffled, second, third), (0.25, 0.25, 0.5), "join")
    mean = (first.probabilities * second.probabilities) ** 0.25 * third.probabilities**0.5
    np.testing.assert_allclose(found.probabilities, mean / mean.sum(axis=1, keepdims=True))
    assert found.meta["model"] == "effnet_msa_traces" and found.meta["params"] == 30


def test_predictions_of_other_folds_are_not_joined():
    parts = part("effnet_msa", 1), part("traces", 2, folds_sha256="other")
    with pytest.raises(ValueError, match="one folds_sha256; got f and other"):
        join_predictions(parts, (0.5, 0.5), "join")


def test_runs_become_one_run(tmp_path):
    sizes = {"effnet_msa": (64, 64), "traces": (64, 128), "beats": (64, 128)}
    for model, size in sizes.items():
        folder = tmp_path / model
        folder.mkdir()
        build(model, size).save_weights(folder / "model.weights.h5")
        recipe = {"name": "tuned", "size": size}
        record = {"model": model, "recipe": recipe, "protocol": "all", "epochs": 2, **META}
        (folder / "run.json").write_text(json.dumps(record))
    runs = tuple(tmp_path / model for model in sizes)
    out = join_runs(runs, (0.2, 0.4, 0.4), tmp_path / "joined", "join")
    record = json.loads((out / "run.json").read_text())
    assert record["model"] == "effnet_msa_traces" and record["epochs"] == [2, 2, 2]
    build(record["model"], tuple(record["recipe"]["size"])).load_weights(out / "model.weights.h5")
    with pytest.raises(ValueError, match="have to be of effnet_msa and traces and beats"):
        join_runs(runs[::-1], (0.2, 0.4, 0.4), tmp_path / "wrong", "join")
