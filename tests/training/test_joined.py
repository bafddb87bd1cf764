import json
from dataclasses import replace

import numpy as np
import pytest

from ecg_tf.evaluation.predictions import with_other_repeats
from ecg_tf.models import build
from ecg_tf.training.joined import join_predictions, join_runs, predictions_of, shares_of
from tests.evaluation.stored import simulated

NAME = "effnet_msa_traces"
META = {"data_sha256": "d", "folds_sha256": "f", "seconds": 1, "params": 10, "command": "c"}


def part(model: str, seed: int, **other):
    found = simulated(60, seed, model=model)
    return replace(found, meta={**found.meta, **META, **other})


def in_order_of(part, order: np.ndarray):
    columns = ("page_ids", "labels", "repeat", "fold", "probabilities")
    return replace(part, **{name: getattr(part, name)[order] for name in columns})


def test_predictions_become_their_weighted_geometric_mean_page_by_page():
    first, second, third = part("effnet_msa", 1), part("traces", 2), part("beats", 3)
    shuffled = in_order_of(first, np.random.default_rng(0).permutation(60))
    found = join_predictions(NAME, (shuffled, second, third), "join")
    mean = first.probabilities**0.2 * (second.probabilities * third.probabilities) ** 0.4
    np.testing.assert_allclose(found.probabilities, mean / mean.sum(axis=1, keepdims=True))
    assert found.meta["model"] == NAME and found.meta["params"] == 30
    assert found.meta["shares"] == [0.2, 0.4, 0.4]


def test_predictions_of_other_folds_are_not_joined():
    parts = part("effnet_msa", 1), part("traces", 2, folds_sha256="other"), part("beats", 3)
    with pytest.raises(ValueError, match="one folds_sha256; got f and other"):
        join_predictions(NAME, parts, "join")


def test_repeats_that_one_part_lacks_are_left_out():
    first, second = part("cnn_read", 1), part("beats", 2)
    other = with_other_repeats(replace(second, repeat=second.repeat + 1), second)
    found = join_predictions("cnn_read_beats", (first, other), "join")
    mean = np.sqrt(first.probabilities * second.probabilities)
    np.testing.assert_allclose(found.probabilities, mean / mean.sum(axis=1, keepdims=True))
    assert found.meta["folds_sha256"] == "f" and set(found.repeat) == {0}


def test_only_what_is_joined_has_shares():
    assert predictions_of("mobilenet_read_beats") == [
        "mobilenet_read-pretrained-leak-free.csv",
        "beats-kernel-leak-free.csv",
    ]
    with pytest.raises(ValueError, match="'traces' is not joined of others"):
        shares_of("traces")


@pytest.mark.parametrize("name", [NAME, "cnn_read_beats"])
def test_runs_become_one_run(name, tmp_path):
    parts = list(shares_of(name))
    for model in parts:
        folder = tmp_path / model
        folder.mkdir()
        size = (64, 64) if model == "effnet_msa" else (64, 128)
        build(model, size).save_weights(folder / "model.weights.h5")
        recipe = {"name": "tuned", "size": size}
        record = {"model": model, "recipe": recipe, "protocol": "all", "epochs": 2, **META}
        (folder / "run.json").write_text(json.dumps(record))
    runs = [tmp_path / model for model in parts]
    out = join_runs(name, runs, tmp_path / "joined", "join")
    record = json.loads((out / "run.json").read_text())
    assert record["model"] == name and record["epochs"] == [2] * len(parts)
    build(record["model"], tuple(record["recipe"]["size"])).load_weights(out / "model.weights.h5")
    with pytest.raises(ValueError, match=f"have to be of {' and '.join(parts)}, in this order"):
        join_runs(name, runs[::-1], tmp_path / "wrong", "join")
