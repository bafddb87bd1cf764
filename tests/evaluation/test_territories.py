import numpy as np
import pytest

from ecg_tf.evaluation.territories import across_leads
from ecg_tf.pages.layout import LEADS

KEYS = ("r", "q", "s", "height", "area", "width", "st", "t", "t area")
AXES, PROGRESSION, WALL = 5, 14, 15  # numbers of each kind, in this order


def measured(**changes) -> dict:
    """All waves flat but `II_r=1.0` and the like."""
    leads = {lead: dict.fromkeys(KEYS, 0.0) for lead in LEADS}
    for name, value in changes.items():
        lead, key = name.split("_", 1)
        leads[lead][key.replace("_", " ")] = value
    return leads


@pytest.mark.parametrize(
    ("one", "foot", "angle"), [(1, 0, 0), (0, 1, 90), (1, 1, 45), (-1, 0, 180), (1, -1, -45)]
)
def test_axis(one, foot, angle):
    found = across_leads(measured(I_area=one, aVF_area=foot))
    assert found[:2] == pytest.approx(
        [np.sin(np.radians(angle)), np.cos(np.radians(angle))], abs=1e-9
    )


def test_opposite_axes_of_complex_and_t_wave():
    found = across_leads(measured(I_area=1, I_t_area=-1))
    assert found[4] == pytest.approx(-1)


def test_r_overtakes_s_in_v4():
    waves = {f"V{i}_r": 0.2 * i for i in range(1, 7)} | {f"V{i}_s": -0.7 for i in range(1, 7)}
    found = across_leads(measured(**waves))
    assert found[AXES : AXES + 5] == pytest.approx([0.2] * 5)
    assert found[AXES + 11] == 3  # the fourth chest lead


def test_q_waves_count_for_their_wall():
    scar = {"II_r": 0.8, "III_q": -0.3, "III_r": 0.4, "aVF_q": -0.25, "aVF_r": 0.5}
    found = across_leads(measured(**scar, V1_q=-0.05))
    inferior, lateral, anterior = (
        found[AXES + PROGRESSION + i * WALL : AXES + PROGRESSION + (i + 1) * WALL] for i in range(3)
    )
    assert inferior[0] == pytest.approx(-0.3)
    assert (inferior[4], lateral[4], anterior[4]) == (2, 0, 0)


def test_st_of_one_wall_against_the_other():
    raised = across_leads(measured(II_st=0.3, III_st=0.3, aVF_st=0.3, I_st=-0.1, aVL_st=-0.1))
    contrast = raised[AXES + PROGRESSION + 3 * WALL]
    assert contrast == pytest.approx(0.3 + 0.05)


def test_leads_without_beats_count_as_flat():
    waves = measured(I_r=1.0)
    waves["V3"] = dict.fromkeys(KEYS, np.nan)
    assert np.isfinite(across_leads(waves)).all()
