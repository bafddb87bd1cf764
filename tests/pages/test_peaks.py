"""Peaks: the same as scipy finds, on curves of every kind."""

import numpy as np
import pytest
from scipy import signal

from ecg_tf.pages.peaks import find_peaks


def curves():
    """Random walks, noise, steps with flat tops, and curves that have no peak."""
    random = np.random.default_rng(0)
    for length in (30, 240):
        yield from random.random((40, length))
        yield from random.normal(size=(40, length)).cumsum(axis=1)
        yield from random.integers(0, 6, (40, length)).astype(float)
    yield from (np.zeros(20), np.arange(20.0), np.arange(20.0)[::-1], np.ones(1), np.zeros(2))


@pytest.mark.parametrize("distance", [1, 4, 12])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.6])
def test_the_same_as_scipy(distance, part):
    found = 0
    for curve in curves():
        height, prominence = part * curve.max(), part * np.ptp(curve)
        expected, _ = signal.find_peaks(
            curve, distance=distance, height=height, prominence=prominence
        )
        np.testing.assert_array_equal(find_peaks(curve, distance, height, prominence), expected)
        found += len(expected)
    assert found > 100
