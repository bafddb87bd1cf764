"""Signals laid out without drawing them, and weights that another training begins from."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from ecg_tf.models import build
from ecg_tf.pages.columns import SHAPE, SIGNALS, read_columns
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.signals import simulate
from ecg_tf.pages.synthetic import CROP, draw
from ecg_tf.training import pretrain as module
from ecg_tf.training.drawn_set import UNKNOWN_AGE
from ecg_tf.training.initial import begin_from, save_weights
from ecg_tf.training.pretrain import PICTURES, as_read, network, plan_of, pretrain, signal_set
from ecg_tf.training.run import Split, train_split
from tests.pages.test_recordings import write
from tests.training.test_fit import made_up

SIZE = (448, 1120)
SHORT = replace(PICTURES.recipe, epochs=1, batch=2, settle=False)  # the first step has a rate of 0


def test_a_signal_is_laid_out_as_it_would_be_read_off_its_page():
    signal = simulate(4, "normal")
    page = draw(4, "normal", layout="3x4+1", size=CROP, whole=False, style="banner")
    read = np.asarray(read_columns(prepare(page.image.astype(np.float32), *SIZE)[None]))[0]
    laid = as_read(signal.signal, signal.fs)
    assert laid.shape == read.shape == SHAPE
    for number in range(SIGNALS):
        # Ink lies where it was printed: a few samples of either side are no concern here.
        shifts = [np.roll(laid, by, axis=0)[8:-8] for by in range(-8, 9)]
        likeness = [np.corrcoef(each[:, number], read[8:-8, number])[0, 1] for each in shifts]
        assert max(likeness) > 0.8
        found = shifts[int(np.argmax(likeness))]
        for kind in (1, 2):  # spreads and amounts of ink
            one, other = (each[:, kind * SIGNALS + number] for each in (found, read[8:-8]))
            assert np.corrcoef(one, other)[0, 1] > 0.6
            assert 0.5 < np.median(one) / np.median(other) < 2.0


def test_a_wider_pen_leaves_more_ink_at_the_same_heights():
    signal = simulate(4, "normal")
    usual, wide = (as_read(signal.signal, signal.fs, pen) for pen in (1.0, 1.4))
    np.testing.assert_array_equal(usual[:, :SIGNALS], wide[:, :SIGNALS])
    assert (wide[:, SIGNALS:] >= usual[:, SIGNALS:]).all()
    assert wide[:, SIGNALS:].mean() > 1.1 * usual[:, SIGNALS:].mean()
    assert wide[:, 2 * SIGNALS :].max() == 1.0


def test_what_a_short_recording_lacks_is_level():
    laid = as_read(np.random.default_rng(0).normal(size=(750, 12)), 100.0)  # 7.5 s
    last = [3, 7, 11, 15]
    assert not laid[1:, last].any() and laid[1:, [0, 1, 2]].any()


def test_recordings_of_known_labels_and_simulated_signals_are_learnt_from(tmp_path, monkeypatch):
    rows = [
        {"row": 0, "record_id": "a", "label": "normal", "patient_key": "p1"},
        {"row": 1, "record_id": "b", "label_loose": "history_of_mi", "patient_key": "p2"},
        {"row": 2, "record_id": "c", "patient_key": "p3"},
        {"row": 2, "record_id": "d", "patient_key": "p4", "mi_any": "1"},
    ]
    write(tmp_path, rows)
    short = PICTURES._replace(recipe=SHORT, simulated=4)
    found = signal_set(tmp_path, short)
    assert found.pages.shape == (10, *SHAPE) and len(found) == 10
    expected = [[1, 0, 0, 0], [0, 0, 1, 0], UNKNOWN_AGE]
    np.testing.assert_array_equal(found.target[[0, 2, 4]], np.float32(expected))
    np.testing.assert_array_equal(found.target[6:], np.eye(4))
    np.testing.assert_allclose(found.weight.mean(), 1.0, rtol=1e-6)
    assert not np.array_equal(found.pages[0], found.pages[1])  # behind other filters
    assert sum(UNKNOWN_AGE) == 1.0

    monkeypatch.setattr(module, "PICTURES", short)
    first, second = network("cnn_read", 0), network("cnn_read", 0)
    start = np.asarray(first.get_layer("block1_conv").kernel)
    pretrain(first, found, tmp_path / "run", seed=0)
    pretrain(second, found, tmp_path / "again", seed=0)
    assert not np.array_equal(start, np.asarray(first.get_layer("block1_conv").kernel))
    for one, other in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    with pytest.raises(ValueError, match="cnn does not read the page first"):
        network("cnn", 0)
    assert plan_of("traces").prints > plan_of("cnn_read").prints


def test_training_begins_from_the_weights_that_it_is_given(tmp_path):
    file = tmp_path / "weights.npz"
    first = build("mobilenet_read", SIZE)
    save_weights(first, file)
    still = replace(SHORT, learning_rate=0.0, weight_decay=0.0)
    pages, _ = made_up(8)
    images = np.full((8, *SIZE), 255, np.uint8)
    split = Split("fold 0", np.arange(8), np.arange(4))
    train_split(
        "mobilenet_read", still, pages, images, split, tmp_path / "run", seed=1, initial=file
    )
    second = build("mobilenet_read", SIZE)
    second.load_weights(tmp_path / "run" / "model.weights.h5")
    for one, other in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_networks_share_a_backbone_and_keep_what_is_their_own(tmp_path):
    file = tmp_path / "weights.npz"
    plain, refined = (
        build(name, SIZE) for name in ("densenet121_read", "densenet121_bottleneck_read")
    )
    save_weights(plain, file)
    own = np.asarray(refined.get_layer("refine_squeeze").kernel)
    begin_from(refined, file)
    np.testing.assert_array_equal(np.asarray(refined.get_layer("refine_squeeze").kernel), own)
    for name in ("conv1_conv", "conv5_block16_2_conv"):
        np.testing.assert_array_equal(
            np.asarray(refined.get_layer(name).kernel), np.asarray(plain.get_layer(name).kernel)
        )


def test_weights_of_another_network_are_refused(tmp_path):
    save_weights(build("mobilenet_read", SIZE), tmp_path / "weights.npz")
    with pytest.raises(ValueError, match="holds 0% of the weights of cnn_read, not 50%"):
        begin_from(build("cnn_read", SIZE), tmp_path / "weights.npz")
    with pytest.raises(FileNotFoundError, match="none.npz"):
        begin_from(keras.Sequential(), tmp_path / "none.npz")
