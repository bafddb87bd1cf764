"""A network of two parts that take turns is explained by the part that answered.

The page's corner says whose turn it is. On the way to blank paper the corner fades, and the other
part would answer; the explanation must not speak of that.
"""

import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.explain.gradcam import grad_cam
from ecg_tf.explain.integrated_gradients import BLANK, integrated_gradients, with_blank
from ecg_tf.explain.maps import explainer
from ecg_tf.explain.parts import parts
from ecg_tf.explain.probe import behind, halfway, probe
from ecg_tf.models.familiar import FAMILIAR
from ecg_tf.models.multiscale import FUSED
from tests.explain.conftest import READ

CLASSES = [1, 2]


@pytest.fixture(scope="module")
def marked(read_pages):
    """The first page with a block of ink in its corner. Ink is uneven: on a drawn page a stroke may
    reach exactly as far up as down, and rounding decides which is its tip."""
    uneven = np.random.default_rng(0).uniform(0.8, 1.0, (*READ, 1)).astype(np.float32)
    pages = BLANK + (read_pages - BLANK) * uneven
    pages[0, :10, :16] = 0.0
    return pages


def held_difference(model, pages):
    """Score of the page minus that of blank paper, both by the part that answered the page."""
    seen = probe(model, FUSED)(with_blank(pages))
    taken = halfway(model, FUSED)
    blank = {name: tf.repeat(seen[name][-1:], len(pages), axis=0) for name in taken}
    blank |= {FAMILIAR: seen[FAMILIAR][:-1]}
    nothing = behind(model, FUSED)(tf.fill(pages.shape, BLANK), blank)
    difference = seen["scores"][:-1] - nothing
    return np.asarray(difference)[np.arange(len(pages)), CLASSES]


def test_the_pages_are_answered_by_different_parts(turning, marked):
    turn = np.asarray(probe(turning)(with_blank(marked))[FAMILIAR])[:, 0]
    assert turn[0] > 0.9 and turn[1] < 0.1 and turn[2] < 0.01


def test_integrated_gradients_sum_to_the_difference_by_the_part_that_answered(turning, marked):
    attributions, gap = integrated_gradients(turning)(marked, CLASSES)
    sums, expected = np.asarray(attributions).sum(axis=(1, 2)), held_difference(turning, marked)
    part = np.abs(sums - expected) / np.maximum(np.abs(expected), 0.1)
    np.testing.assert_allclose(gap, part, atol=1e-3)
    assert part.max() < 0.05


def test_the_explainer_says_the_same(turning, marked):
    found = explainer(turning, steps=32, traced=False)(marked, CLASSES)
    attributions, gap = integrated_gradients(turning)(marked, CLASSES)
    # One is traced, the other is not: a last bit may decide which ink of a stroke is its tip.
    for one, other in zip(np.asarray(found["attributions"]), np.asarray(attributions), strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99
        assert one.sum() == pytest.approx(other.sum(), rel=0.02)
    np.testing.assert_allclose(found["gap"], gap, atol=0.01)
    np.testing.assert_allclose(found["gradcam"], grad_cam(turning)(marked, CLASSES), atol=1e-5)


def test_moments_of_the_traces_are_those_of_the_part_that_answered(turning, marked, monkeypatch):
    monkeypatch.setattr("ecg_tf.explain.parts.STEPS", 256)
    seen = probe(turning, FUSED)(with_blank(marked))
    found = parts(turning, FUSED)(marked, seen, CLASSES)
    told = np.asarray(found["traces"]).sum(axis=(1, 2))
    rest, here = behind(turning, FUSED), {name: seen[name][:-1] for name in halfway(turning, FUSED)}
    blank = here | {"signals": tf.repeat(seen["signals"][-1:], 2, axis=0)}
    without = np.asarray(seen["scores"][:-1] - rest(tf.constant(marked), blank))[
        np.arange(2), CLASSES
    ]
    np.testing.assert_allclose(told, without, atol=0.05 * np.abs(without).max())
