"""Other layouts: told from each other and from what is none, laid out anew, shown in place."""

import keras
import numpy as np
import pytest

from ecg_tf.explain.boxes import known_layout
from ecg_tf.pages.columns import read_columns
from ecg_tf.pages.effects import distort
from ecg_tf.pages.ink import laid_straight, lay_out, on_page
from ecg_tf.pages.lay_anew import laid_anew, put_back
from ecg_tf.pages.layout import LEADS, RHYTHM
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.other_layouts import FORMS, find_other, lead_boxes, nothing
from ecg_tf.pages.strangers import stranger
from ecg_tf.pages.styles import PRINTOUT
from ecg_tf.pages.synthetic import draw, draw_signal

SIZE = (448, 1120)
FIRST_SEED = 11_000_000  # of pages by some of which the ends of quarters were chosen
NAMES = tuple(form.name for form in FORMS)


STRIPS = ("3x4+3", "6x2+1")


def page_of(seed: int, layout: str, severity: int = 0):
    return draw(FIRST_SEED + seed, None, layout, severity, whole=seed % 2 == 0)


def laid(page, xp=np):
    return lay_out(page.image.astype(np.float32), *SIZE, xp)


def dark(page) -> np.ndarray:
    return 1.0 - np.asarray(page.image)[..., 0] / 255.0


@pytest.mark.parametrize("layout", NAMES)
def test_is_told_by_its_lines_and_leads(layout):
    found = [int(laid(page_of(seed, layout, seed % 4)).other.form) for seed in range(24)]
    right = NAMES.index(layout) + 1
    assert np.mean(np.equal(found, right)) >= 0.8, found
    assert np.mean(np.isin(found, (0, right))) >= 0.95, found


def test_the_usual_layout_is_none_of_them():
    for seed in range(12):
        assert laid(page_of(seed, "3x4+1", seed % 4)).other.form == 0


@pytest.mark.parametrize("layout", NAMES)
def test_is_laid_out_as_the_usual_one(layout):
    """What is read off the page agrees with what is read off the same signal in that layout."""
    alike = []
    for seed in range(8):
        options = {"label": "normal", "whole": False, "style": "banner"}
        there = laid(draw(FIRST_SEED + seed, layout=layout, **options))
        usual = laid(draw(FIRST_SEED + seed, layout="3x4+1", **options))
        if not there.other.form:
            continue
        signals = np.asarray(read_columns(np.stack([there.image, usual.image])))[..., :12]
        alike += [alike_somewhere(*signals[..., lead]) for lead in range(12)]
    assert len(alike) >= 6 * 12
    assert np.median(alike) > 0.85, np.round(alike, 2)


def alike_somewhere(one: np.ndarray, other: np.ndarray) -> float:
    """The best correlation of two signals moved against each other by up to 0.15 s, without their
    beginning, where the lead's name may be."""
    moved = (np.corrcoef(one[40:220], other[40 + by : 220 + by])[0, 1] for by in range(-15, 16))
    return max(moved)


@pytest.mark.parametrize("layout", NAMES)
def test_its_layout_counts_as_known(layout):
    page = laid(page_of(1, layout))
    assert page.other.form > 0
    assert known_layout(page.image[None]).numpy().tolist() == [True]


@pytest.mark.parametrize("layout", NAMES)
def test_its_leads_are_where_they_were_drawn(layout):
    for seed in (1, 2, 3):
        page = page_of(seed, layout)
        assert find_layout(page.image).form == layout
        found = find_layout(page.image).leads
        assert set(found) == {*LEADS} | ({RHYTHM} if layout in STRIPS else set())
        for lead in LEADS:
            middles = [
                ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
                for box in (found[lead], page.lead_boxes[lead])
            ]
            np.testing.assert_allclose(*middles, atol=0.04, err_msg=f"{seed} {lead}")


def test_the_strip_is_that_of_lead_two():
    for seed in range(6):
        page = page_of(seed, "3x4+3")
        found = laid(page).other
        if found.form:
            assert int(found.strip) == 3 + page.strips.index("II"), seed


@pytest.mark.parametrize("layout", NAMES)
def test_any_size_of_page_can_be_laid_anew(layout):
    found = laid(page_of(1, layout)).other
    for size in ((7, 11), (48, 64), (61, 20), (224, 224)):
        there = laid_anew(np.full(size, 0.5, np.float32), found, 1.7)
        assert there.shape == size and np.isfinite(there).all()
        assert put_back(there, found, 1.7).shape == size


@pytest.mark.parametrize("gain", [5.0, 20.0])
def test_the_gain_is_told_by_the_calibration_pulse(gain):
    seeds = [
        seed for seed in range(100) if page_of(seed, "12x1" if gain < 10 else "6x2").gain == gain
    ]
    told = [float(laid(page_of(seed, "12x1" if gain < 10 else "6x2")).other.gain) for seed in seeds]
    assert len(told) >= 3 and told.count(gain) >= len(told) / 2
    assert set(told) <= {gain, 10.0, 0.0}


