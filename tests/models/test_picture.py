"""What was read of a page, laid out for networks that look at pictures."""

import keras
import numpy as np
import pytest

from ecg_tf.models import PUBLISHED, build
from ecg_tf.models.parts import give_weights
from ecg_tf.models.picture import BAND, BY_ROW, CABRERA, PICTURE, SIZE, Picture
from ecg_tf.models.traces import READER
from ecg_tf.pages.columns import SAMPLES, SHAPE, SIGNALS
from ecg_tf.pages.layout import LEADS

ZERO = 127.5  # how the picture shows 0 mV
BEATS_AT = (60, 130, 200)


def laid_out(heights: np.ndarray) -> np.ndarray:
    """Heights (SAMPLES, SIGNALS) in mV as the picture's bands, (SIGNALS, width, 3), in mV."""
    found = np.zeros((1, SAMPLES, 3, SIGNALS), np.float32)
    found[0, :, 0] = heights
    picture = np.asarray(Picture()(found.reshape(1, *SHAPE)))[0]
    assert picture.shape == (*SIZE, 3) and picture.min() >= 0 and picture.max() <= 255
    bands = picture.reshape(SIGNALS, BAND, SIZE[1], 3)
    assert (bands == bands[:, :1]).all()
    return np.arctanh(np.clip(bands[:, 0] / ZERO - 1.0, -0.9999, 0.9999))


def pulses(height: float, *at: int) -> np.ndarray:
    """A narrow wave of that height around each of these samples, (SAMPLES,)."""
    time = np.arange(SAMPLES)
    return sum(height * np.exp(-(((time - each) / 2.0) ** 2)) for each in at)


def test_each_lead_has_its_band():
    for number, lead in enumerate(BY_ROW):
        heights = np.zeros((SAMPLES, SIGNALS))
        heights[:, number] = 0.3
        found = laid_out(heights)[..., 0]
        expected = np.zeros(SIGNALS)
        expected[CABRERA.index(lead)] = -0.3 if lead == "aVR" else 0.3
        np.testing.assert_allclose(found, np.tile(expected[:, None], SIZE[1]), atol=1e-4)


def test_the_strip_lies_below_in_its_order():
    heights = np.zeros((SAMPLES, SIGNALS))
    heights[:, len(LEADS) :] = 0.1, 0.2, 0.3, 0.4
    found = laid_out(heights)[..., 0]
    np.testing.assert_allclose(found[:, 5], [*np.zeros(12), 0.1, 0.2, 0.3, 0.4], atol=1e-4)


def test_green_is_the_median_beat_at_one_place_whenever_it_comes():
    found = []
    for late in (0, 17):
        heights = np.zeros((SAMPLES, SIGNALS))
        heights[:, : len(LEADS)] = pulses(1.0, *(at + late for at in BEATS_AT))[:, None]
        found.append(laid_out(heights))
    np.testing.assert_allclose(found[0][:12, :, 1], found[1][:12, :, 1], atol=0.02)
    assert found[0][0, :, 1].argmax() == pytest.approx(SIZE[1] * 30 / 80, abs=3)
    assert found[0][0, :, 1].max() == pytest.approx(1.0, abs=0.15)
    assert not np.allclose(found[0][:12, :, 0], found[1][:12, :, 0], atol=0.1)
    assert np.abs(found[0][:12, :, 2]).max() < 0.05  # all beats are alike


def test_blue_is_where_one_beat_differs():
    heights = np.zeros((SAMPLES, SIGNALS))
    heights[:, : len(LEADS)] = pulses(1.0, *BEATS_AT)[:, None]
    heights[:, BY_ROW.index("aVL")] += pulses(0.5, BEATS_AT[1])
    found = laid_out(heights)[..., 2]
    assert found[0].max() > 0.2 and np.abs(found[1:12]).max() < 0.05
    assert abs(int(found[0].argmax()) - SIZE[1] * 30 // 80) <= 3


def test_blank_paper_is_even():
    np.testing.assert_allclose(laid_out(np.zeros((SAMPLES, SIGNALS))), 0.0, atol=1e-3)


@pytest.mark.parametrize("name", ["cnn", "effnet_msa"])
def test_a_network_behind_it_is_one_flat_graph_that_learns(name, drawn, tmp_path):
    """It answers what the network of that name answers to the picture, saved and loaded, too."""
    import tensorflow as tf

    from ecg_tf.data.pipeline import plain
    from ecg_tf.pages.ink import prepare

    size = (224, 560)
    grey = prepare(drawn[0].image.astype(np.float32), *size)[..., 0]
    page = np.asarray(plain(grey[None]))
    model = build(f"{name}_read", size)
    assert model.input_shape == (None, *size, 3)
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    picture = keras.Model(model.input, model.get_layer(PICTURE).output)
    network = PUBLISHED[name](size=SIZE)
    give_weights(model, network)
    answer = np.asarray(model(page))
    assert answer.shape == (1, 4) and answer.dtype == np.float32
    np.testing.assert_allclose(answer, network(picture(page)), atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(page), answer, atol=1e-5)
    variables = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss = -tf.math.log(model(page, training=False)[0, 1])
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, variables))


def test_training_reads_once_and_trains_what_is_behind():
    whole = build("cnn_read", (224, 560))
    behind = keras.Model(whole.get_layer(READER).output, whole.output)
    assert behind.count_params() == whole.count_params()
    assert {id(weight) for weight in behind.weights} == {id(weight) for weight in whole.weights}
