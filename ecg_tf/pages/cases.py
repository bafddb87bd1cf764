"""Which rhythms and which healthy look-alikes go with which label, and how often."""

import numpy as np

from ecg_tf.pages import forms
from ecg_tf.pages.blocks import block
from ecg_tf.pages.rhythm import (
    atrial_fibrillation,
    atrial_flutter,
    ectopic,
    rate_marked,
    regular,
    sinus,
    stimulated,
    without_p,
)

RHYTHMS = {
    "sinus": lambda rng: sinus(rng, 56.0, 98.0),
    "sinus_arrhythmia": lambda rng: sinus(rng, 56.0, 85.0, jitter=0.06),
    "sinus_slow": lambda rng: sinus(rng, 50.0, 60.0),  # the athlete's: no finding
    "sinus_bradycardia": lambda rng: rate_marked(rng, 34.0, 48.0, "slow"),
    "sinus_tachycardia": lambda rng: rate_marked(rng, 108.0, 150.0, "fast"),
    "atrial_fibrillation": atrial_fibrillation,
    "atrial_flutter": atrial_flutter,
    "pvc": lambda rng: ectopic(rng, "pvc"),
    "bigeminy": lambda rng: ectopic(rng, "bigeminy"),
    "trigeminy": lambda rng: ectopic(rng, "trigeminy"),
    "couplet": lambda rng: ectopic(rng, "couplet"),
    "ventricular_run": lambda rng: ectopic(rng, "run"),
    "pac": lambda rng: ectopic(rng, "pac"),
    "av_block_1": lambda rng: block(rng, "first"),
    "av_block_2_wenckebach": lambda rng: block(rng, "wenckebach"),
    "av_block_2_mobitz": lambda rng: block(rng, "mobitz"),
    "av_block_3": lambda rng: block(rng, "third"),
    "junctional": lambda rng: without_p(rng, 38.0, 58.0, "no_p"),
    "supraventricular_tachycardia": lambda rng: without_p(rng, 145.0, 205.0, "fast"),
    "left_bundle_branch_block": lambda rng: sinus(rng, 56.0, 98.0),
    "right_bundle_branch_block": lambda rng: sinus(rng, 56.0, 98.0),
    "left_anterior_block": lambda rng: sinus(rng, 56.0, 98.0),
    "pre_excitation": lambda rng: regular(rng, rng.uniform(58.0, 98.0), rng.uniform(0.085, 0.1)),
    "paced_atrium": lambda rng: stimulated(rng, "atrium"),
    "paced_ventricle": lambda rng: stimulated(rng, "ventricle"),
    "paced_both": lambda rng: stimulated(rng, "both"),
}
LOOKALIKES = (None, "early_repolarisation", "hypertrophy", "athlete", "young", "low_voltage")
LOOKALIKES += ("poor_progression",)
LOOKALIKE_ODDS = (0.60, 0.11, 0.06, 0.06, 0.06, 0.05, 0.06)
CONDUCTION = {
    "left_bundle_branch_block": forms.left_bundle_branch_block,
    "right_bundle_branch_block": forms.right_bundle_branch_block,
    "left_anterior_block": forms.left_anterior_block,
    "pre_excitation": forms.pre_excitation,
    "paced_ventricle": forms.paced,
    "paced_both": forms.paced,
}
FINDINGS = tuple(
    name for name in RHYTHMS if name not in ("sinus", "sinus_arrhythmia", "sinus_slow")
)
COMMON = {"sinus_tachycardia": 3.0, "sinus_bradycardia": 2.0, "atrial_fibrillation": 3.0}
COMMON |= {"pvc": 2.5, "pac": 2.0, "left_bundle_branch_block": 2.0, "left_anterior_block": 1.5}
COMMON |= {"right_bundle_branch_block": 2.5, "av_block_1": 2.0}


def draw_case(rng, label: str) -> tuple[str | None, str]:
    """The look-alike of the heart and the rhythm that go with a label."""
    odds = np.array([COMMON.get(name, 1.0) for name in FINDINGS])
    finding = str(rng.choice(FINDINGS, p=odds / odds.sum()))
    lookalike = LOOKALIKES[int(rng.choice(len(LOOKALIKES), p=LOOKALIKE_ODDS))]
    aside = rng.random()
    if label == "abnormal_heartbeat":
        return (lookalike if aside < 0.4 else None), finding
    if label == "normal":
        if lookalike == "athlete":
            return lookalike, "sinus_slow"
        return lookalike, "sinus_arrhythmia" if aside < 0.12 or lookalike == "young" else "sinus"
    # An infarction seldom comes alone: now and then a fast or slow pulse, an early beat, AF.
    others = ("sinus_tachycardia", "sinus_bradycardia", "pvc", "pac", "atrial_fibrillation")
    return None, str(rng.choice(others)) if aside < 0.25 else "sinus"
