import numpy as np
import pytest

from ecg_tf.evaluation.metrics import METRICS, confusion, metrics
from tests.evaluation.stored import one_hot, simulated

# Ten pages by hand: normal 4 (3 right), infarction 2 (1 right), history 2 (2 right), abnormal 2
# (0 right, both called normal).
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3])
ANSWERS = [0, 0, 0, 1, 1, 2, 2, 2, 0, 0]


def test_hand_counted_table():
    found = metrics(LABELS, one_hot(ANSWERS))
    assert found["accuracy"] == pytest.approx(6 / 10)
    expected = {
        "precision": (3 / 5, 1 / 2, 2 / 3, 0.0),
        "recall": (3 / 4, 1 / 2, 1.0, 0.0),
        "f1": (2 * 3 / (4 + 5), 2 * 1 / (2 + 2), 2 * 2 / (2 + 3), 0.0),
    }
    names = ("normal", "myocardial_infarction", "history_of_mi", "abnormal_heartbeat")
    for metric, values in expected.items():
        assert [found[f"{metric}/{name}"] for name in names] == pytest.approx(values)
        assert found[metric] == pytest.approx(np.mean(values))
    # Sure answers: the confidence is 1 everywhere, the accuracy 0.6.
    assert found["ece"] == pytest.approx(0.4)


def test_confusion_has_true_labels_as_rows():
    assert confusion(LABELS, one_hot(ANSWERS)).tolist() == [
        [3, 1, 0, 0],
        [0, 1, 1, 0],
        [0, 0, 2, 0],
        [2, 0, 0, 0],
    ]


def test_auroc_and_log_loss_by_hand():
    labels = np.array([0, 0, 1, 2, 3])
    probabilities = np.array(
        [
            [0.7, 0.1, 0.1, 0.1],
            [0.4, 0.4, 0.1, 0.1],  # a tie with the next for "normal"
            [0.4, 0.5, 0.05, 0.05],
            [0.1, 0.1, 0.7, 0.1],
            [0.5, 0.1, 0.1, 0.3],
        ]
    )
    found = metrics(labels, probabilities)
    # 2 x 3 pairs: .7 beats all three; .4 ties with one, beats one, loses to .5.
    assert found["auroc/normal"] == pytest.approx((3 + 1.5) / 6)
    truth = np.log([0.7, 0.4, 0.5, 0.7, 0.3])
    assert found["log_loss"] == pytest.approx(-truth.mean())


def test_all_right_and_all_wrong():
    labels = np.arange(8) % 4
    assert metrics(labels, one_hot(labels))["f1"] == 1
    wrong = metrics(labels, one_hot((labels + 1) % 4))
    assert (wrong["accuracy"], wrong["auroc"]) == (0, pytest.approx(1 / 3))
    # Zeros as stored stand for at most half of the last digit, so the loss stays finite.
    assert 14 < wrong["log_loss"] < 15


def test_a_class_that_does_not_occur_is_left_out_of_the_means():
    labels = np.array([0, 0, 1, 2])
    found = metrics(labels, one_hot([0, 0, 1, 2]))
    assert found["recall"] == found["f1"] == found["auroc"] == 1
    assert np.isnan(found["recall/abnormal_heartbeat"])


def test_every_named_figure_is_there():
    given = simulated()
    assert set(METRICS) <= set(metrics(given.labels, given.probabilities))