@pytest.mark.parametrize("layout", NAMES)
def test_numpy_and_the_graph_lay_them_alike(layout):
    page = page_of(3, layout)
    one, other = laid(page), laid(page, keras.ops)
    np.testing.assert_allclose(one.other, [float(each) for each in other.other], atol=1e-4)
    assert np.abs(one.image - np.asarray(other.image)).mean() < 0.1
    heat = 255.0 - one.image[..., 0]
    maps = (
        on_page(heat, one),
        np.asarray(on_page(keras.ops.convert_to_tensor(heat), one, keras.ops)),
    )
    np.testing.assert_allclose(*maps, atol=0.05)


@pytest.mark.parametrize("layout", NAMES)
def test_a_map_goes_back_to_the_leads_that_it_is_of(layout):
    page = laid(page_of(1, layout))
    boxes = lead_boxes(page.other)
    for lead, (left, right, top, bottom) in {
        "aVR": (0.3, 0.48, 0.08, 0.2),  # where the usual layout has them
        "V6": (0.76, 0.96, 0.57, 0.7),
    }.items():
        heat = np.zeros(SIZE, np.float32)
        rows, columns = (slice(*(int(edge * n) for edge in edges)) for edges, n in (
            ((top, bottom), SIZE[0]), ((left, right), SIZE[1])))  # fmt: skip
        heat[rows, columns] = 1.0
        down, across = np.nonzero(on_page(heat, page) > 0.5)
        box = boxes[lead]
        assert box.left < np.mean((across + 0.5) / SIZE[1]) < box.right, lead
        assert box.top < np.mean((down + 0.5) / SIZE[0]) < box.bottom, lead


def test_ink_goes_back_to_where_it_was():
    page = page_of(1, "6x2").image.astype(np.float32)
    found = lay_out(page, *SIZE)
    there, again = laid_straight(page, *SIZE)[1], on_page(dark(found), found)
    held = again > 0.5
    assert held.mean() > 0.01
    assert np.mean(there[held] > 0.2) > 0.9


def test_a_page_askew_is_read_too():
    for layout in NAMES:
        image, _ = distort(page_of(1, layout).image, "rotation", 2, np.random.default_rng(1))
        found = lay_out(image.astype(np.float32), *SIZE)
        assert found.tilt != 0.0 and NAMES[int(found.other.form) - 1] == layout


@pytest.mark.parametrize(
    "kind",
    ["text", "table", "sheet_music", "newspaper", "form", "impostor", "earthquake", "panels"],
)
def test_lines_that_are_no_leads_are_no_layout(kind):
    for seed in range(10):
        picture = stranger(kind, FIRST_SEED + seed).astype(np.float32)
        assert lay_out(picture, *SIZE).other.form == 0, seed


def test_a_page_upside_down_is_no_layout():
    found = [
        lay_out(page_of(seed, layout).image[::-1, ::-1].astype(np.float32), *SIZE).other.form
        for layout in NAMES
        for seed in range(8)
    ]
    assert np.mean(np.array(found) > 0) <= 0.1


@pytest.mark.parametrize("style", [None, PRINTOUT])
def test_letters_above_or_below_three_rows_are_no_fourth(style):
    for seed in range(12):
        page = draw(FIRST_SEED + seed, None, "3x4", whole=True, style=style)
        found = laid(page)
        assert found.other.form or not known_layout(found.image[None]).numpy()[0], seed
        assert find_layout(page.image).form in ("3x4", ""), seed


def test_three_rows_that_obey_no_law_are_no_layout():
    """Leads in another order than the usual one."""
    for seed in (1, 3, 5):
        page = draw(FIRST_SEED + seed, "normal", "3x4", whole=False)
        other = page.signal[:, [6, 1, 8, 9, 4, 11, 0, 7, 2, 3, 10, 5]]
        page = draw_signal(other, page.fs, None, seed, "3x4", whole=False)
        found = laid(page)
        assert found.other.form == 0, seed
        assert not known_layout(found.image[None]).numpy()[0], seed
        assert not find_layout(page.image).leads, seed


def test_six_limb_leads_are_no_twelve():
    """The upper half of a page of twelve lines."""
    for seed in (1, 3, 5):
        page = page_of(seed, "12x1").image
        assert lay_out(page[: len(page) // 2].astype(np.float32), *SIZE).other.form == 0


def test_blank_and_black_pages_are_no_layout():
    for level in (0.0, 1.0):
        assert find_other(np.full(SIZE, level, np.float32), 1.7).form == 0
    assert nothing().form == 0
