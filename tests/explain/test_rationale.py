import json
import re

import numpy as np
import pytest

from ecg_tf.explain.attention import measure
from ecg_tf.explain.rationale import TEMPLATES, gather, rationale
from ecg_tf.labels import DISPLAY, LABELS
from ecg_tf.pages.layout import LEADS, WHOLE
from ecg_tf.pages.signals import simulate
from tests.explain.test_attention import lead_boxes, spot
from tests.explain.test_carried import changes

# What only a person who read the page could say.
CLINICAL = re.compile(
    r"elevation|depression|ischemi|ischaemi|\bST\b|\bQ wave|patient has|there is|shows|signs of|"
    r"diagnosed|suffers|detected",
    re.IGNORECASE,
)


def probabilities(label="normal", confidence=0.97, second="history_of_mi"):
    rest = (1 - confidence) / 10
    found = {each: rest for each in LABELS}
    found[label] = confidence
    found[second] = 1 - confidence - 2 * rest
    return found


def text(heat=None, leads=None, second_heat=None, found=None, **evidence):
    leads = lead_boxes() if leads is None else leads
    heat = spot(0.4, 0.6) if heat is None else heat
    seen = [measure(heat, WHOLE, leads, "Grad-CAM")]
    if second_heat is not None:
        seen.append(measure(second_heat, WHOLE, leads, "integrated gradients"))
    return rationale(gather(found or probabilities(), seen, **evidence))


def test_the_whole_text_reads_as_intended():
    assert text(scale_weights=[0.2, 0.3, 0.5]) == (
        f"{TEMPLATES['normal']} Its confidence is high (97 %); its second answer is history of "
        "myocardial infarction (2 %). By Grad-CAM, the hottest region is the central third of the "
        "paper (more than 99 % of the heat), and the model attended most to V2 (septal), which "
        "holds more than 99 % of the heat. Of the territories, the septal leads are the hottest "
        "(12.5 times the paper's mean). Outside the lead boxes lies less than 1 % of the heat. "
        "It weighed its fine scale 20 %, its middle one 30 % and its coarse one 50 %. This tells "
        "what the model attended to, not what is clinically so. For research use only, not for "
        "diagnosis."
    )


def _three_inferior():
    return spot(0.4, 0.2) + spot(0.6, 0.2) + spot(0.6, 0.4)


@pytest.mark.parametrize("label", LABELS)
def test_every_class_has_its_words_and_none_is_clinical(label):
    second = LABELS[(LABELS.index(label) + 1) % 4]
    said = text(
        _three_inferior(),
        second_heat=spot(0.02, 0.5),
        found=probabilities(label, 0.5, second),
        gap=0.2,
        scale_weights=[0.1, 0.2, 0.7],
    )
    assert said.startswith(TEMPLATES[label])
    assert DISPLAY[label].split()[-1] in TEMPLATES[label]
    assert not CLINICAL.search(said), CLINICAL.search(said)
    assert "the model attended most to II, III and aVF (inferior), which hold" in said
    assert "research use only" in said


@pytest.mark.parametrize(
    "confidence, words",
    [
        (0.97, "confidence is high (97 %)"),
        (0.9, "confidence is high (90 %)"),
        (0.899, "confidence is high (90 %)"),
        (0.894, "confidence is moderate (89 %)"),
        (0.7, "confidence is moderate (70 %)"),
        (0.48, "confidence is low (48 %)"),
    ],
)
def test_the_confidence_is_said_in_words_and_figures(confidence, words):
    assert words in text(found=probabilities(confidence=confidence))


def test_a_close_second_answer_is_called_close():
    assert "which is close" in text(found=probabilities(confidence=0.55))
    assert "which is close" not in text(found=probabilities(confidence=0.7))


def test_an_unknown_layout_gives_the_region_only():
    said = text(spot(0.5, 0.9), {}, layout_problem="6 lines of traces were found")
    assert "the right third" in said
    assert "the layout was not recognised: 6 lines of traces were found." in said
    assert not re.search(r"\b(V\d|aV[RLF]|II|III|inferior|septal|lateral|anterior)\b", said)
    assert "Outside" not in said


def test_even_heat_names_no_lead():
    said = text(np.ones((60, 60)))
    assert "no lead box stands out" in said and "attended most" not in said


def test_an_empty_map_is_said_to_be_empty():
    assert "By Grad-CAM, no part of the page spoke for this answer." in text(np.zeros((9, 9)))


