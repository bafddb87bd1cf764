import numpy as np
import pytest

from ecg_tf.explain.counterfactual import compare, draw_pair


def test_a_pair_differs_in_the_trace_and_nothing_else():
    before, after = draw_pair(3, ("st", "t", "q"))
    again, same = draw_pair(3, ())
    differs = (before != after).any(axis=2)
    assert 0.0 < differs.mean() < 0.1
    np.testing.assert_array_equal(again, same)
    np.testing.assert_array_equal(before, again)


def test_the_probabilities_of_both_pages_are_compared():
    pages = []

    def answer(page):
        """Infarction is the more likely the earlier a page comes."""
        pages.append(page)
        p = 0.8 / len(pages)
        return np.array([1 - p, p, 0.0, 0.0])

    found = compare(answer, [1, 2], ("st",))
    np.testing.assert_allclose(found.before, [0.8, 0.8 / 3])
    np.testing.assert_allclose(found.after, [0.4, 0.2])
    assert found.fell.tolist() == [True, True] and found.answered.tolist() == [True, False]
    for place, seed in enumerate((1, 2)):
        for page, drawn in zip(pages[2 * place :], draw_pair(seed, ("st",)), strict=False):
            np.testing.assert_array_equal(page, drawn)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="got no seeds"):
        compare(lambda page: np.ones(4), [])
    with pytest.raises(ValueError, match="flatten"):
        compare(lambda page: np.ones(4), [1], ("p",))
