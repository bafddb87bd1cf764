"""Strangers: every kind draws, the same for the same seed; near misses are what they are called."""

import numpy as np
import pytest

from ecg_tf.pages import near_misses
from ecg_tf.pages.ink import ink
from ecg_tf.pages.layout import LEADS
from ecg_tf.pages.strangers import FAR, FROM_PAGE, KINDS, NEAR, stranger

SIZE = (120, 200)


def _ink(image) -> float:
    return float(ink(image.astype(np.float32)).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_picture_and_the_same_for_the_same_seed(kind):
    first = stranger(kind, 3, SIZE)
    assert first.dtype == np.uint8 and first.ndim == 3 and first.shape[2] == 3
    assert min(first.shape[:2]) >= 2
    np.testing.assert_array_equal(first, stranger(kind, 3, SIZE))
    if kind not in FROM_PAGE:
        assert first.shape == (*SIZE, 3)


def test_seeds_and_sizes_vary():
    shapes = {stranger("text", seed).shape for seed in range(6)}
    assert len(shapes) > 2
    assert not np.array_equal(stranger("noise", 1, SIZE), stranger("noise", 2, SIZE))


def test_far_and_near_are_all_kinds_once():
    assert sorted([*FAR, *NEAR]) == sorted(set(KINDS))


@pytest.mark.parametrize(
    ("kind", "size", "message"),
    [
        ("holiday", SIZE, "kind 'holiday' is not known; choose one of blank, noise"),
        ("text", (20, 300), r"size is \(20, 300\); a picture needs at least 64"),
    ],
)
def test_refuses_what_it_cannot_draw(kind, size, message):
    with pytest.raises(ValueError, match=message):
        stranger(kind, 0, size)


def test_turned_pages_turn_back(drawn):
    page, rng = drawn[0], np.random.default_rng(0)
    turned = near_misses.upside_down(rng, page)
    np.testing.assert_array_equal(turned[::-1, ::-1], page.image)
    assert near_misses.sideways(rng, page).shape == (*page.image.shape[1::-1], 3)


@pytest.mark.parametrize("seed", range(6))
def test_half_a_page_shows_at_most_eight_leads(drawn, seed):
    page = drawn[seed]
    half = near_misses.half_page(np.random.default_rng(seed), page)
    # Cut off or covered: either way about half of the ink is gone.
    assert 0.15 * _ink(page.image) < _ink(half) < 0.85 * _ink(page.image)


@pytest.mark.parametrize("seed", range(6))
def test_one_lead_and_blanked_pages_lose_their_ink(drawn, seed):
    page, rng = drawn[seed], np.random.default_rng(seed)
    whole = _ink(page.image)
    assert 0.0 < _ink(near_misses.one_lead(rng, page)) < 0.3 * whole
    assert 0.0 < _ink(near_misses.rhythm_only(rng, page)) < 0.6 * whole
    assert _ink(near_misses.blanked(rng, page)) < 0.4 * whole


def test_scrambled_page_keeps_its_size_but_not_its_order(drawn):
    mixed = near_misses.scrambled(np.random.default_rng(1), drawn[0])
    assert mixed.shape == drawn[0].image.shape
    assert (mixed != drawn[0].image).any(axis=-1).mean() > 0.05


def test_near_misses_do_with_a_page_whose_leads_are_out_of_sight(drawn):
    from dataclasses import replace

    page = replace(drawn[0], lead_boxes={lead: drawn[0].lead_boxes[lead] for lead in LEADS[:2]})
    for kind, make in FROM_PAGE.items():
        assert make(np.random.default_rng(2), page).dtype == np.uint8, kind
