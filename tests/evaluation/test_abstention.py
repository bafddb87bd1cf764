import numpy as np
import pytest

from ecg_tf.evaluation.abstention import accuracy_at, area_under_risk, risk_coverage, threshold_for

# Confidences .9 right, .8 wrong, .7 right and .7 wrong.
CONFIDENCES = np.array([0.7, 0.9, 0.8, 0.7])
PROBABILITIES = np.column_stack([CONFIDENCES, 1 - CONFIDENCES, np.zeros(4), np.zeros(4)])
LABELS = np.array([0, 0, 1, 1])


def test_curve_by_hand():
    coverage, risk = risk_coverage(LABELS, PROBABILITIES)
    assert coverage == pytest.approx([0.25, 0.5, 1.0])
    assert risk == pytest.approx([0, 0.5, 0.5])
    assert area_under_risk(LABELS, PROBABILITIES) == pytest.approx(0.25 * 0.5 + 0.5 * 0.5)


def test_order_in_the_file_does_not_matter():
    order = np.array([3, 0, 2, 1])
    for a, b in zip(
        risk_coverage(LABELS, PROBABILITIES),
        risk_coverage(LABELS[order], PROBABILITIES[order]),
        strict=True,
    ):
        assert a == pytest.approx(b)


@pytest.mark.parametrize(("coverage", "accuracy"), [(0.25, 1), (0.3, 0.5), (0.6, 0.5), (1.0, 0.5)])
def test_accuracy_at(coverage, accuracy):
    assert accuracy_at(LABELS, PROBABILITIES, coverage) == pytest.approx(accuracy)


@pytest.mark.parametrize("coverage", [0, -0.1, 1.01])
def test_coverage_out_of_range(coverage):
    with pytest.raises(ValueError, match=f"coverage is {coverage}"):
        accuracy_at(LABELS, PROBABILITIES, coverage)


def test_threshold():
    assert threshold_for(LABELS, PROBABILITIES, 1.0) == pytest.approx(0.9)
    assert threshold_for(LABELS, PROBABILITIES, 0.5) == pytest.approx(0.7)
    assert threshold_for(1 - LABELS, PROBABILITIES, 0.9) is None
