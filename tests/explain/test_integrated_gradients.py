import keras
import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.explain.integrated_gradients import (
    BLANK,
    LEAST,
    _with_jumps,
    display,
    integrated_gradients,
)
from ecg_tf.explain.probe import probe
from ecg_tf.models.head import classify, page_input
from tests.explain.conftest import READ, SIZE


@pytest.fixture(scope="module")
def attribute(trained):
    return integrated_gradients(trained)


@pytest.fixture(scope="module")
def attribute_coarsely(trained):
    return integrated_gradients(trained, steps=8)


def _difference(model, pages, classes):
    look = probe(model)
    blank = np.full((1, *SIZE, 3), BLANK, np.float32)
    rows = np.arange(len(pages))
    return (
        np.asarray(look(pages)["scores"])[rows, classes]
        - np.asarray(look(blank)["scores"])[0, classes]
    )


def test_the_attributions_sum_to_the_difference_of_the_scores(trained, attribute, drawn_pages):
    pages, _ = drawn_pages
    classes = trained.predict_on_batch(pages).argmax(axis=1)
    attributions, gap = attribute(pages, classes)
    assert attributions.shape == (24, *SIZE)
    difference = _difference(trained, pages, classes)
    sums = np.asarray(attributions).sum(axis=(1, 2))
    # Where page and blank paper hardly differ there is nothing to sum up to.
    clear = np.abs(difference) > 0.1
    assert clear.sum() >= 22
    np.testing.assert_allclose(sums[clear], difference[clear], rtol=0.05)
    part = np.abs(sums - difference) / np.maximum(np.abs(difference), LEAST)
    np.testing.assert_allclose(gap, part, atol=1e-4)


def test_a_linear_network_is_attributed_exactly():
    page = page_input((8, 8))
    maps = keras.layers.ReLU(name="maps")(page)  # pages are positive: changes nothing
    model = keras.Model(page, classify(keras.layers.Flatten()(maps)))
    kernel, bias = model.get_layer("p").get_weights()
    pages = np.random.default_rng(0).uniform(0, 255, (3, 8, 8, 3)).astype(np.float32)
    attributions, gap = integrated_gradients(model, steps=8)(pages, [0, 1, 3])
    slopes = (kernel - kernel.mean(axis=1, keepdims=True)).T.reshape(4, 8, 8, 3)
    expected = (slopes[[0, 1, 3]] * (pages - BLANK)).sum(axis=-1)
    np.testing.assert_allclose(attributions, expected, atol=1e-2)
    assert np.max(gap) < 1e-3


