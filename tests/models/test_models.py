"""Every architecture at 64 x 64: shapes, saving, gradients, learning, mixed precision, JAX."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from ecg_tf.data.pipeline import plain
from ecg_tf.models import PUBLISHED, build
from ecg_tf.pages.ink import prepare

SIZE = (64, 64)
# The others: test_joined.py, test_anywhere.py, test_picture.py, and test_beats.py for the one that
# learns nothing by gradients.
ALONE = [*PUBLISHED, "traces"]


@pytest.fixture(scope="module")
def eight(drawn):
    """Eight drawn pages, two of each label, and their targets."""
    pages = [prepare(page.image.astype(np.float32), *SIZE)[..., 0] for page in drawn]
    return np.asarray(plain(np.stack(pages))), np.tile(np.arange(4), 2)


@pytest.fixture(scope="module", params=ALONE)
def model(request):
    keras.utils.set_random_seed(0)
    return build(request.param, SIZE)


def test_shape_and_softmax(model, eight):
    found = np.asarray(model(eight[0]))
    assert model.input_shape == (None, *SIZE, 3)
    assert found.shape == (8, 4) and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert model.get_layer("dropout").rate == 0.3


def test_the_graph_is_flat(model):
    """Nested models break Grad-CAM. Keras builds ConvNeXt's stem and its three reductions as
    small Sequentials of two layers; none holds a map that is looked at."""
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    small = [isinstance(each, keras.Sequential) and len(each.layers) == 2 for each in nested]
    assert all(small) and len(nested) == (4 if model.name == "convnext_tiny" else 0)


def test_saved_and_loaded_it_answers_alike(model, eight, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(again(eight[0])), np.asarray(model(eight[0])), atol=1e-6)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = build(model.name, SIZE)
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(np.asarray(fresh(eight[0])), np.asarray(model(eight[0])), atol=1e-6)


def test_every_weight_gets_a_finite_gradient_and_eight_pages_are_learned(model, eight):
    import tensorflow as tf

    pages, labels = eight
    # Without batch normalisations larger steps blow ConvNeXt up, on some machines and not others.
    optimizer = keras.optimizers.Adam(1e-4 if model.name == "convnext_tiny" else 1e-3)
    optimizer.build(model.trainable_variables)
    variables = [variable.value for variable in model.trainable_variables]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            p = model(pages, training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, p))
        gradients = tape.gradient(loss, variables)
        optimizer.apply(gradients, model.trainable_variables)
        sound = [tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients]
        right = tf.reduce_mean(tf.cast(tf.argmax(p, axis=1) == labels, tf.float32))
        return tf.reduce_all(tf.stack(sound)), right

    learned = 0.0
    for _ in range(120):
        sound, right = step()
        assert bool(sound)
        learned = 0.5 * learned + 0.5 * float(right)
        if learned > 0.9:
            return
    pytest.fail(f"{model.name} has {learned:.2f} of eight pages right after 120 steps")


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", ALONE)
def test_mixed_precision_runs_and_ends_in_float32(name, policy):
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = build(name, (32, 32) if name != "effnet_msa" else SIZE)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    page = np.full((1, *model.input_shape[1:]), 200, np.float32)
    found = np.asarray(model(page))
    assert found.dtype == np.float32 and np.isfinite(found).all()
    first = next(layer for layer in model.layers if layer.trainable_weights)
    assert first.compute_dtype == policy.removeprefix("mixed_")


def test_jax_builds_the_same_graphs():
    names = ("mobilenet", "effnet_msa_traces")  # all of them take two minutes
    code = (
        "from ecg_tf.models import build\n"
        f"for name in {names}: print(name, build(name, (64, 64)).count_params())"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    expected = "".join(f"{name} {build(name, SIZE).count_params()}\n" for name in names)
    assert found == expected


def test_the_taps_of_the_proposed_network_are_the_last_layers_of_blocks_3_4_and_6():
    model = build("effnet_msa")
    shapes = [
        model.get_layer(name).output.shape[1:]
        for name in ("block3b_add", "block4c_add", "block6d_add")
    ]
    assert shapes == [(28, 28, 40), (14, 14, 80), (7, 7, 192)]
    assert model.get_layer("fused").output.shape == (None, 14, 14, 128)
    names = [layer.name for layer in model.layers]
    for block in (3, 4, 6):
        last = [name for name in names if name.startswith(f"block{block}")][-1]
        assert last in ("block3b_add", "block4c_add", "block6d_add")


def test_the_weights_of_the_scales_can_be_read_for_a_page(eight):
    model = build("effnet_msa", SIZE)
    reader = keras.Model(model.input, model.get_layer("scale_weights").output)
    weights = np.asarray(reader(eight[0]))
    assert weights.shape == (8, 3) and weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_backbone_weights_from_a_file(tmp_path):
    net = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(*SIZE, 3))
    path = tmp_path / "mobilenet.weights.h5"
    net.save_weights(path)
    model = build("mobilenet", SIZE, weights=path)
    stored = np.asarray(net.get_layer("conv_pw_13").kernel)
    np.testing.assert_array_equal(np.asarray(model.get_layer("conv_pw_13").kernel), stored)


def test_efficientnet_from_a_file_sees_the_scale_its_weights_were_made_for(tmp_path):
    """Keras divides by sqrt(deviation) for weights="imagenet" alone; from a file we must."""
    net = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(*SIZE, 3))
    path = tmp_path / "net.weights.h5"
    net.save_weights(path)
    model = build("effnet_msa", SIZE, weights=path)
    after, before = (
        next(layer for layer in each.layers if isinstance(layer, keras.layers.Normalization))
        for each in (model, net)
    )
    ratio = np.asarray(after.variance) / np.asarray(before.variance)
    np.testing.assert_allclose(ratio.ravel(), (0.229, 0.224, 0.225), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda tmp: build("vgg"), ValueError, "There is no model 'vgg'"),
        (lambda tmp: build("mobilenet", SIZE, tmp / "no.h5"), FileNotFoundError, "no weights file"),
        (lambda tmp: build("cnn", SIZE, "imagenet"), ValueError, "no backbone"),
        (lambda tmp: build("effnet_msa", (100, 100)), ValueError, "divisible by 32"),
    ],
)
def test_errors(call, error, message, tmp_path):
    with pytest.raises(error, match=message):
        call(tmp_path)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.weights.h5"
    build("cnn", SIZE).save_weights(path)
    with pytest.raises(ValueError, match="does not hold weights of MobileNet"):
        build("mobilenet", SIZE, path)
