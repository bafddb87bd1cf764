import numpy as np
import pytest

from ecg_tf.explain.attention import measure
from ecg_tf.explain.carried import by_lead, carried
from ecg_tf.pages.layout import LEADS, RHYTHM, WHOLE
from tests.explain.test_attention import lead_boxes, spot


def changes(**lost) -> dict[str, float]:
    """Changes of a confidence: 0 but for those given."""
    return dict.fromkeys((*LEADS, RHYTHM), 0.0) | lost


def seen(*spots, method="Grad-CAM"):
    return measure(sum(spot(*place) for place in spots), WHOLE, lead_boxes(), method)


@pytest.mark.parametrize(
    "lost, leads",
    [
        ({"II": -0.3, "III": -0.4, "aVF": -0.35}, ("III", "aVF", "II")),
        ({"V1": -0.2, "V2": -0.3}, ("V2", "V1")),
        ({"V3": -0.2, "V4": -0.25, "rhythm": -0.01}, ("V4", "V3")),
        ({"rhythm": -0.4}, ("rhythm",)),
        ({"aVR": -0.1}, ("aVR",)),
        ({"V2": 0.05}, ()),
    ],
)
def test_leads_are_those_without_which_the_answer_falls(lost, leads):
    found = carried(changes(**lost), 0.9)
    assert found.leads == leads
    assert found.without["III"] == pytest.approx(0.9 + lost.get("III", 0.0))


def test_close_to_one_small_falls_name_no_lead():
    assert carried(changes(V1=-0.004, V2=-0.009, V6=-0.0005), 0.9995).leads == ()


def test_a_probability_stays_one():
    found = carried(changes(II=-0.5, V1=0.9), 0.2)
    assert (found.without["II"], found.without["V1"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    "places, least, most",
    [
        (((0.4, 0.6), (0.4, 0.9)), 0.9, 1.0),  # V2 and V5
        (((0.2, 0.2),), -0.5, 0.0),  # I
    ],
)
def test_agreement_is_that_of_ranks(places, least, most):
    found = carried(changes(V2=-0.3, V5=-0.3), 0.9, (seen(*places),))
    assert least <= found.agreement["Grad-CAM"] <= most


def test_where_nothing_differs_there_is_no_agreement():
    even = measure(np.zeros((60, 60)), WHOLE, lead_boxes(), "Grad-CAM")
    assert carried(changes(V2=-0.3), 0.9, (even,)).agreement == {"Grad-CAM": None}
    assert carried(changes(), 0.9, (seen((0.4, 0.6)),)).agreement == {"Grad-CAM": None}
    unknown = measure(spot(0.4, 0.6), WHOLE, {}, "Grad-CAM")
    assert carried(changes(V2=-0.3), 0.9, (unknown,)).agreement == {}


def test_leads_that_are_missing_are_refused():
    with pytest.raises(ValueError, match="Changes are needed for 12 leads and 'rhythm'"):
        carried({"II": 0.1}, 0.9)


def test_numbers_from_the_wire_get_their_names():
    assert by_lead(np.arange(13))["V6"] == 11.0 and by_lead(np.arange(13))[RHYTHM] == 12.0
    assert by_lead([]) == by_lead([np.nan] * 13) == {}
    with pytest.raises(ValueError, match="zip"):
        by_lead([0.1, 0.2])