def test_much_heat_outside_the_leads_is_pointed_out():
    said = text(spot(0.4, 0.6) + spot(0.02, 0.5))
    assert "Outside the lead boxes lies 50 % of the heat, more than that part's share" in said


@pytest.mark.parametrize(
    "heat, words",
    [
        (spot(0.4, 0.6), "mark V2 (septal) most; the two methods agree on V2 (septal)."),
        (spot(0.2, 0.2), "mark I (lateral) most; the two methods do not agree."),
        (np.ones((60, 60)), "Integrated gradients found another hottest region"),
        (np.zeros((60, 60)), "Integrated gradients found no part of the page"),
    ],
)
def test_the_second_method_is_compared_with_the_first(heat, words):
    assert words in text(second_heat=heat)


def test_an_incomplete_integral_is_admitted():
    assert "Integrated gradients miss 12 % of the score." in text(gap=0.12)
    assert "gradients miss" not in text(gap=0.02)


def test_the_evidence_goes_into_json_and_says_what_the_text_says():
    seen = measure(_three_inferior(), WHOLE, lead_boxes(), "Grad-CAM")
    evidence = gather(probabilities(), [seen], np.float32([0.2, 0.3, 0.5]), "", np.float32(0.01))
    back = json.loads(json.dumps(evidence.as_dict()))
    assert back["label"] == "normal" and back["second"] == "history_of_mi"
    assert back["confidence"] == pytest.approx(0.97)
    assert set(back["attention"][0]["hottest"]) == {"II", "III", "aVF"}
    assert {each["territory"] for each in back["attention"][0]["leads"][:3]} == {"inferior"}
    assert back["attention"][0]["outside"] == pytest.approx(0.0)
    assert back["scale_weights"] == pytest.approx([0.2, 0.3, 0.5])


def test_the_leads_that_carried_the_answer_are_said():
    lost = changes(II=-0.3, III=-0.4, aVF=-0.35, V5=-0.03)
    said = text(_three_inferior(), lead_occlusion=lost)
    assert (
        "With one lead blanked at a time, the confidence falls most without II, III and aVF "
        "(inferior): from 97 % to 57 % without III." in said
    )
    assert "The heat of Grad-CAM agrees with it." in said and "Do not rely" not in said
    assert not CLINICAL.search(said)


def test_heat_in_other_leads_than_those_that_carried_the_answer_is_said_to_be_so():
    said = text(spot(0.2, 0.2), lead_occlusion=changes(V2=-0.3, V3=-0.2))
    assert "without V2 (septal) and V3 (anterior): from 97 % to 67 % without V2." in said
    assert "The heat marks other leads than that; of the two, it is the heat that named" in said
    assert "agrees with it" not in said and not CLINICAL.search(said)


def test_an_answer_that_no_lead_carried_is_said_to_be_so():
    said = text(lead_occlusion=changes(V2=-0.01))
    assert "the confidence stays at 96 % or more: no single lead carried the answer." in said
    assert "The heat marks other leads" not in said
    sure = dict.fromkeys(LABELS, 0.0) | {"normal": 1.0}
    said = text(found=sure, lead_occlusion=changes(V2=-0.001))
    assert "the confidence stays above 99 %: no single lead carried the answer." in said


@pytest.mark.parametrize(
    "found, attention, message",
    [
        ({"normal": 1.0}, [None], "Probabilities are needed for normal, myocardial_infarction"),
        (probabilities(), [], "at least one measured heat map"),
    ],
)
def test_missing_evidence_is_refused(found, attention, message):
    with pytest.raises(ValueError, match=message):
        gather(found, attention)


def test_of_a_drawn_infarction_the_territory_is_named():
    """Where leads are as hot as their ST segment is lifted, the text names the true territory."""
    right = []
    for seed in range(20):
        true = simulate(seed, "myocardial_infarction")
        lifted = np.maximum(true.waves[:, 0], 0.0)
        heat = np.zeros((60, 60))
        for lead, height in zip(LEADS, lifted, strict=True):
            box = lead_boxes()[lead]
            row, column = 30 * (box.top + box.bottom), 30 * (box.left + box.right)
            heat[int(row), int(column)] = height
        said = text(heat)
        right.append(any(f"the {wall} leads are the" in said for wall in true.territory.split("+")))
    assert np.mean(right) >= 0.8
