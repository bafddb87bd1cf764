"""The program that joins networks: what it stores, and what it says when it cannot."""

import join as program
import numpy as np
import pytest
from click.testing import CliRunner

from ecg_tf.evaluation.predictions import read_predictions, write_predictions
from tests.evaluation.stored import simulated


def run(*arguments: str):
    return CliRunner().invoke(program.main, list(arguments))


def test_predictions_are_joined_without_runs(tmp_path):
    for seed, (model, recipe) in enumerate([("cnn_read", "pretrained"), ("beats", "kernel")]):
        write_predictions(tmp_path, simulated(40, seed, model=model, recipe=recipe, params=5))
    result = run("cnn_read_beats", "--predictions", str(tmp_path))
    assert result.exit_code == 0, result.output
    found = read_predictions(tmp_path / "cnn_read_beats-joined-leak-free.csv")
    assert len(found) == 40 and found.meta["params"] == 10
    assert found.meta["command"] == "scripts/join.py cnn_read_beats --predictions docs/results"
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cnn_read_beats",), "There is nothing to join: give runs, --predictions or both."),
        (("traces", "--predictions", "{tmp}"), "'traces' is not joined of others"),
        (("cnn_read_beats", "--predictions", "{tmp}"), "cnn_read-pretrained-leak-free.csv"),
    ],
)
def test_errors_are_one_sentence(tmp_path, arguments, message):
    result = run(*(word.format(tmp=tmp_path) for word in arguments))
    assert result.exit_code == 2 and message in result.output
    assert "Traceback" not in result.output
