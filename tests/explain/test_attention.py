import numpy as np
import pytest

from ecg_tf.explain.attention import measure, share_in
from ecg_tf.pages.layout import ROWS, WHOLE, Box


def lead_boxes(paper=WHOLE):
    """Twelve boxes and the strip, in a margin of a tenth of the paper."""
    boxes = {
        lead: Box(0.1 + 0.2 * column, 0.1 + 0.2 * row, 0.3 + 0.2 * column, 0.3 + 0.2 * row)
        for row, leads in enumerate(ROWS)
        for column, lead in enumerate(leads)
    }
    boxes["rhythm"] = Box(0.1, 0.7, 0.9, 0.9)
    return {lead: box.within(paper) for lead, box in boxes.items()}


def spot(row, column, size=(100, 200)):
    """A map that is hot in one pixel; row and column are fractions."""
    heat = np.zeros(size, np.float32)
    heat[int(row * size[0]), int(column * size[1])] = 0.7
    return heat


@pytest.mark.parametrize(
    "box, share",
    [
        (Box(0, 0, 1, 1), 1.0),
        (Box(0, 0, 0.5, 1), 0.5),
        (Box(0.25, 0.25, 0.5, 0.75), 0.125),
        (Box(0.1, 0, 0.2, 1), 0.1),  # cuts pixels: they count by their part inside
        (Box(0.5, 0.5, 0.5, 0.5), 0.0),
    ],
)
def test_an_even_map_is_shared_by_area(box, share):
    assert share_in(np.ones((4, 3)), box) == pytest.approx(share)


@pytest.mark.parametrize(
    "column, region", [(0.1, "left"), (0.4, "central"), (0.6, "central"), (0.7, "right")]
)
def test_the_hottest_third_is_found(column, region):
    seen = measure(spot(0.5, column), WHOLE, {}, "m")
    assert seen.region == region
    assert seen.regions[region] == pytest.approx(1.0)


@pytest.mark.parametrize("paper", [WHOLE, Box(0.05, 0.2, 0.95, 0.96)])
@pytest.mark.parametrize(
    "row, column, lead",
    [
        (0.2, 0.2, "I"),
        (0.4, 0.6, "V2"),
        (0.6, 0.8, "V6"),
        (0.65, 0.45, "aVF"),
        (0.8, 0.5, "rhythm"),
    ],
)
def test_the_hot_lead_is_named_whatever_part_of_the_page_the_paper_is(paper, row, column, lead):
    seen = measure(spot(row, column), paper, lead_boxes(paper), "m")
    assert seen.hottest == (lead,)
    assert seen.leads[0].lead == lead and seen.leads[0].share == pytest.approx(1.0)
    assert seen.leads[0].times == pytest.approx(1 / (0.16 if lead == "rhythm" else 0.04))
    assert seen.outside == pytest.approx(0.0)
    assert len(seen.leads) == 13


def test_leads_nearly_as_hot_are_named_hottest_first():
    heat = np.zeros((100, 100))
    heat[20, 20], heat[40, 20], heat[60, 20], heat[20, 60] = 0.8, 1.0, 0.69, 0.9
    assert measure(heat, WHOLE, lead_boxes(), "m").hottest == ("II", "V1", "I")


def test_an_even_map_has_no_hottest_lead():
    seen = measure(np.ones((100, 100)), WHOLE, lead_boxes(), "m")
    assert seen.hottest == ()
    assert seen.outside == pytest.approx(0.36) and seen.outside_area == pytest.approx(0.36)
    assert sum(seen.regions.values()) == pytest.approx(1.0)


def test_the_strip_counts_by_its_density_not_its_size():
    heat = np.ones((100, 100))
    heat[35:45, 15:25] = 4.0  # in lead II: less heat than the strip holds, but denser
    seen = measure(heat, WHOLE, lead_boxes(), "m")
    shares = {each.lead: each.share for each in seen.leads}
    assert shares["rhythm"] > shares["II"] and seen.hottest == ("II",)


def test_heat_in_the_margin_is_outside():
    seen = measure(spot(0.02, 0.5), WHOLE, lead_boxes(), "m")
    assert seen.outside == pytest.approx(1.0) and seen.hottest == ()


def test_an_empty_map_has_no_region():
    seen = measure(np.zeros((5, 5)), WHOLE, lead_boxes(), "m")
    assert seen.region is None and seen.hottest == ()


def test_without_a_layout_there_are_regions_only():
    seen = measure(spot(0.5, 0.9), WHOLE, {}, "m")
    assert seen.region == "right"
    assert seen.leads == () and seen.outside is None and seen.outside_area is None


@pytest.mark.parametrize(
    "heat, message",
    [
        (np.ones((2, 2, 1)), "two dimensions; got shape"),
        (np.array([[0.0, -1.0]]), "finite numbers from 0 up"),
        (np.array([[0.0, np.nan]]), "finite numbers from 0 up"),
    ],
)
def test_what_is_no_heat_map_is_refused(heat, message):
    with pytest.raises(ValueError, match=message):
        measure(heat, WHOLE, {}, "m")


def test_the_territory_is_that_of_the_leads_that_are_hottest_on_average():
    seen = measure(spot(0.4, 0.2) + spot(0.6, 0.2) + spot(0.2, 0.8), WHOLE, lead_boxes(), "m")
    assert seen.territory == "inferior"  # two of its three leads
    assert seen.territory_times == pytest.approx(2 / 3 / 3 / 0.04, rel=0.01)
    one = measure(spot(0.4, 0.6) + 0.9 * spot(0.2, 0.2), WHOLE, lead_boxes(), "m")
    assert one.territory == "septal"  # one of two leads counts more than one of four
    for empty in (
        measure(np.zeros((9, 9)), WHOLE, lead_boxes(), "m"),
        measure(spot(0.4, 0.6), WHOLE, {}, "m"),
    ):
        assert empty.territory is None and empty.territory_times == 0.0