def test_through_the_signals_it_is_what_one_would_compute_point_by_point(
    reading, read_pages, monkeypatch
):
    """The page is read once for all points of the path. Compared where ink is not all but gone, for
    there the bound of the root in `trace_sums` is felt; and on ink of uneven darkness, for on a
    drawn page a stroke may reach exactly as far up as down, and rounding decides which is its tip.
    """
    pages = BLANK + (read_pages - BLANK) * _uneven(READ)
    edges = np.linspace(0.2, 1.0, 17, dtype=np.float32)
    points, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]

    def path(steps, chunk):
        assert steps == len(points)
        return (tf.constant(each.reshape(-1, chunk)) for each in (points, np.full(16, width)))

    def path_edges(steps, chunk):
        return tf.constant(np.stack([edges[at : at + chunk + 1] for at in range(0, steps, chunk)]))

    monkeypatch.setattr("ecg_tf.explain.integrated_gradients.FINER", 1)
    monkeypatch.setattr("ecg_tf.explain.integrated_gradients._path", path)
    monkeypatch.setattr("ecg_tf.explain.integrated_gradients._edges", path_edges)
    found = np.asarray(integrated_gradients(reading, steps=len(points))(pages, [1, 2])[0])
    look, expected = probe(reading), np.zeros_like(found)

    def told(point):
        there = tf.constant(BLANK + point * (pages - BLANK), tf.float32)
        return tf.gather(look(there)["scores"], [1, 2], axis=1, batch_dims=1)

    np.testing.assert_allclose(found.sum(axis=(1, 2)), told(1.0) - told(0.2), rtol=0.02)
    for point in points:
        there = tf.constant(BLANK + point * (pages - BLANK), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(there)
            score = tf.gather(look(there)["scores"], [1, 2], axis=1, batch_dims=1)
        slopes = np.asarray(tape.gradient(score, there))
        expected += width * (slopes * (pages - BLANK)).sum(axis=-1)
    for one, other in zip(found, expected, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99


def test_a_jump_is_given_to_what_mattered_in_its_step():
    """Two steps of three moments; the first changes by 5 where its slopes tell of 1."""
    slopes = np.array([[1.0, -0.5, 0.0], [0.0, 0.0, 0.0]], np.float32)
    sums = np.array([1.0, 1.0, -1.0], np.float32)
    found = np.asarray(_with_jumps(slopes, sums, np.array([5.0, 7.0], np.float32)))
    added = 2 * found * sums
    np.testing.assert_allclose(added.sum(axis=1), [5.0, 0.0], rtol=1e-6)
    # Of the 4 that are missing two thirds go to the moment that added twice as much.
    np.testing.assert_allclose(added[0], [2 + 8 / 3, -1 + 4 / 3, 0], rtol=1e-6)


def _uneven(size):
    """Factors (height, width, 1) in 0.8..1, changing from pixel to pixel."""
    return np.random.default_rng(0).uniform(0.8, 1.0, (*size, 1)).astype(np.float32)


def test_few_steps_are_seen_in_the_gap(attribute, attribute_coarsely, drawn_pages):
    """The gap is measured, not assumed: a coarse integral of a curved path shows a larger one."""
    pages, classes = drawn_pages
    coarse, fine = (np.asarray(each(pages, classes)[1]) for each in (attribute_coarsely, attribute))
    assert np.median(coarse) > 2 * np.median(fine) > 0


def test_a_blank_page_has_nothing_to_attribute(attribute):
    blank = np.full((1, *SIZE, 3), BLANK, np.float32)
    attributions, gap = attribute(blank, [0])
    assert np.abs(attributions).max() == 0.0
    assert gap[0] < 1e-4


def test_a_page_has_the_same_attributions_in_any_batch(attribute, drawn_pages):
    pages, classes = drawn_pages
    together = np.asarray(attribute(pages[:5], classes[:5])[0])
    alone = np.asarray(attribute(pages[3:4], classes[3:4])[0])
    np.testing.assert_allclose(alone[0], together[3], atol=1e-4)


def test_paper_without_ink_gets_nothing(attribute_coarsely, drawn_pages):
    pages, classes = drawn_pages
    attributions = np.asarray(attribute_coarsely(pages[:2], classes[:2])[0])
    assert np.abs(attributions[pages[:2, ..., 0] == BLANK]).max() == 0.0


@pytest.mark.parametrize("steps", [0, 4, 12, -8])
def test_steps_that_do_not_fill_batches_are_refused(trained, steps):
    with pytest.raises(ValueError, match=f"steps is {steps}; it must be a positive multiple of 8"):
        integrated_gradients(trained, steps)


def test_the_display_shows_what_spoke_for_the_class():
    attributions = np.zeros((2, 40, 60), np.float32)
    attributions[0, 10, 20], attributions[0, 30, 50] = 2.0, -2.0
    attributions[1] = -1.0
    maps = np.asarray(display(attributions))
    assert maps.shape == (2, 40, 60)
    assert np.unravel_index(maps[0].argmax(), (40, 60)) == (10, 20)
    assert maps[0].max() == 1.0 and maps[0, 25:, 40:].max() < 1e-6
    assert maps[1].max() == 0.0
