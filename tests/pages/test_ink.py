import numpy as np
import pytest

from ecg_tf.pages.ink import ink, prepare
from ecg_tf.pages.pooling import pool, pool_matrix, unpool


def test_pooling_is_exact_where_sizes_divide():
    image = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = image.reshape(2, 2, 3, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(pool(image, 2, 3), expected, rtol=1e-6)


@pytest.mark.parametrize(("source", "target"), [(7, 3), (100, 37), (5, 5), (3, 8)])
def test_pooling_weights_sum_to_one(source, target):
    weights = pool_matrix(source, target)
    assert weights.shape == (target, source) and weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)


def test_unpooling_keeps_a_constant():
    np.testing.assert_allclose(unpool(np.full((3, 4), 7.0, np.float32), 10, 11), 7.0, rtol=1e-6)


def page_with_line(grid: tuple, trace=(10, 10, 10)) -> np.ndarray:
    page = np.full((608, 1046, 3), 255, np.float32)
    page[::20] = grid
    page[:, ::20] = grid
    page[300:302] = trace  # two pixels of 608: a ninth of a grey level per row when averaged
    return page


@pytest.mark.parametrize("grid", [(250, 150, 150), (150, 250, 150), (180, 180, 255)])
def test_a_thin_trace_survives_and_a_coloured_grid_does_not(grid):
    small = prepare(page_with_line(grid), 64, 96)[..., 0]
    line = small[300 * 64 // 608]
    assert line.max() < 130  # an average would leave it at 204
    rest = np.delete(small, [30, 31, 32], axis=0)
    assert rest.min() > 250


def test_shadow_does_not_become_ink():
    page = page_with_line((250, 150, 150)) * np.linspace(1.0, 0.5, 1046, dtype=np.float32)[:, None]
    found = ink(page)
    assert found[300:302].min() > 0.9
    assert found[:290].max() < 0.1


def test_the_input_is_three_equal_channels_in_range():
    small = prepare(
        np.random.default_rng(0).uniform(0, 255, (99, 201, 3)).astype("float32"), 32, 64
    )
    assert small.shape == (32, 64, 3) and small.dtype == np.float32
    assert small.min() >= 0 and small.max() <= 255
    np.testing.assert_array_equal(small[..., 0], small[..., 2])
