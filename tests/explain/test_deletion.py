import numpy as np
import pytest

from ecg_tf.explain.deletion import PARTS, deletion_insertion, hottest_first, replaced

SIZE = (20, 50)
PATCH = (slice(4, 8), slice(10, 15))  # 20 of 1,000 pixels: all the network looks at


def look(pages):
    """Class 1 as likely as the patch is dark."""
    dark = 1.0 - pages[:, *PATCH, 0].mean(axis=(1, 2)) / 255.0
    return np.stack([1.0 - dark, dark], axis=1)


@pytest.fixture
def page():
    page = np.full((*SIZE, 3), 255, np.float32)
    page[PATCH] = 0.0
    return page


@pytest.fixture
def perfect():
    heat = np.zeros(SIZE, np.float32)
    heat[PATCH] = 1.0
    return heat


def test_a_perfect_map_takes_the_answer_away_at_once_and_brings_it_back_at_once(page, perfect):
    deletion, insertion = deletion_insertion(look, page, perfect, 1)
    assert deletion == pytest.approx(0.01)  # the straight line from 1 at 0 to 0 at 0.02
    assert insertion == pytest.approx(0.99)


def test_the_opposite_of_it_does_so_last(page, perfect):
    deletion, insertion = deletion_insertion(look, page, -perfect, 1)
    assert deletion == pytest.approx(0.9)  # 1 up to 0.8, then a line to 0
    assert insertion == pytest.approx(0.1)


def test_a_map_that_says_nothing_lies_half_way(page):
    found = deletion_insertion(look, page, np.zeros(SIZE), 1)
    assert found == pytest.approx((0.5, 0.5), abs=0.1)


def test_a_class_that_blank_paper_has_too_keeps_its_curve_up(page, perfect):
    deletion, insertion = deletion_insertion(look, page, perfect, 0)
    assert deletion == pytest.approx(0.99) and insertion == pytest.approx(0.01)


def test_pixels_come_from_hot_to_cold_and_equal_ones_in_a_drawn_order():
    heat = np.array([[0.0, 3.0, 1.0], [2.0, 0.0, 0.0]])
    assert hottest_first(heat)[:3].tolist() == [1, 3, 2]
    orders = {tuple(hottest_first(heat, seed)[3:]) for seed in range(20)}
    assert len(orders) == 6 and all(sorted(order) == [0, 4, 5] for order in orders)


def test_as_many_pixels_are_replaced_as_each_part_says(page):
    blank = np.zeros_like(page) + 7.0
    pages = replaced(page, blank, np.arange(1000))
    assert [(each == 7.0).all(axis=-1).sum() for each in pages] == [1000 * part for part in PARTS]
    assert (page != 7.0).all()
