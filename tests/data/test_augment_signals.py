import numpy as np
import pytest

from ecg_tf.data.augment import DRAWS
from ecg_tf.data.augment_signals import augment_signals, shifted, unchanged
from ecg_tf.pages.columns import SAMPLES, SHAPE, SIGNALS


@pytest.fixture
def given():
    random = np.random.default_rng(0)
    signals = random.standard_normal((3, *SHAPE)).astype(np.float32)
    draws = random.random((3, len(DRAWS))).astype(np.float32)
    return signals, draws, random.standard_normal(signals.shape).astype(np.float32)


def test_strength_zero_changes_nothing(given):
    np.testing.assert_allclose(np.asarray(augment_signals(*given, 0.0)), given[0], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(unchanged(given[0])), given[0])


def test_the_same_numbers_give_the_same_signals(given):
    first, again = (np.asarray(augment_signals(*given)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == given[0].shape and np.abs(first - given[0]).max() > 0.01


def test_values_roll_along_time_each_page_by_its_own_part():
    values = np.random.default_rng(1).random((2, 40, 3, 5)).astype(np.float32)
    found = np.asarray(shifted(values, np.array([0.1, -0.25], np.float32)))
    np.testing.assert_array_equal(found[0], np.roll(values[0], 4, axis=0))
    np.testing.assert_array_equal(found[1], np.roll(values[1], -10, axis=0))


def test_one_lead_goes_missing_and_never_a_piece_of_the_strip(given):
    signals, draws, noise = given
    draws[:, 4] = 0.0  # every page loses one
    draws[:, 3] = (0.0, 0.5, 0.999)
    kinds = np.asarray(augment_signals(signals, draws, noise)).reshape(3, SAMPLES, 3, SIGNALS)
    for number, lost in enumerate((0, 6, 11)):
        empty = np.abs(kinds[number]).max(axis=(0, 1)) == 0
        assert np.flatnonzero(empty).tolist() == [lost]
