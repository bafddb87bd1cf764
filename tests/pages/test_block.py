import keras
import numpy as np
import pytest

from ecg_tf.explain.boxes import known_layout
from ecg_tf.labels import LABELS
from ecg_tf.pages.block import CLEAR, USUAL, clearness, find_block, out_of_place
from ecg_tf.pages.effects import distort
from ecg_tf.pages.ink import laid_straight, lay_out
from ecg_tf.pages.layout import LEADS, LINES, RHYTHM, ROWS, USUAL_FORM, WHOLE, Box
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.other_layouts import FORMS
from ecg_tf.pages.read import read_file
from ecg_tf.pages.styles import PRINTOUT
from ecg_tf.pages.synthetic import draw

SIZE = (448, 1120)
SEEDS = range(12)


def printout(seed: int, layout: str = "3x4+1", label: str | None = None):
    """A page with header and footer on its grid."""
    return draw(seed, label, layout, size=(786, 1106), whole=True, style=PRINTOUT)


def laid(image: np.ndarray):
    return lay_out(image.astype(np.float32), *SIZE)


def dark(image: np.ndarray) -> np.ndarray:
    return 1.0 - image[..., 0] / 255.0


def in_its_layout(image: np.ndarray) -> np.ndarray:
    """The page's ink, in whatever layout it is."""
    return laid_straight(image.astype(np.float32), *SIZE)[1]


def on_prepared(box: Box, paper) -> Box:
    """A box of the page in fractions of what was cut out."""
    left, top, right, bottom = map(float, paper)
    wide, tall = right - left, bottom - top
    return Box(
        (box.left - left) / wide,
        (box.top - top) / tall,
        (box.right - left) / wide,
        (box.bottom - top) / tall,
    )


def test_lines_below_a_header_on_the_grid_are_laid_where_lines_usually_are():
    left, right, first, spacing = USUAL
    for seed in SEEDS:
        page = printout(seed)
        paper = laid(page.image).paper
        boxes = {name: on_prepared(box, paper) for name, box in page.lead_boxes.items()}
        for number, name in enumerate((*(row[0] for row in ROWS), RHYTHM)):
            middle = (boxes[name].top + boxes[name].bottom) / 2
            assert middle == pytest.approx(first + number * spacing, abs=0.035), (seed, name)
        assert boxes["I"].left == pytest.approx(left, abs=0.045), seed  # a pulse may stand there
        assert boxes["V4"].right == pytest.approx(right, abs=0.045), seed


def test_its_leads_are_found_and_its_layout_is_known():
    for seed in SEEDS:
        page = printout(seed)
        found = find_layout(page.image).leads
        for name in LEADS:
            middles = [
                ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
                for box in (found[name], page.lead_boxes[name])
            ]
            np.testing.assert_allclose(*middles, atol=0.045, err_msg=f"{seed} {name}")
        assert known_layout(laid(page.image).image[None]).numpy().tolist() == [True]


@pytest.mark.parametrize("seed", [70004, 70006, 70041, 70129])
def test_a_ruled_line_in_the_header_is_no_line_of_traces(seed):
    page = draw(seed, LABELS[seed % 4], "3x4+1", size=(1180, 1660), whole=True, style="banner")
    found, on_page = find_layout(page.image).leads, page.image.astype(np.float32)
    for name in LEADS:
        middles = [
            ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
            for box in (found[name], page.lead_boxes[name])
        ]
        np.testing.assert_allclose(*middles, atol=0.045, err_msg=name)
    one, other = lay_out(on_page, *SIZE), lay_out(on_page, *SIZE, keras.ops)
    np.testing.assert_allclose(one.paper, [float(edge) for edge in other.paper], atol=1e-5)
    assert known_layout(one.image[None]).numpy().tolist() == [True]


def test_a_line_that_is_nearly_flat_is_no_ruled_line():
    for page in (
        printout(10, "3x4+3"),  # its strip of lead II hardly moves
        draw(500_097, "myocardial_infarction", "6x2", whole=True),  # nor does its aVL, for 5 s
    ):
        assert find_block(in_its_layout(page.image)).clear < CLEAR
        assert find_layout(page.image).form != USUAL_FORM


