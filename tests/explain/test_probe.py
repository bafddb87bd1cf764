import keras
import numpy as np
import pytest

from ecg_tf.explain.probe import has_scale_weights, maps_layer, probe
from ecg_tf.models import build
from ecg_tf.models.head import classify, page_input, pool_and_classify
from tests.explain.conftest import SIZE, small_network


def test_the_answers_are_those_of_the_network(trained, drawn_pages):
    pages, _ = drawn_pages
    seen = probe(trained)(pages)
    np.testing.assert_allclose(seen["p"], trained.predict_on_batch(pages), atol=1e-6)


def test_the_scores_are_centred_and_give_the_softmax(trained, drawn_pages):
    pages, _ = drawn_pages
    seen = probe(trained)(pages)
    scores = np.asarray(seen["scores"])
    np.testing.assert_allclose(scores.mean(axis=1), 0.0, atol=1e-5)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(expected, seen["p"], atol=1e-6)


def test_what_all_classes_share_does_not_change_the_scores(drawn_pages):
    model = small_network()
    before = np.asarray(probe(model)(drawn_pages[0])["scores"])
    kernel, bias = model.get_layer("p").get_weights()
    common = np.linspace(-3, 3, kernel.shape[0], dtype=np.float32)[:, None]
    model.get_layer("p").set_weights([kernel + common, bias])
    np.testing.assert_allclose(probe(model)(drawn_pages[0])["scores"], before, atol=1e-4)


def test_the_maps_are_the_fused_ones_and_the_scale_weights_are_there():
    model = small_network()
    seen = probe(model, maps_layer(model))(np.zeros((2, *SIZE, 3), np.float32))
    assert seen["maps"].shape == (2, 12, 16, 16)
    assert has_scale_weights(model)
    np.testing.assert_allclose(np.sum(seen["scale_weights"], axis=1), 1.0, atol=1e-6)


def test_a_network_without_fused_maps_gives_its_last_ones():
    model = build("cnn", size=(32, 32))
    assert maps_layer(model) == "block3_pool"
    assert not has_scale_weights(model)
    assert "scale_weights" not in probe(model)(np.zeros((1, 32, 32, 3), np.float32))


def _nested():
    page = page_input(SIZE)
    inner = keras.Sequential([page_input(SIZE), keras.layers.Conv2D(4, 3)], name="backbone")
    return keras.Model(page, pool_and_classify(inner(page)), name="nested")


def _without_softmax():
    page = page_input(SIZE)
    x = keras.layers.GlobalAveragePooling2D()(page)
    return keras.Model(page, keras.layers.Dense(4, name="p")(x), name="linear")


def _separate_softmax():
    model = _without_softmax()
    return keras.Model(model.input, keras.layers.Softmax(name="soft")(model.output), name="late")


def _half_precision():
    policy = keras.mixed_precision.DTypePolicy("mixed_float16")
    page = page_input(SIZE)
    x = keras.layers.Conv2D(4, 3, dtype=policy, name="conv")(page)
    return keras.Model(page, pool_and_classify(x), name="half")


def _without_maps():
    page = page_input(SIZE)
    return keras.Model(page, classify(keras.layers.Flatten()(page)), name="flat")


@pytest.mark.parametrize(
    "make, message",
    [
        (_nested, "holds another model, 'backbone'"),
        (_without_softmax, "'p'; explanations need a Dense layer 'p' with the softmax of 4"),
        (_separate_softmax, "ends in the layer 'soft'"),
        (_half_precision, "computes in float16; build the model under the float32 policy"),
    ],
)
def test_networks_that_cannot_be_explained_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        probe(make())


def test_the_page_itself_is_no_map():
    with pytest.raises(ValueError, match="has no layer with maps"):
        maps_layer(_without_maps())
