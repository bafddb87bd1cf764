import pytest

from ecg_tf.explain.words import listed, name_leads, percent
from ecg_tf.pages.layout import LEADS


@pytest.mark.parametrize(
    "leads, words",
    [
        (("V2",), "V2 (septal)"),
        (("aVF", "II"), "II and aVF (inferior)"),
        (("V3", "V2", "V1"), "V1 and V2 (septal), and V3 (anterior)"),
        (("V4", "rhythm"), "V4 (anterior) and the rhythm strip"),
        (("I", "V6", "II", "rhythm"), "I and V6 (lateral), II (inferior), and the rhythm strip"),
    ],
)
def test_leads_are_named_by_territory(leads, words):
    assert name_leads(leads) == words


def test_every_lead_can_be_named():
    assert all(lead in name_leads([lead]) for lead in LEADS)


@pytest.mark.parametrize(
    "share, words",
    [(0.0, "less than 1 %"), (0.01, "1 %"), (0.974, "97 %"), (0.995, "more than 99 %")],
)
def test_no_share_is_rounded_to_nothing_or_all(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    "names, words",
    [(("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")],
)
def test_names_are_listed(names, words):
    assert listed(names) == words
