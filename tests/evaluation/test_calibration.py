from dataclasses import replace

import numpy as np
import pytest

from ecg_tf.evaluation.calibration import (
    apply_temperature,
    cross_fitted,
    expected_calibration_error,
    fit_temperature,
    reliability,
)
from ecg_tf.evaluation.predictions import ARRAYS
from tests.evaluation.stored import one_hot, simulated


def test_error_by_hand():
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1]] * 4 + [[0.4, 0.3, 0.2, 0.1]] * 4)
    labels = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    confidence, accuracy, count = reliability(labels, probabilities)
    assert confidence == pytest.approx([0.4, 0.7])
    assert accuracy == pytest.approx([0.25, 0.75])
    assert count.tolist() == [4, 4]
    error = (4 * 0.15 + 4 * 0.05) / 8
    assert expected_calibration_error(labels, probabilities) == pytest.approx(error)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(true):
    """Labels drawn from p, probabilities sharpened to p^T: the temperature is T."""
    generator = np.random.default_rng(0)
    p = generator.dirichlet(np.ones(4), 4000)
    labels = np.array([generator.choice(4, p=row) for row in p])
    assert fit_temperature(labels, apply_temperature(p, 1 / true)) == pytest.approx(true, rel=0.1)


def test_temperature_one_changes_nothing_and_the_answer_stays():
    p = simulated(50).probabilities
    assert apply_temperature(p, 1.0) == pytest.approx(p)
    hot = apply_temperature(p, 4.0)
    assert (hot.argmax(axis=1) == p.argmax(axis=1)).all()
    assert hot.max() < p.max()
    assert hot.sum(axis=1) == pytest.approx(np.ones(50))


def test_zeros_stay_finite():
    labels = np.array([0, 1, 2, 3])
    sure = one_hot([0, 1, 2, 0])
    assert np.isfinite(apply_temperature(sure, 0.05)).all()
    assert fit_temperature(labels, sure) > 1


def test_a_fold_is_calibrated_by_the_others():
    given = simulated(80)
    softened = cross_fitted(given)
    there = given.fold == 1
    temperature = fit_temperature(given.labels[there], given.probabilities[there])
    assert softened[~there] == pytest.approx(
        apply_temperature(given.probabilities[~there], temperature)
    )


def test_a_repeat_is_calibrated_by_itself():
    """A fold's pages lie in other folds of the other repeats, where they must not be seen."""
    first, second = simulated(80), simulated(80, seed=1)
    second = replace(second, repeat=second.repeat + 1)
    both = replace(
        first,
        **{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in ARRAYS},
    )
    alone = np.concatenate([cross_fitted(first), cross_fitted(second)])
    np.testing.assert_array_equal(cross_fitted(both), alone)


def test_errors():
    p = one_hot([0, 1])
    with pytest.raises(ValueError, match="temperature is 0; it must be above 0"):
        apply_temperature(p, 0)
    with pytest.raises(ValueError, match="at least one page; there are 0"):
        fit_temperature(np.array([], dtype=int), np.zeros((0, 4)))
    with pytest.raises(ValueError, match="at least 2 folds, not 1"):
        cross_fitted(replace(simulated(2), fold=np.array([0, 0])))