@pytest.mark.parametrize("layout", ["3x4+3", "6x2", "12x1", "3x4"])
def test_other_layouts_have_no_clear_block(layout):
    for seed in SEEDS:
        page = printout(seed, layout)
        assert clearness(in_its_layout(page.image)) < CLEAR, seed
        assert find_layout(page.image).form in (layout, ""), seed


def test_six_lines_of_which_the_paper_that_was_found_holds_four_are_not_taken_for_four():
    page = printout(5, "6x2").image  # its grid and its rows make cells differ from the rim
    assert find_paper(page.astype(np.float32))[1] > 0.2
    found = laid(page)
    assert tuple(map(float, found.paper)) == WHOLE
    assert FORMS[int(found.other.form) - 1].name == "6x2"
    assert find_layout(page).paper == WHOLE


def test_a_page_whose_lines_are_in_place_stays_as_it_is():
    for seed in SEEDS:
        page = draw(seed, None, "3x4+1", size=(608, 1046), whole=False, style="banner")
        found = laid(page.image)
        assert tuple(map(float, found.paper)) == WHOLE
        assert not out_of_place(find_block(dark(found.image)))


def test_real_pages_stay_as_they_are(data):
    for file in sorted((data / "grid").glob("*/*"))[::10]:
        assert tuple(map(float, laid(read_file(file)).paper)) == WHOLE


def test_numpy_and_the_graph_lay_a_block_alike():
    for seed in (1, 4):
        page = printout(seed).image.astype(np.float32)
        one, other = lay_out(page, *SIZE), lay_out(page, *SIZE, keras.ops)
        np.testing.assert_allclose(one.paper, [float(edge) for edge in other.paper], atol=1e-5)
        assert np.abs(one.image - np.asarray(other.image)).mean() < 0.05


def test_a_page_that_lies_askew_is_laid_straight_first():
    for seed in (1, 4):
        image, _ = distort(printout(seed).image, "rotation", 3, np.random.default_rng(seed))
        block = find_block(dark(laid(image).image))
        assert block.clear >= CLEAR
        assert block.first == pytest.approx(USUAL[2], abs=0.03)
        assert block.spacing == pytest.approx(USUAL[3], abs=0.02)


def test_a_faint_page_shows_its_lines_too():
    page = laid(printout(3).image).image
    faint = 255.0 - 0.3 * (255.0 - page)
    assert clearness(dark(faint)) == pytest.approx(clearness(dark(page)), abs=1e-6)


def test_blank_and_black_pages_have_no_block():
    for level in (0.0, 1.0):
        block = find_block(np.full(SIZE, level, np.float32))
        assert block.clear < CLEAR
        assert not out_of_place(block)


def test_a_page_too_small_to_tell_lines_stays_as_it_is():
    page = printout(3).image.astype(np.float32)
    assert tuple(map(float, lay_out(page, 48, 64).paper)) == WHOLE


def test_lines_that_share_no_columns_are_no_block():
    page = np.zeros((240, 400), np.float32)
    for line in range(LINES):
        page[60 + 40 * line : 63 + 40 * line, 100 * line : 100 * line + 100] = 1.0
    block = find_block(page)
    assert block.clear >= CLEAR and not out_of_place(block)


def test_lines_of_letters_are_no_lines_of_traces():
    rng = np.random.default_rng(0)
    page = np.zeros((240, 400), np.float32)
    for line in range(LINES):  # words with gaps, over half of the width
        at = 30 + 55 * line
        page[at : at + 6, :220] = rng.random((6, 220)) > 0.5
    assert clearness(page) > CLEAR  # four even lines of letters alone would pass
    for line in range(24):  # but a page is full of them
        page[4 + 10 * line : 9 + 10 * line, :220] = rng.random((5, 220)) > 0.5
    assert clearness(page) < CLEAR


@pytest.mark.parametrize("side", ["left", "right", "top"])
def test_a_block_that_the_edge_of_the_picture_cuts_off_is_completed(side):
    page = draw(2, "normal", "3x4+1", size=(608, 1046), whole=False, style="banner").image
    width = page.shape[1]
    cut = {"left": page[:, 70:], "right": page[:, :-70], "top": page[40:]}[side]
    left, top, right, bottom = map(float, laid(cut).paper)
    if side == "top":
        assert top == pytest.approx(-40 / cut.shape[0], abs=0.02)
    else:
        beyond = right - 1.0 if side == "right" else -left
        assert beyond == pytest.approx(70 / (width - 70), abs=0.02)
