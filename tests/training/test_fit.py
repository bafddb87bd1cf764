"""Training on tiny data: history, early stopping, resuming, several devices, clear errors."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from ecg_tf.data.catalogue import Alias, Page
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.training import run as run_module
from ecg_tf.training import state
from ecg_tf.training.fit import compile_model, fit, settle
from ecg_tf.training.recipes import RECIPES, Recipe, recipe_named
from ecg_tf.training.run import Split, check, examples, predict, train_split

ROOT = Path(__file__).resolve().parents[2]
TINY = Recipe("tiny", size=(32, 32), epochs=3, batch=4, learning_rate=1e-3, validation=0.3)


def made_up(n: int = 24) -> tuple[list[Page], np.ndarray]:
    """Pages that a network can tell apart: the label is the place of a black square."""
    pages, images = [], np.full((n, 32, 32), 255, np.uint8)
    for number in range(n):
        label = number % 4
        images[number, 8 * label : 8 * label + 8, 4:28] = number  # dark, and each different
        alias = Alias(Path(f"{number}.png"), LABELS[label], None)
        pages.append(Page(f"{number:064x}", [alias]))
    return pages, images


def train(folder: Path, recipe: Recipe = TINY, **options) -> dict:
    pages, images = made_up()
    split = Split("fold 0", np.arange(16), np.arange(16, 24))
    return train_split("cnn", recipe, pages, images, split, folder, seed=0, **options)


def history(folder: Path) -> list[str]:
    """The lines of the log without the seconds."""
    return [line.rsplit(",", 1)[0] for line in (folder / "history.csv").read_text().splitlines()]


def test_a_run_folder_has_what_is_needed_to_repeat_it(tmp_path):
    record = train(tmp_path)
    assert record["epochs"] == 3 and record["seed"] == 0
    assert record["recipe"]["learning_rate"] == 1e-3
    assert {"keras", "tensorflow", "python", "ecg_tf"} <= set(record["versions"])
    assert len(record["test_pages"]) == 8
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"run.json", "history.csv", "curves.png", "model.weights.h5", "tensorboard"}
    assert np.load(tmp_path / "probabilities.npy").shape == (8, 4)
    assert len(history(tmp_path)) == 4


def test_the_same_seed_gives_the_same_run(tmp_path):
    train(tmp_path / "a")
    train(tmp_path / "b")
    first, second = (np.load(tmp_path / name / "probabilities.npy") for name in "ab")
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_a_finished_run_is_not_run_again(tmp_path):
    train(tmp_path)
    before = (tmp_path / "model.weights.h5").stat().st_mtime_ns
    assert train(tmp_path)["epochs"] == 3
    assert (tmp_path / "model.weights.h5").stat().st_mtime_ns == before


def test_training_stops_early_and_keeps_the_best_weights(tmp_path):
    recipe = Recipe("wide", (32, 32), epochs=30, batch=4, learning_rate=1e-2, patience=2)
    record = train(tmp_path, recipe)
    with open(tmp_path / "history.csv") as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    assert record["epochs"] == len(losses) == int(np.argmin(losses)) + 1 + 2
    pages, images = made_up()
    split = Split("", np.arange(16), np.arange(0))
    _, validation = run_module.hold_out_examples(pages, split, recipe.validation, 0)
    model = build("cnn", (32, 32))
    model.load_weights(tmp_path / "model.weights.h5")
    p = predict(model, images)[validation, validation % 4]
    assert float(np.mean(-np.log(p))) == pytest.approx(min(losses), rel=0.05)


def test_pages_are_learned(tmp_path):
    pages, images = made_up()
    recipe = Recipe("short", (32, 32), epochs=15, batch=8, learning_rate=3e-3, validation=0.0)
    model = build("cnn", (32, 32))
    fit(model, recipe, examples(pages, images, np.arange(24), 1.0), None, tmp_path, 0)
    settle(model, images)
    right = predict(model, images).argmax(axis=1) == np.arange(24) % 4
    assert right.mean() > 0.9


def test_weights_of_classes_balance_the_loss_and_average_one():
    pages, images = made_up()
    index = np.array([0, 4, 8, 12, 1, 2, 3])  # four of the first label, one of each other
    given = examples(pages, images, index, balance=1.0)
    assert given.weight.mean() == pytest.approx(1)
    assert given.weight[:4].sum() == pytest.approx(given.weight[4])
    assert (examples(pages, images, index, balance=0.0).weight == 1).all()


def test_settling_takes_the_statistics_of_the_pages_given():
    model = build("cnn", (32, 32))
    _, images = made_up()
    settle(model, images, batch=len(images))
    layer = model.get_layer("block1_bn")
    probe = keras.Model(model.input, model.get_layer("block1_conv").output)
    maps = np.asarray(probe(np.repeat(images[..., None], 3, axis=-1).astype("float32")))
    np.testing.assert_allclose(layer.moving_mean, maps.mean(axis=(0, 1, 2)), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(layer.moving_variance, maps.var(axis=(0, 1, 2)), rtol=1e-2)
    assert layer.momentum == 0.99


KILLED = """
import sys, keras, time
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from test_fit import train
class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.15)
train(Path(sys.argv[1]), callbacks=(Slow(),))
"""


def test_a_run_killed_at_any_moment_ends_like_an_uninterrupted_one(tmp_path):
    train(tmp_path / "whole")
    code = KILLED.format(root=str(ROOT), tests=str(Path(__file__).parent))
    command = [sys.executable, "-c", code, str(tmp_path / "killed")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = tmp_path / "killed" / "history.csv"
    deadline = time.monotonic() + 120
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)  # into the next epoch
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "run.json").exists(), "it was killed too late to tell"
    train(tmp_path / "killed")
    whole, resumed = (
        np.loadtxt(history(tmp_path / name)[1:], delimiter=",") for name in ("whole", "killed")
    )
    np.testing.assert_allclose(whole, resumed, rtol=1e-3)
    first, second = (np.load(tmp_path / n / "probabilities.npy") for n in ("whole", "killed"))
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_a_state_cut_off_while_written_is_not_taken(tmp_path):
    model = build("cnn", (32, 32))
    compile_model(model, TINY, 4)
    state.save(tmp_path, model, [{"epoch": 1}])
    (tmp_path / f".{state.FILE}.part").write_bytes(b"half")
    assert state.restore(tmp_path, model) == [{"epoch": 1}]


def test_the_state_of_another_model_is_refused(tmp_path):
    small, large = build("cnn", (32, 32)), build("cnn", (64, 64))
    for model in (small, large):
        compile_model(model, TINY, 4)
    state.save(tmp_path, small, [{"epoch": 1}])
    with pytest.raises(ValueError, match="another model"):
        state.restore(tmp_path, large)


TWO_DEVICES = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
from test_fit import train, TINY
from ecg_tf.training.run import devices
with devices():
    print(tf.distribute.get_strategy().num_replicas_in_sync)
print(train(Path(sys.argv[1]))["epochs"])
"""


