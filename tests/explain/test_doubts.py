"""Reasons not to rely on an explanation."""

import numpy as np

from ecg_tf.explain.attention import measure
from ecg_tf.explain.doubts import INFARCTION, doubts
from ecg_tf.labels import LABELS
from ecg_tf.pages.layout import WHOLE
from tests.explain.test_attention import lead_boxes, spot
from tests.explain.test_rationale import text


def seen(heat, method="Grad-CAM"):
    return measure(heat, WHOLE, lead_boxes(), method)


def test_heat_in_a_few_leads_is_not_doubted():
    hot = seen(spot(0.4, 0.6))
    assert doubts([hot], INFARCTION) == doubts([hot, seen(spot(0.4, 0.6))], "normal") == ()


def test_heat_outside_the_leads():
    outside = seen(spot(0.4, 0.6) + spot(0.02, 0.5))
    words = ("50 % of the heat of Grad-CAM lies outside the leads",)
    assert doubts([outside], "normal") == words


def test_methods_that_mark_different_leads():
    maps = [seen(spot(0.4, 0.6)), seen(spot(0.2, 0.2), "integrated gradients")]
    words = ("Grad-CAM and integrated gradients mark different leads",)
    assert doubts(maps, "normal") == words


def test_heat_all_over_the_page_names_no_territory_of_an_infarction():
    even = seen(np.ones((60, 60)))
    reason = "no territory stands out, and then the hottest is often not the true one"
    assert [label for label in LABELS if reason in doubts([even], label)] == [INFARCTION]


def test_an_empty_map_gives_no_reason():
    assert doubts([seen(np.zeros((9, 9)))], INFARCTION) == ()


def test_the_text_says_so():
    assert "Do not rely on this explanation: 50 % of the heat" in text(
        spot(0.4, 0.6) + spot(0.02, 0.5)
    )
    assert "Do not rely" not in text(spot(0.4, 0.6))
