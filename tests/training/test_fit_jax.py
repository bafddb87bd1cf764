"""Training under JAX: in processes of their own, for Keras chooses its backend once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ecg_tf.data.pipeline import order

ROOT = Path(__file__).resolve().parents[2]
START = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
import json, keras, numpy as np
from pathlib import Path
from test_fit import TINY, Recipe, build, compile_model, examples, made_up, train
from ecg_tf.training import fit_jax
out = Path(sys.argv[1])
"""


def under_jax(code: str, out: Path) -> dict:
    """What the code prints as JSON on its last line."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    found = subprocess.run(
        [sys.executable, "-c", START + code, str(out)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return json.loads(found.stdout.splitlines()[-1])


def test_folds_share_one_program_and_learn(tmp_path):
    code = """
try:
    train(out / "half", precision="mixed_float16")
except ValueError as error:
    refused = str(error)
recipe = Recipe("short", (32, 32), epochs=12, batch=8, learning_rate=3e-3, validation=0.0,
                cosine=True, augmentation=0.5, label_smoothing=0.05, settle=True)
records = [train(out / name, recipe) for name in "ab"]
print(json.dumps({"programs": len(fit_jax._programs), "epochs": records[0]["epochs"],
                  "versions": records[0]["versions"], "refused": refused}))
"""
    found = under_jax(code, tmp_path)
    assert "mixed_bfloat16" in found["refused"], "float16 needs a scaled loss"
    assert found["programs"] == 1 and found["epochs"] == 12
    assert found["versions"]["backend"] == "jax" and "tensorflow" not in found["versions"]
    first, second = (np.load(tmp_path / name / "probabilities.npy") for name in "ab")
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert (first.argmax(axis=1) == np.arange(16, 24) % 4).mean() >= 0.75


def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path):
    code = """
train(out / "whole")
class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt
try:
    train(out / "stopped", callbacks=(Stop(),))
except KeyboardInterrupt:
    left = (out / "stopped" / "state.npz").exists()
train(out / "stopped")
print(json.dumps(left))
"""
    assert under_jax(code, tmp_path) is True
    first, second = (np.load(tmp_path / n / "probabilities.npy") for n in ("whole", "stopped"))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_statistics_validation_and_prediction_are_those_of_keras(tmp_path):
    code = """
pages, images = made_up()
recipe = Recipe("one", (32, 32), batch=8, validation=0.0, label_smoothing=0.1)
given = examples(pages, images, np.arange(24), 1.0)
model = build("cnn", (32, 32))
compile_model(model, recipe, 3)
fit_jax.settle(model, recipe, given, np.arange(24).repeat(4))  # three times 32
layer = model.get_layer("block1_bn")
probe = keras.Model(model.input, model.get_layer("block1_conv").output)
rgb = np.repeat(images[..., None], 3, axis=-1).astype("float32")
maps = np.asarray(probe(rgb))
mean = np.abs(maps.mean(axis=(0, 1, 2)) - np.asarray(layer.moving_mean)).max()
made, state = fit_jax.program_of(model, recipe, given), fit_jax.state_of(model)
said = fit_jax.validated(made, state, recipe, given)
loss, accuracy = model.evaluate(rgb, given.target, sample_weight=given.weight, batch_size=24,
                                verbose=0)
apart = np.abs(fit_jax.predict(model, recipe, given, images) - model.predict(rgb, verbose=0)).max()
print(json.dumps([float(mean), said["val_loss"] - loss, said["val_accuracy"] - accuracy,
                  float(apart), layer.momentum]))
"""
    mean, loss, accuracy, apart, momentum = under_jax(code, tmp_path)
    assert mean < 1e-3 and abs(loss) < 1e-3 and abs(accuracy) < 1e-6 and apart < 1e-5
    assert momentum == 0.99


@pytest.mark.parametrize("n", (3, 8, 11))
def test_the_last_batch_is_filled_from_the_start_of_the_epoch(n):
    rows = np.resize(order(n, 0, 0), (-(-n // 8), 8))
    assert set(rows.ravel()) == set(range(n))
