from dataclasses import replace

import numpy as np
import pytest

from ecg_tf.evaluation.paired import compare, compare_all, holm, mcnemar
from tests.evaluation.stored import one_hot, simulated


def answering(answers, labels, name, pages=None):
    base = simulated(len(labels))
    pages = base.page_ids if pages is None else np.array(pages)
    return replace(
        base,
        page_ids=pages,
        labels=np.array(labels),
        probabilities=one_hot(answers),
        meta=base.meta | {"model": name},
    )


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (10, 0, 2 / 2**10),
        (0, 10, 2 / 2**10),
        (8, 1, 2 * (1 + 9) / 2**9),
    ],
)
def test_mcnemar_by_hand(first, second, p):
    assert mcnemar(first, second) == pytest.approx(p)


def test_holm_by_hand():
    # Sorted .01 .02 .03 .2, times 4, 3, 2, 1: .04 .06 .06 .2, in the order given.
    assert holm(np.array([0.2, 0.01, 0.03, 0.02])) == pytest.approx([0.2, 0.04, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    assert len(holm(np.array([]))) == 0


def test_clear_difference_is_no_tie():
    labels = np.arange(40) % 4
    good = answering(labels, labels, "cnn")
    bad = answering((labels + 1) % 4, labels, "resnet50")
    pair = compare(good, bad)
    assert (pair.pages, pair.difference, pair.only_first, pair.only_second) == (40, 1.0, 40, 0)
    assert (pair.low, pair.high) == (1.0, 1.0)
    assert not pair.tie


def test_repeats_that_only_one_has_do_not_help_it():
    first, second = simulated(40), simulated(40, model="resnet50", skill=1.0)
    more = simulated(40, seed=1)
    twice = replace(
        first,
        repeat=np.repeat([0, 1], 40),
        **{
            name: np.concatenate([getattr(first, name), getattr(more, name)])
            for name in ("page_ids", "labels", "fold", "probabilities")
        },
    )
    assert compare(twice, second) == compare(first, second)


def test_small_difference_is_a_tie():
    labels = np.zeros(40, dtype=int)
    first = answering([1] * 4 + [0] * 36, labels, "cnn")
    second = answering([0] * 4 + [1] * 7 + [0] * 29, labels, "resnet50")
    pair = compare(first, second)
    assert (pair.only_first, pair.only_second) == (7, 4)
    assert pair.low < 0 < pair.high
    assert pair.tie


def test_correction_turns_a_lonely_finding_into_a_tie():
    labels = np.zeros(40, dtype=int)
    models = [answering([0] * 40, labels, "a"), answering([1] * 7 + [0] * 33, labels, "b")]
    assert not compare_all(models)[0].tie
    more = [answering([0] * 40, labels, f"same{i}") for i in range(3)]
    pairs = compare_all(models + more)
    assert len(pairs) == 10
    pair = next(pair for pair in pairs if pair.first.startswith("a") and "b-" in pair.second)
    assert pair.p < 0.05 < pair.adjusted


def test_only_common_pages_count():
    labels = np.zeros(4, dtype=int)
    first = answering([0, 0, 1, 1], labels, "cnn", ["a", "b", "c", "d"])
    second = answering([1, 1, 0, 0], labels, "resnet50", ["c", "d", "e", "f"])
    assert compare(first, second).pages == 2
    other = answering([0] * 4, labels, "mobilenet", ["w", "x", "y", "z"])
    assert compare(first, other) is None
    assert len(compare_all([first, second, other])) == 1


def test_repeats_are_averaged_to_one_answer_a_page():
    labels = np.zeros(3, dtype=int)
    thrice = replace(
        answering([0, 0, 1], labels, "cnn", ["a", "a", "a"]), repeat=np.array([0, 1, 2])
    )
    pair = compare(thrice, answering([1], [0], "resnet50", ["a"]))
    assert (pair.pages, pair.only_first) == (1, 1)


def test_different_labels_for_a_page_are_refused():
    first = answering([0], [0], "cnn", ["a"])
    second = answering([0], [1], "resnet50", ["a"])
    with pytest.raises(ValueError, match="page a has different labels in cnn-paper-leak-free"):
        compare(first, second)
