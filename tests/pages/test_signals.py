"""Simulated signals: the leads agree with each other, and the beats are what they claim to be."""

import numpy as np
import pytest

from ecg_tf.labels import LABELS
from ecg_tf.pages import beats, forms
from ecg_tf.pages.beats import EXPAND, evaluate
from ecg_tf.pages.cases import FINDINGS, RHYTHMS
from ecg_tf.pages.infarction import TERRITORIES, draw_scar
from ecg_tf.pages.layout import LEADS
from ecg_tf.pages.signals import FS, simulate

ONE, TWO, THREE, AVR, AVL, AVF, V1, V2, V3, V4, V5, V6 = range(12)
TIMES = np.arange(-0.12, 0.16, 0.001)


def heart(seed: int, lookalike=None):
    rng = np.random.default_rng(seed)
    build = beats.draw_build(rng, lookalike)
    return rng, beats.normal_beat(rng, build, 0.8)


def width(beat) -> float:
    """Seconds during which the QRS of a beat is visible in any lead."""
    qrs = [wave for wave in beat.waves if wave.kind == "qrs"]
    seen = np.abs(evaluate(TIMES, qrs)).max(axis=1) > 0.06
    return (np.flatnonzero(seen)[-1] - np.flatnonzero(seen)[0]) * 0.001


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_leads_of_every_rhythm_agree(rhythm):
    made = simulate(5, "abnormal_heartbeat" if rhythm in FINDINGS else "normal", rhythm)
    leads = made.signal
    assert leads.shape == (10 * FS, 12) and leads.dtype == np.float32
    np.testing.assert_allclose(leads[:, ONE] + leads[:, THREE], leads[:, TWO], atol=1e-4)
    np.testing.assert_allclose(leads[:, AVR], -(leads[:, ONE] + leads[:, TWO]) / 2, atol=1e-4)
    np.testing.assert_allclose(leads[:, AVL], (leads[:, ONE] - leads[:, THREE]) / 2, atol=1e-4)
    np.testing.assert_allclose(leads[:, AVF], (leads[:, TWO] + leads[:, THREE]) / 2, atol=1e-4)
    assert 0.1 < np.abs(leads[:, V4]).max() < 12.0
    assert made.rhythm == rhythm and bool(made.spans) == (rhythm in FINDINGS)


@pytest.mark.parametrize("label", LABELS)
def test_the_same_seed_gives_the_same_signal(label):
    one, two, other = simulate(3, label), simulate(3, label), simulate(4, label)
    np.testing.assert_array_equal(one.signal, two.signal)
    assert one.spans == two.spans and one.label == label
    assert not np.array_equal(one.signal, other.signal)


def test_healthy_beats_look_as_in_a_textbook():
    for seed in range(40):
        _, beat = heart(seed)
        leads = evaluate(TIMES, beat.waves) @ EXPAND
        middle = leads[(TIMES > -0.05) & (TIMES < 0.05)]
        assert -middle[:, AVR].min() > middle[:, AVR].max(), f"aVR upright, seed {seed}"
        assert -middle[:, V1].min() > middle[:, V1].max(), f"V1 upright, seed {seed}"
        assert middle[:, V1].max() < middle[:, V3].max() < middle[:, V5].max(), f"R, seed {seed}"
        assert middle[:, V5].max() > -middle[:, V5].min(), f"V5 negative, seed {seed}"
        assert 0.058 < width(beat) < 0.115, f"QRS of {width(beat)} s, seed {seed}"
        top = evaluate(np.array([beat.t_peak]), beat.waves) @ EXPAND
        assert top[0, AVR] < 0 < min(top[0, [V3, V4, V5]]), f"T, seed {seed}"
        assert 0.18 < beat.t_peak < 0.36


@pytest.mark.parametrize(
    "form",
    (
        forms.left_bundle_branch_block,
        forms.right_bundle_branch_block,
        forms.ventricular,
        forms.paced,
    ),
)
def test_blocked_and_ectopic_beats_are_wide(form):
    for seed in range(10):
        rng, beat = heart(seed)
        assert width(form(rng, beat)) > 0.12, f"seed {seed}"


def test_bundle_branch_blocks_differ_in_v1():
    rng, beat = heart(0)
    late = np.array([0.05])
    left = evaluate(late, forms.left_bundle_branch_block(rng, beat).waves) @ EXPAND
    right = evaluate(late, forms.right_bundle_branch_block(rng, beat).waves) @ EXPAND
    assert left[0, V1] < -0.2 < 0.2 < right[0, V1]
    assert right[0, V6] < 0 < left[0, V6]


