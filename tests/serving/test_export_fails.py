"""An export that cannot be trusted or is broken off leaves nothing that a server would load."""

import os
import signal
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from serving import check, graph
from serving.embedded.storage import versions_on_disk
from serving.export import MODELS, export, next_version
from tests.serving.small_model import STEPS, files_in, small_classifier
from tests.serving.wire_server import ROOT


@pytest.fixture(scope="module")
def classifier():
    return small_classifier()


@pytest.mark.parametrize("half", MODELS)
def test_a_version_that_is_there_is_never_overwritten(classifier, tmp_path, half):
    target = tmp_path / half / "3"
    target.mkdir(parents=True)
    (target / "saved_model.pb").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="3 is there; choose another version"):
        export(classifier, tmp_path, 3, STEPS)
    assert files_in(tmp_path) == {f"{half}/3/saved_model.pb": 4}
    assert next_version(tmp_path) == 4


def test_steps_come_in_eights(classifier, tmp_path):
    with pytest.raises(ValueError, match="steps is 12; it must be a positive multiple of 8"):
        export(classifier, tmp_path, steps=12)
    assert files_in(tmp_path) == {}


def test_a_difference_from_keras_fails_the_export(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "_calibrated", lambda raw, card: raw)  # forgets the temperature
    with pytest.raises(ValueError, match="differs from Keras by .* at most 1e-05 is allowed"):
        export(classifier, tmp_path, steps=STEPS)
    assert files_in(tmp_path) == {}
    assert [os.listdir(tmp_path / name) for name in os.listdir(tmp_path)] == [[]]


def test_a_model_that_does_not_load_fails_the_check(classifier, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="The exported model does not load"):
        check.check_reloaded(classifier, tmp_path)


def test_the_optimizer_folds_constants_again_after_a_check():
    def folds() -> bool:
        return tf.config.optimizer.get_experimental_options().get("constant_folding", True)

    before = folds()
    with pytest.raises(KeyError), check.constants_not_folded():
        assert not folds()
        raise KeyError
    assert folds() == before


def test_killed_it_leaves_nothing_to_load_and_can_be_done_again(tmp_path):
    """kill -9 in the middle; of all other moments test_export.py has seen what lies there."""
    program = (
        "from pathlib import Path\n"
        "from serving.export import export\n"
        "from tests.serving.small_model import STEPS, small_classifier\n"
        f"export(small_classifier(), Path({str(tmp_path)!r}), steps=STEPS)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as process:
        while not list(tmp_path.glob("ecg/.*/variables")):
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    assert versions_on_disk(str(tmp_path / "ecg")) == {}
    assert not (tmp_path / "ecg_explain").exists()
    assert next_version(tmp_path) == 1
