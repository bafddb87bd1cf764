"""Rhythms: when the atria and the ventricles beat."""

import numpy as np
import pytest

from ecg_tf.pages.cases import RHYTHMS


@pytest.mark.parametrize(
    ("rhythm", "low", "high"),
    [
        ("sinus", 54, 100),
        ("sinus_bradycardia", 33, 50),
        ("sinus_tachycardia", 105, 155),
        ("supraventricular_tachycardia", 140, 210),
        ("junctional", 36, 60),
        ("av_block_3", 29, 48),
    ],
)
def test_rates(rhythm, low, high):
    for seed in range(10):
        times = [at for at, _ in RHYTHMS[rhythm](np.random.default_rng(seed)).beats]
        assert low < 60.0 / np.mean(np.diff(times)) < high


def test_fibrillation_is_irregular_and_has_no_p_waves():
    for seed in range(10):
        line = RHYTHMS["atrial_fibrillation"](np.random.default_rng(seed))
        gaps = np.diff([at for at, _ in line.beats])
        assert np.std(gaps) / np.mean(gaps) > 0.08 and not line.atria and line.fibrillation


def test_blocks_delay_or_drop_beats():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        first = RHYTHMS["av_block_1"](rng)
        assert first.beats[0][0] - first.atria[0][0] > 0.2
        for degree in ("av_block_2_wenckebach", "av_block_2_mobitz"):
            line = RHYTHMS[degree](rng)
            assert len(line.beats) < len(line.atria)


def test_early_beats_are_early_and_marked():
    for pattern in ("pvc", "bigeminy", "trigeminy", "couplet", "ventricular_run"):
        line = RHYTHMS[pattern](np.random.default_rng(2))
        place = next(i for i, (_, form) in enumerate(line.beats) if form == "ventricular")
        assert line.beats[place][0] - line.beats[place - 1][0] < 0.8 * line.interval
        assert any(kind == "wide_beat" for kind, _, _ in line.spans)
