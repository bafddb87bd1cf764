import numpy as np
import pytest

from ecg_tf.explain.pointing import hit, mask, mass, truths
from ecg_tf.pages.layout import WHOLE, Box
from ecg_tf.pages.synthetic import draw

SIZE = (40, 80)


@pytest.fixture(scope="module")
def page():
    return draw(
        3,
        "myocardial_infarction",
        "3x4+1",
        size=(304, 523),
        whole=False,
        rhythm="sinus",
        territory="inferior",
    )


def spot(row, column):
    heat = np.zeros(SIZE, np.float32)
    heat[row, column] = 1.0
    return heat


def test_boxes_of_the_page_become_pixels_of_the_map_that_covers_the_paper():
    paper = Box(0.5, 0.0, 1.0, 0.5)
    inside = mask([Box(0.5, 0.0, 0.75, 0.25), Box(0.0, 0.0, 0.5, 1.0)], paper, SIZE)
    assert inside[:20, :40].all() and inside.sum() == 20 * 40


def test_the_hottest_pixel_decides():
    inside = mask([Box(0.0, 0.0, 0.5, 1.0)], WHOLE, SIZE)
    assert hit(spot(10, 39), inside) == 1.0
    assert hit(spot(10, 40), inside) == 0.0


def test_equally_hot_pixels_hit_by_their_part_inside():
    inside = mask([Box(0.0, 0.0, 0.25, 1.0)], WHOLE, SIZE)
    assert hit(np.ones(SIZE), inside) == pytest.approx(0.25)
    assert hit(spot(1, 1) + spot(1, 70), inside) == pytest.approx(0.5)


def test_mass_is_the_part_of_the_heat_inside():
    inside = mask([Box(0.0, 0.0, 0.25, 1.0)], WHOLE, SIZE)
    assert mass(np.ones(SIZE), inside) == pytest.approx(0.25)
    assert mass(3 * spot(1, 1) + spot(1, 70), inside) == pytest.approx(0.75)


def test_a_map_without_heat_neither_hits_nor_misses():
    inside = np.ones(SIZE, bool)
    assert np.isnan(hit(np.zeros(SIZE), inside)) and np.isnan(mass(np.zeros(SIZE), inside))


def test_the_territory_of_an_inferior_infarction_is_its_leads(page):
    found = truths(page, WHOLE, SIZE)["territory"]
    for lead, box in page.lead_boxes.items():
        row, column = (
            int(SIZE[0] * (box.top + box.bottom) / 2),
            int(SIZE[1] * (box.left + box.right) / 2),
        )
        shown = page.strips[0] if lead == "rhythm" else lead
        assert found[row, column] == (shown in ("II", "III", "aVF")), lead


def test_the_segments_lie_within_the_changed_leads(page):
    found = truths(page, WHOLE, (400, 800))
    assert 0.0 < found["segments"].mean() < 0.5 * found["leads"].mean()
    columns = found["leads"].any(axis=0)
    assert not (found["segments"].any(axis=0) & ~columns).any()
