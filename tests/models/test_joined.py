import keras
import numpy as np
import pytest

from ecg_tf.models import build
from ecg_tf.models.beats import beat_network
from ecg_tf.models.joined import Thumbnail, join
from ecg_tf.models.parts import give_weights
from ecg_tf.models.traces import READER, signal_network
from ecg_tf.pages.ink import prepare

SIZE = (448, 896)


@pytest.fixture(scope="module")
def parts():
    """The networks on page, traces and beats, with weights of their own."""
    keras.utils.set_random_seed(0)
    found = build("effnet_msa"), build("traces", SIZE), build("beats", SIZE)
    for part in found:
        kernel, bias = part.get_layer("p").get_weights()
        part.get_layer("p").set_weights([kernel, bias + np.arange(4) / 4])
    return found


@pytest.fixture(scope="module")
def joined(parts):
    model = build("effnet_msa_traces", SIZE)
    join(model, parts, (0.2, 0.5, 0.3))
    return model


@pytest.fixture(scope="module")
def pages(drawn):
    return np.stack([prepare(page.image.astype(np.float32), *SIZE) for page in drawn[:4]])


def test_the_joined_network_answers_the_weighted_mean_of_its_parts(joined, parts, pages):
    thumbnails = np.asarray(Thumbnail()(pages))
    first, second, third = (
        np.asarray(part(seen)) for part, seen in zip(parts, (thumbnails, pages, pages), strict=True)
    )
    mean = first**0.2 * second**0.5 * third**0.3
    expected = mean / mean.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.asarray(joined(pages)), expected, atol=1e-5)
    assert np.abs(first - second).max() > 0.01  # else any share would do
    assert np.abs(first - third).max() > 0.01


def test_a_picture_and_the_beats_are_joined_alike(parts, pages, tmp_path):
    """One flat graph that answers what its parts answer, saved and loaded, too."""
    beats = parts[2]
    picture, model = build("mobilenet_read", SIZE), build("mobilenet_read_beats", SIZE)
    join(model, (picture, beats), (0.5, 0.5))
    first, second = np.asarray(picture(pages)), np.asarray(beats(pages))
    mean = np.sqrt(first * second)
    expected = mean / mean.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.asarray(model(pages)), expected, atol=1e-5)
    assert np.abs(first - second).max() > 0.01
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(again(pages)), expected, atol=1e-5)


def test_the_thumbnail_is_the_page_prepared_small(drawn):
    page = drawn[0].image.astype(np.float32)
    large, small = prepare(page, 448, 1120), prepare(page, 224, 224)
    found = np.asarray(Thumbnail()(large[None]))[0]
    assert np.abs(found - small).mean() < 0.3


@pytest.mark.parametrize("part, network", [(1, signal_network), (2, beat_network)])
def test_signals_through_the_network_on_them_are_pages_through_the_whole(
    parts, pages, part, network
):
    whole, signals = parts[part], network()
    give_weights(whole, signals)
    reader = keras.Model(whole.input, whole.get_layer(READER).output)
    found = np.asarray(signals(reader(pages)))
    np.testing.assert_allclose(found, np.asarray(whole(pages)), atol=1e-6)


def test_the_whole_graph_has_finite_gradients_on_blank_paper(joined):
    import tensorflow as tf

    blank = tf.fill((1, *SIZE, 3), 255.0)
    with tf.GradientTape() as tape:
        tape.watch(blank)
        score = joined(blank)[0, 0]
    assert bool(tf.reduce_all(tf.math.is_finite(tape.gradient(score, blank))))


def test_shares_must_sum_to_one(joined, parts):
    with pytest.raises(ValueError, match="sum to 1.2"):
        join(joined, parts, (0.5, 0.7, 0.0))


def test_a_network_without_the_layer_is_refused(parts):
    with pytest.raises(ValueError, match="No such layer"):
        give_weights(parts[0], parts[1])
