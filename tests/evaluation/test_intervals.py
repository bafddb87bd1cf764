import numpy as np
import pytest

from ecg_tf.evaluation.intervals import intervals, resample, weighted_metrics
from ecg_tf.evaluation.metrics import metrics
from tests.evaluation.stored import one_hot, simulated


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_of_one_give_the_plain_figures(seed):
    given = simulated(60, seed)
    plain = metrics(given.labels, given.probabilities)
    weighted = weighted_metrics(given.labels, given.probabilities, np.ones((1, 60)))
    assert weighted.keys() == plain.keys()
    for name, value in plain.items():
        assert weighted[name][0] == pytest.approx(value, abs=1e-9), name


def test_a_weight_of_two_is_the_line_twice():
    given = simulated(40, 3, skill=0.5)
    weights = np.random.default_rng(0).integers(0, 3, 40)
    lines = np.repeat(np.arange(40), weights)
    plain = metrics(given.labels[lines], given.probabilities[lines])
    weighted = weighted_metrics(given.labels, given.probabilities, weights[None].astype(float))
    for name, value in plain.items():
        assert weighted[name][0] == pytest.approx(value, abs=1e-9, nan_ok=True), name


def test_lines_of_one_page_are_drawn_together():
    drawn = resample(np.array(["a", "b", "a", "c", "a"]), 200, seed=0)
    assert (drawn[:, 0] == drawn[:, 2]).all() and (drawn[:, 0] == drawn[:, 4]).all()
    assert (drawn[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_copies_do_not_narrow_the_interval():
    given = simulated(40)
    once = intervals(given.labels, given.probabilities, given.page_ids)
    copies = intervals(
        np.tile(given.labels, 5), np.tile(given.probabilities, (5, 1)), np.tile(given.page_ids, 5)
    )
    assert copies["accuracy"] == pytest.approx(once["accuracy"])


def test_interval_is_the_same_for_the_same_seed():
    given = simulated(30)
    data = given.labels, given.probabilities, given.page_ids
    assert intervals(*data, resamples=100) == intervals(*data, resamples=100)
    assert intervals(*data, resamples=100) != intervals(*data, resamples=100, seed=1)


def test_coverage_on_simulated_pages():
    """A model that is right on 80 % of all pages: about 95 of 100 intervals hold 0.8."""
    generator = np.random.default_rng(7)
    n, true, held = 200, 0.8, 0
    page_ids = np.arange(n).astype(str)
    for trial in range(120):
        labels = np.arange(n) % 4
        right = generator.random(n) < true
        answers = np.where(right, labels, (labels + 1) % 4)
        drawn = resample(page_ids, 200, seed=trial)
        accuracy = weighted_metrics(labels, one_hot(answers), drawn)["accuracy"]
        low, high = np.percentile(accuracy, [2.5, 97.5])
        held += low <= true <= high
    assert 0.90 <= held / 120 <= 0.99


def test_a_class_seen_once_still_gets_an_interval():
    labels = np.array([0] * 20 + [1] * 20 + [2] * 20 + [3])
    found = intervals(labels, one_hot(labels), np.arange(61).astype(str), resamples=200)
    assert found["recall/abnormal_heartbeat"] == (1, 1)
    assert found["f1"] == (1, 1)