def test_several_devices_train_one_model(tmp_path):
    code = TWO_DEVICES.format(root=str(ROOT), tests=str(Path(__file__).parent))
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert found.stdout.split() == ["2", "3"], found.stderr[-2000:]


def test_one_class_missing_is_said_before_the_first_epoch(tmp_path):
    pages, _ = made_up()
    with pytest.raises(ValueError, match="no page of abnormal_heartbeat"):
        check([page for page in pages if page.label != "abnormal_heartbeat"], tmp_path)


def test_a_full_disk_is_said_before_the_first_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "LEAST_DISK", 10**18)
    with pytest.raises(OSError, match="MB are needed"):
        check(made_up()[0], tmp_path)


def test_a_disk_that_fills_up_leaves_the_epoch_before(tmp_path, monkeypatch):
    model = build("cnn", (32, 32))
    compile_model(model, TINY, 4)
    state.save(tmp_path, model, [{"epoch": 1}])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        state.save(tmp_path, model, [{"epoch": 1}, {"epoch": 2}])
    monkeypatch.undo()
    assert state.restore(tmp_path, model) == [{"epoch": 1}]
    assert os.listdir(tmp_path) == [state.FILE]


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    recipe = Recipe("wild", size=(32, 32), epochs=5, batch=4, learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="lower the rate"):
        train(tmp_path, recipe)


@pytest.mark.parametrize("name", ["traces", "cnn_read"])
def test_a_network_on_traces_learns_from_signals_and_is_saved_from_the_page_on(name, tmp_path):
    pages, images = made_up()
    split = Split("fold 0", np.arange(16), np.arange(16, 24))
    record = train_split(name, TINY, pages, images, split, tmp_path, seed=0)
    whole = build(name, TINY.size)
    whole.load_weights(tmp_path / "model.weights.h5")
    found = np.load(tmp_path / "probabilities.npy")
    np.testing.assert_allclose(predict(whole, images[split.test]), found, atol=1e-5)
    assert record["model"] == name and record["parameters"] == whole.count_params()


def test_recipes():
    paper = recipe_named("paper")
    assert (paper.epochs, paper.batch, paper.learning_rate) == (50, 32, 1e-4)
    assert paper.weight_decay == 1e-5 and 0.10 <= paper.validation <= 0.15 and paper.patience
    assert set(RECIPES) == {"kernel", "paper", "pretrained", "read", "signal", "tuned"}
    with pytest.raises(ValueError, match="no recipe 'best'"):
        recipe_named("best")
    with pytest.raises(ValueError, match="precision must be one of"):
        train_split(
            "cnn",
            TINY,
            *made_up(),
            Split("", np.arange(4), np.arange(0)),
            Path("/tmp"),
            0,
            precision="float8",
        )


def test_published_validation_is_by_file_and_leaks():
    pages, _ = made_up()
    split = Split("published", np.repeat(np.arange(24), 3), np.arange(24))
    fit_index, validation = run_module.hold_out_examples(pages, split, 0.1, 0)
    assert len(fit_index) + len(validation) == 72
    assert set(fit_index) & set(validation)


def test_json_of_a_run_reads_back(tmp_path):
    train(tmp_path, facts={"command": "scripts/train.py cnn"})
    assert json.loads((tmp_path / "run.json").read_text())["command"] == "scripts/train.py cnn"
