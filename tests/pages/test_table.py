"""The table of a photograph: seen where it is dark, never on a page alone, and without ink."""

import keras
import numpy as np
import pytest

from ecg_tf.models.gate import page_score
from ecg_tf.pages.effects import distort
from ecg_tf.pages.ink import lay_out
from ecg_tf.pages.margins import CELLS, find_table
from ecg_tf.pages.pooling import pool
from ecg_tf.pages.synthetic import draw
from ecg_tf.pages.warp import seen_through


def brightest(image: np.ndarray) -> np.ndarray:
    return image.max(axis=-1).astype(np.float32)


@pytest.mark.parametrize("severity", [1, 3, 5])
def test_the_table_round_a_photographed_page_is_seen_where_it_is_dark(severity):
    dark = []
    for seed in range(6):
        page = draw(seed, None, "3x4+1", whole=True).image
        photograph, matrix = distort(page, "table", severity, np.random.default_rng(seed))
        there = seen_through(
            matrix, np.full(page.shape[:2], 255, np.uint8), photograph.shape[1::-1]
        )
        table = brightest(photograph)[there == 0]
        found = find_table(brightest(photograph))
        np.testing.assert_array_equal(
            found,
            np.asarray(find_table(keras.ops.convert_to_tensor(brightest(photograph)), keras.ops)),
        )
        page_light = np.percentile(brightest(photograph)[there == 255], 85)
        dark.append(np.percentile(table, 95) < 0.7 * page_light)
        if dark[-1]:
            on_page = pool((there == 255).astype(np.float32), *CELLS)
            assert found[on_page == 0.0].min() == 1.0, seed
            assert found[on_page == 1.0].mean() < 0.1, seed  # a cell along its edges
        elif table.min() > 0.85 * brightest(photograph).max():
            assert not found.any(), seed
    assert any(dark)


@pytest.mark.parametrize("name", ["shadow", "glare", "fading", "crop", "stain"])
def test_no_page_without_a_table_is_taken_for_one(name):
    for seed in range(6):
        page = draw(seed, None, "3x4+1", whole=seed % 2 == 0).image
        for severity in (0, 3, 5):
            seen, _ = distort(page, name, severity, np.random.default_rng(seed))
            assert not find_table(brightest(seen)).any(), (seed, severity)


def test_light_that_fades_towards_the_corners_is_no_table():
    page = draw(3, None, "3x4+1", whole=True).image
    down, across = np.mgrid[-1 : 1 : page.shape[0] * 1j, -1 : 1 : page.shape[1] * 1j]
    for fall in (0.3, 0.5, 0.7):
        light = 1.0 - fall * (down**2 + across**2) / 2
        assert not find_table(brightest(page) * light.astype(np.float32)).any(), fall


def test_a_page_on_a_dark_table_is_read_as_the_page_alone():
    page = draw(5, "normal", "3x4+1", size=(790, 1110), whole=True, style="banner").image
    tall, wide = page.shape[:2]
    picture = np.full((tall + 200, wide + 300, 3), (60, 45, 40), np.uint8)
    picture = picture + np.random.default_rng(0).integers(0, 30, picture.shape, dtype=np.uint8)
    picture[90 : 90 + tall, 160 : 160 + wide] = page
    alone, there = (lay_out(each.astype(np.float32), 224, 560) for each in (page, picture))
    assert np.abs(alone.image - there.image).mean() < 8.0
    assert np.min(page_score(np.stack([alone.own, there.own]))) > 0.8
