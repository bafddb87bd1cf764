"""The network of two parts that take turns, untrained, and what tells whose turn it is."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.models import build
from ecg_tf.models.anywhere import LANDMARKS, PREFIX, answer_as_elsewhere, widen
from ecg_tf.models.beats import beat_network
from ecg_tf.models.familiar import FAMILIAR, Familiar
from ecg_tf.models.gate import GRID, shrink
from ecg_tf.models.head import HEAD
from ecg_tf.models.joined import POOL
from ecg_tf.models.traces import READER, ReadTraces, signal_network
from ecg_tf.pages.ink import prepare

SIZE = (448, 896)
SHARES = (0.2, 0.5, 0.3)


@pytest.fixture(scope="module")
def home():
    keras.utils.set_random_seed(0)
    return build("effnet_msa_traces", SIZE)


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(1)
    return signal_network(PREFIX), beat_network(PREFIX, LANDMARKS)


@pytest.fixture(scope="module")
def page_head():
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.5, (128, 4)).astype(np.float32), np.arange(4, dtype=np.float32) / 4


@pytest.fixture(scope="module")
def pages(drawn):
    return np.stack([prepare(page.image.astype(np.float32), *SIZE) for page in drawn[:3]])


@pytest.fixture(scope="module")
def made(home, networks, page_head):
    """A function of the weights of `Familiar` and a sharpness to the wide network."""
    wide = build("anywhere", SIZE)

    def make(bias, kernel=0.0, sharpness=1.0):
        weights = np.full((GRID[0] * GRID[1], 1), kernel, np.float32), np.array([bias], np.float32)
        widen(wide, home, networks, page_head, SHARES, weights, sharpness)
        return wide

    return make


def scores(p):
    logits = np.log(np.asarray(p))
    return logits - logits.mean(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def other_scores(home, networks, page_head, pages):
    """What the part for other printers says of the pages, (3, 4)."""
    signals, pooled = (
        keras.Model(home.input, home.get_layer(name).output)(pages) for name in (READER, POOL)
    )
    kernel, bias = page_head
    page = np.asarray(pooled) @ kernel + bias
    parts = [page - page.mean(axis=1, keepdims=True), *(scores(net(signals)) for net in networks)]
    return sum(share * part for share, part in zip(SHARES, parts, strict=True))


def test_a_familiar_page_is_answered_by_the_home_network(made, home, pages):
    np.testing.assert_allclose(made(bias=40.0)(pages), home(pages), atol=1e-5)


def test_a_strange_page_is_answered_by_the_part_for_others(made, other_scores, pages):
    np.testing.assert_allclose(scores(made(bias=-40.0)(pages)), other_scores, atol=1e-4)
    sharp = scores(made(bias=-40.0, sharpness=2.0)(pages))
    np.testing.assert_allclose(sharp, 2.0 * other_scores, atol=1e-4)


def test_between_them_the_scores_are_weighed(made, home, other_scores, pages):
    f = 0.75
    found = scores(made(bias=np.log(f / (1 - f)))(pages))
    expected = f * scores(home(pages)) + (1 - f) * other_scores
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(scores(home(pages)) - other_scores).max() > 0.05  # else any f would do


def test_how_familiar_a_page_is_follows_its_ink(pages):
    layer = Familiar()
    layer.build(pages.shape)
    kernel = np.random.default_rng(2).normal(0, 0.02, (GRID[0] * GRID[1], 1)).astype(np.float32)
    layer.set_weights([kernel, np.array([0.3], np.float32)])
    ink = np.asarray(shrink(pages)).reshape(len(pages), -1)
    expected = 1 / (1 + np.exp(-(ink @ kernel + 0.3)))
    np.testing.assert_allclose(layer(pages), expected, atol=1e-4)
    assert np.ptp(expected) > 0.01


def test_no_gradient_tells_how_to_look_familiar(made, pages):
    wide = made(bias=0.0, kernel=0.01)
    turn = keras.Model(wide.input, wide.get_layer(FAMILIAR).output)
    page = tf.constant(pages[:1])
    with tf.GradientTape() as tape:
        tape.watch(page)
        told = turn(page)[0, 0]
    assert 0.0 < float(told) < 1.0
    assert tape.gradient(told, page) is None


def test_shares_must_sum_to_one(made, home, networks, page_head):
    with pytest.raises(ValueError, match="sum to 1.1"):
        widen(made(0.0), home, networks, page_head, (0.4, 0.4, 0.3), [])


def test_saved_and_loaded_it_answers_alike(made, pages, tmp_path):
    wide = made(bias=0.0, kernel=0.01)
    expected = np.asarray(wide(pages))
    wide.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(pages), expected, atol=1e-6)
    wide.save_weights(tmp_path / "model.weights.h5")
    fresh = build("anywhere", SIZE)
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(fresh(pages), expected, atol=1e-6)


def test_the_head_is_that_of_every_network(made):
    assert made(0.0).layers[-1].name == HEAD


def test_the_part_for_others_can_answer_alone_and_without_the_thumbnail(
    made, networks, page_head, pages
):
    wide = made(bias=60.0)  # all pages are familiar
    answer_as_elsewhere(wide)
    signals = ReadTraces()(pages)
    logits = sum(
        share * np.log(np.asarray(network(signals, training=False)))
        for share, network in zip(SHARES[1:], networks, strict=True)
    )
    expected = logits + SHARES[0] * page_head[1]
    found = scores(wide(pages, training=False))
    np.testing.assert_allclose(
        found, expected - expected.mean(axis=1, keepdims=True), atol=2e-3, rtol=1e-3
    )
