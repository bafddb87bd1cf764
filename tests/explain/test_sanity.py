import numpy as np
import pytest

from ecg_tf.explain.gradcam import grad_cam
from ecg_tf.explain.sanity import (
    cells,
    compressed,
    correlation,
    rank_correlation,
    shift_correlation,
    shifted,
    shuffled,
)
from tests.explain.conftest import small_network


@pytest.fixture(scope="module")
def network():
    """The small network with weights of all sizes; variances are positive."""
    model = small_network()
    rng = np.random.default_rng(0)
    drawn = [np.abs(rng.normal(0.0, 0.3, each.shape)) + 0.1 for each in model.get_weights()]
    signs = [1.0 if each.ndim < 2 else rng.choice([-1.0, 1.0], each.shape) for each in drawn]
    model.set_weights([sign * each for sign, each in zip(signs, drawn, strict=True)])
    return model


@pytest.fixture(scope="module")
def heat():
    return np.random.default_rng(0).random((48, 64)).astype(np.float32)


def test_shuffled_weights_are_the_same_numbers_in_another_order(network):
    before = [weight.copy() for weight in network.get_weights()]
    other = shuffled(network, seed=1)
    kept = 0
    for own, drawn, now in zip(before, other.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(own, now)
        np.testing.assert_allclose(np.sort(own.ravel()), np.sort(drawn.ravel()))
        kept += np.array_equal(own, drawn)
    assert kept < len(before) / 4
    for one, two in zip(other.get_weights(), shuffled(network, seed=1).get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_grad_cam_changes_with_the_weights(network, drawn_pages):
    pages, classes = (each[:8] for each in drawn_pages)
    maps = [np.asarray(grad_cam(model)(pages, classes)) for model in (network, shuffled(network))]
    changed = [rank_correlation(*pair) for pair in zip(*maps, strict=True)]
    assert abs(np.mean(changed)) < 0.5


def test_ranks_do_not_mind_how_heat_is_spread(heat):
    assert rank_correlation(heat, 2 * heat + 1) == pytest.approx(1.0)
    assert rank_correlation(heat, 1 - heat) == pytest.approx(-1.0)
    grown = np.kron(cells(heat), np.ones((8, 8)))
    assert rank_correlation(grown, np.exp(20 * grown)) == pytest.approx(1.0)
    assert correlation(grown, np.exp(20 * grown)) < 0.99


def test_an_even_map_goes_with_nothing(heat):
    assert rank_correlation(heat, np.zeros_like(heat)) == 0.0
    assert correlation(np.ones_like(heat), heat) == 0.0


def test_a_map_that_moves_with_the_page_is_stable_and_one_that_stays_is_not(heat):
    moved = np.roll(heat, (2, 2), axis=(0, 1))
    assert shift_correlation(heat, moved) == pytest.approx(1.0)
    assert shift_correlation(heat, heat) < 0.3


def test_the_page_moves_down_and_right_and_blank_paper_follows():
    page = np.zeros((6, 8, 3), np.float32)
    page[3, 4] = 9.0
    moved = shifted(page, 2)
    assert (moved[5, 6] == 9.0).all() and (moved[:2] == 255.0).all()
    assert (moved[:, :2] == 255.0).all() and (moved[2:, 2:] < 255.0).all()


def test_compression_changes_a_page_a_little():
    image = np.full((64, 64, 3), 240, np.uint8)
    image[20:22] = 10
    after = compressed(image)
    assert after.shape == image.shape and after.dtype == np.uint8
    assert 0 < np.abs(after.astype(int) - image).mean() < 10


def test_cells_are_means_and_what_fills_no_cell_is_left_out():
    heat = np.arange(30.0).reshape(5, 6)
    assert cells(heat, 2).tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]
