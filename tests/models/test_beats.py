import keras
import numpy as np
import pytest

from ecg_tf.models import build
from ecg_tf.models.beats import LANDMARKS, Likeness, beat_network
from ecg_tf.models.beats_found import BEFORE, find_beats
from ecg_tf.models.measurements import BEAT, LEADS, MEASUREMENTS, RATE, RHYTHM, measure
from ecg_tf.pages.columns import COLUMNS, SAMPLES, SHAPE, SIGNALS

MINUTE = 60


def signals(seconds: list[float], height: float = 1.0, heights: dict | None = None) -> np.ndarray:
    """Signals (1, *SHAPE) with a narrow wave at each of these times of a 10 s strip; `heights`
    by number of the beat."""
    time = np.arange(COLUMNS * SAMPLES) / RATE
    strip = sum(
        (heights or {}).get(number, height) * np.exp(-(((time - at) / 0.02) ** 2))
        for number, at in enumerate(seconds)
    )
    quarters = strip.reshape(COLUMNS, SAMPLES).T
    found = np.zeros((1, SAMPLES, 3, SIGNALS), np.float32)
    found[0, :, 0, :LEADS] = np.tile(quarters, 3)  # row by row: each column's part of the strip
    found[0, :, 0, LEADS:] = quarters
    return found.reshape(1, *SHAPE)


def rhythm(found: np.ndarray) -> np.ndarray:
    return np.asarray(measure(found))[0, -RHYTHM:]


def test_a_regular_pulse_of_75():
    found = rhythm(signals(list(np.arange(0.5, 10, 0.8))))
    assert found[0] == pytest.approx(12 / 10, rel=0.02)
    assert MINUTE / found[1] == pytest.approx(75, rel=0.02)
    assert found[4] < 0.02 and found[10] == 0 and found[15] == 0
    assert found[13] > 0.95  # all beats are alike


def test_an_early_beat_of_another_shape():
    times = list(np.arange(0.5, 10, 0.8))
    times[5] -= 0.35
    found = rhythm(signals(times, heights={5: -1.0}))
    assert found[10] == pytest.approx(1 / 3, rel=0.02)  # one interval is short
    assert found[11] == pytest.approx(1 / 3, rel=0.02)  # and one long
    assert found[13] < 0 and found[15] > 0.3  # the early beat, and perhaps one that it overlaps


def test_the_median_beat_is_as_high_as_the_beats():
    found = np.asarray(measure(signals(list(np.arange(0.5, 10, 0.8)), height=1.5)))[0]
    beat = found[: 3 * (BEAT - 17)].reshape(-1, 3)  # the first column of leads
    assert beat[:, 0].max() == pytest.approx(1.5, abs=0.1)
    assert beat[:, 0].argmax() == pytest.approx(BEFORE / 2, abs=2)


def test_no_beats_measure_nothing():
    found = np.asarray(measure(np.zeros((2, *SHAPE), np.float32)))
    assert found.shape == (2, MEASUREMENTS) and np.isfinite(found).all()
    assert np.abs(found[:, : LEADS * BEAT]).max() < 1e-3


def test_beats_are_counted_from_the_left_and_no_more_than_asked_for():
    strip = signals(list(np.arange(0.5, 10, 0.8))).reshape(1, SAMPLES, 3, SIGNALS)
    row = strip[0, :, 0, LEADS:].T.reshape(1, -1, 1)
    at, there = (np.asarray(each)[0] for each in find_beats(row, 5))
    assert there.sum() == 5 and (np.diff(at) > 0).all()
    np.testing.assert_allclose(at / RATE, np.arange(0.5, 3.8, 0.8), atol=0.06)


def test_likeness_is_one_for_a_landmark_and_falls_with_the_distance():
    layer = Likeness(3)
    layer.build((None, 2))
    layer.set_weights([np.zeros(2), np.ones(2), np.tanh([[0, 0], [1, 0], [9, 9]]), np.array(0.5)])
    found = np.asarray(layer(np.array([[0.0, 0.0], [1.0, 0.0]], np.float32)))
    apart = np.exp(-(np.tanh(1.0) ** 2) / 0.5)
    np.testing.assert_allclose(found[:, :2], [[1, apart], [apart, 1]], atol=1e-6)


def test_saved_and_loaded_it_answers_alike(tmp_path):
    keras.utils.set_random_seed(0)
    model = beat_network()
    pages = signals(list(np.arange(0.5, 10, 0.8)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(again(pages)), np.asarray(model(pages)), atol=1e-6)
    assert model.get_layer("likeness").output.shape == (None, LANDMARKS)


def test_it_has_no_backbone_to_give_weights_to():
    with pytest.raises(ValueError, match="no backbone"):
        build("beats", weights="imagenet")
