import io

import numpy as np
import pytest
from PIL import Image

from ecg_tf.explain.overlay import TALLEST, WIDTHS, colours, overlay, to_png
from ecg_tf.pages.layout import WHOLE, Box

TITLE, NOTE = "history of myocardial infarction   97 % confidence", "Grad-CAM"


def _picture(page, heat=None, paper=WHOLE, **options):
    heat = np.zeros((14, 14)) if heat is None else heat
    return overlay(page, heat, paper, TITLE, NOTE, **options)


def _page(height=600, width=1000, level=255):
    return np.full((height, width, 3), level, np.uint8)


def _below_strip(picture, page):
    return np.asarray(picture)[picture.height - page.shape[0] :]


def _lightness(colour):
    """CIE L* of sRGB colours, uint8 (..., 3)."""
    part = np.asarray(colour) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16


def test_the_colours_darken_evenly():
    steps = -np.diff(_lightness(colours(np.linspace(0, 1, 21))))
    assert (colours(np.array(0.0)) == 255).all()
    assert steps.min() > 1.5 and steps.max() < 2.6


def test_colours_beyond_the_scale_are_its_ends():
    np.testing.assert_array_equal(colours(np.array([-1.0, 2.0])), colours(np.array([0.0, 1.0])))


def test_the_page_comes_through_where_there_is_no_heat():
    page = _page()
    page[300:303] = 0
    np.testing.assert_array_equal(_below_strip(_picture(page), page), page)


def test_ink_stays_ink_under_the_most_heat():
    page = _page()
    page[300:303] = 20
    shown = _below_strip(_picture(page, np.ones((14, 14))), page)
    contrast = _lightness(shown[100, 500]) - _lightness(shown[301, 500])
    assert contrast > 45


def test_a_coloured_grid_is_not_taken_for_heat():
    page = _page()
    page[:] = (255, 170, 90)
    shown = _below_strip(_picture(page), page).astype(int)
    assert np.ptp(shown[300, 500]) < 0.35 * np.ptp(page[300, 500].astype(int))


def test_the_heat_covers_the_paper_and_nothing_else():
    page = _page()
    paper = Box(0.1, 0.2, 0.9, 0.95)
    shown = _below_strip(_picture(page, np.ones((7, 9)), paper), page)
    rows, columns = np.nonzero((shown != 255).any(axis=2))
    assert (rows.min(), rows.max() + 1) == (120, 570)
    assert (columns.min(), columns.max() + 1) == (100, 900)


def test_a_map_that_reaches_beyond_the_page_is_cut_at_its_edges():
    heat = np.zeros((40, 60), np.float32)
    heat[:20] = 1.0
    beyond = _below_strip(_picture(_page(), heat, Box(-0.1, -0.5, 1.2, 1.5)), _page())
    within = _below_strip(_picture(_page(), np.ones((4, 4)), Box(0.0, 0.0, 1.0, 0.5)), _page())
    assert beyond.shape == within.shape
    assert np.abs(beyond[:280].astype(int) - within[:280]).max() <= 1
    assert (beyond[320:] == 255).all()


def test_the_heat_is_where_the_map_has_it():
    heat = np.zeros((10, 10))
    heat[2, 7] = 1.0
    page = _page()
    shown = _below_strip(_picture(page, heat, Box(0.5, 0.5, 1.0, 1.0)), page)
    row, column = np.unravel_index(_lightness(shown).argmin(), shown.shape[:2])
    assert abs(row - (300 + 0.25 * 300)) < 15 and abs(column - (500 + 0.75 * 500)) < 25


@pytest.mark.parametrize(
    "height, width",
    [(32, 32), (60, 3000), (3000, 60), (608, 1046), (786, 1106), (1300, 2600)],
)
def test_a_page_of_any_size_becomes_a_picture_of_a_sensible_one(height, width):
    picture = _picture(_page(height, width), np.random.default_rng(0).random((224, 224)))
    assert WIDTHS[0] <= picture.width <= WIDTHS[1]
    assert picture.height <= TALLEST + 0.07 * picture.width
    shown = min(width, WIDTHS[1])
    if WIDTHS[0] <= width:
        assert picture.width == shown


def test_the_hottest_leads_are_outlined_and_named_where_no_ink_is_hidden():
    page = _page()
    page[100:150, 100:250] = 0  # ink in the upper left corner of the box
    boxes = {"V2": Box(0.1, 0.1667, 0.4, 0.5), "II": Box(0.6, 0.6, 0.9, 0.9)}
    plain = _below_strip(_picture(page, leads=boxes), page).astype(int)
    marked = _below_strip(_picture(page, leads=boxes, hottest=("V2",)), page).astype(int)
    rows, columns = np.nonzero(np.abs(marked - plain).sum(axis=2))
    assert 98 <= rows.min() and rows.max() <= 302
    assert 98 <= columns.min() and columns.max() <= 402
    assert np.abs(marked - plain)[110:150, 110:250].max() == 0  # inside the outline itself
    assert np.abs(marked - plain)[:, 600:].max() == 0


def test_the_strip_speaks_of_the_answer_and_of_research():
    page = _page()
    picture = _picture(page)
    strip = np.asarray(picture)[: picture.height - page.shape[0]]
    other = overlay(page, np.zeros((14, 14)), WHOLE, "normal   97 % confidence", NOTE)
    changed = np.nonzero(np.abs(strip.astype(int) - np.asarray(other)[: len(strip)]).sum(axis=2))
    assert changed[1].max() < 0.75 * strip.shape[1]  # the right end stays: scale and warning
    assert _lightness(strip[:, int(0.8 * strip.shape[1]) :]).min() < 20
    # The scale runs through all colours of the map.
    shades = np.unique(strip.reshape(-1, 3), axis=0).astype(int)
    for shade in colours(np.linspace(0.02, 0.98, 5)).astype(int):
        assert np.abs(shades - shade).max(axis=1).min() <= 2


def test_a_long_title_does_not_run_into_the_scale():
    page = _page()
    short, long = (
        np.asarray(overlay(page, np.zeros((2, 2)), WHOLE, text, text)) for text in ("", "y" * 150)
    )
    changed = np.nonzero(np.abs(short.astype(int) - long).sum(axis=2))
    assert changed[1].max() < 0.8 * page.shape[1]


def test_the_png_holds_the_picture():
    picture = _picture(_page())
    data = to_png(picture)
    assert data.startswith(b"\x89PNG")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), np.asarray(picture))


@pytest.mark.parametrize(
    "page, heat, hottest, message",
    [
        (np.zeros((9, 9), np.uint8), np.zeros((2, 2)), (), r"A page is uint8 \(h, w, 3\)"),
        (np.zeros((9, 9, 3)), np.zeros((2, 2)), (), "got float64"),
        (_page(9, 9), np.zeros(4), (), "two dimensions"),
        (_page(9, 9), np.zeros((0, 4)), (), "two dimensions"),
        (_page(9, 9), np.zeros((2, 2)), ("V1",), "There is no box for V1"),
    ],
)
def test_what_cannot_be_overlaid_is_refused(page, heat, hottest, message):
    with pytest.raises(ValueError, match=message):
        overlay(page, heat, WHOLE, TITLE, leads={"II": WHOLE}, hottest=hottest)