@pytest.mark.parametrize(
    ("territory", "up", "down"),
    [
        ("inferior", (THREE, AVF), (AVL,)),
        ("septal", (V1, V2), ()),
        ("anterior", (V2, V3, V4), ()),
        ("lateral", (ONE, AVL, V5, V6), (THREE,)),
        ("septal+anterior", (V1, V2, V3), ()),
        ("anterior+lateral", (V3, V4, V5), (THREE,)),
        ("inferior+lateral", (TWO, V6), ()),
        ("septal+anterior+lateral", (V2, V3, V4), ()),
    ],
)
def test_acute_infarction_lifts_the_st_of_its_territory(territory, up, down):
    for seed in range(4):
        made = simulate(seed, "myocardial_infarction", "sinus", territory)
        flat = simulate(seed, "myocardial_infarction", "sinus", territory, flatten=("st",))
        lift = (made.waves - flat.waves)[:, 0]
        assert min(lift[list(up)]) > 0.01, f"seed {seed}: {lift}"
        assert all(lift[lead] < 0.0 for lead in down), f"seed {seed}: {lift}"
        assert lift.max() > 0.05
        assert made.territory == territory and made.stage in ("hyperacute", "acute", "evolving")
        lifted = {lead for lead, kind, *_ in made.spans if kind == "st_elevation"}
        assert lifted == {LEADS[lead] for lead in np.flatnonzero(lift > 0.06)}


def test_every_territory_is_drawn_now_and_then():
    scars = [draw_scar(np.random.default_rng(seed), "old") for seed in range(100)]
    assert {scar.territory for scar in scars} == set(TERRITORIES)
    # The lead that sees most of it, of all twelve, sees it at full strength.
    assert all(abs(np.abs(scar.region @ EXPAND).max() - 1.0) < 1e-5 for scar in scars)


def test_old_infarction_has_q_or_turned_t_but_no_raised_st():
    for seed in range(12):
        made = simulate(seed, "history_of_mi", "sinus")
        flat = simulate(seed, "history_of_mi", "sinus", flatten=("st", "t", "q"))
        lift, q, turn = (made.waves - flat.waves).T
        assert lift.max() < 0.12 and made.stage == "old"
        assert q.min() < -0.1 or turn.min() < -0.1
        assert not any(kind == "st_elevation" for _, kind, *_ in made.spans)


def test_a_flattened_signal_differs_only_in_the_st_segment():
    made = simulate(8, "myocardial_infarction", "sinus", "inferior")
    flat = simulate(8, "myocardial_infarction", "sinus", "inferior", flatten=("st",))
    differs = np.abs(made.signal - flat.signal).max(axis=1) > 0.02
    within = np.zeros(len(differs), bool)
    for start, end in {(start, end) for _, kind, start, end in made.spans if kind[:2] == "st"}:
        # The injury runs into the T wave, hence the wider end.
        within[max(round((start - 0.04) * FS), 0) : round((end + 0.25) * FS)] = True
    assert differs.any() and not (differs & ~within).any()
    assert not any(kind[:2] == "st" for _, kind, *_ in flat.spans)


def test_labels_go_with_their_findings():
    assert all(simulate(seed, "normal").territory is None for seed in range(5))
    for seed in range(15):
        assert simulate(seed, "normal").rhythm in ("sinus", "sinus_arrhythmia", "sinus_slow")
        assert simulate(seed, "abnormal_heartbeat").rhythm in FINDINGS


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"label": "healthy"}, "label 'healthy' is not known; choose one of normal"),
        ({"rhythm": "waltz"}, "rhythm 'waltz' is not known"),
        ({"territory": "posterior"}, "territory 'posterior' is not known"),
        ({"label": "normal", "rhythm": "pvc"}, "label 'normal' does not go with rhythm 'pvc'"),
        ({"label": "normal", "territory": "septal"}, "does not go with territory 'septal'"),
        ({"label": "abnormal_heartbeat", "rhythm": "sinus"}, "does not go with rhythm 'sinus'"),
        ({"flatten": ("p",)}, r"flatten \['p'\] is not known"),
    ],
)
def test_unknown_wishes_are_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        simulate(1, **asked)
