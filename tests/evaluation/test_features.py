import numpy as np
import pytest

from ecg_tf.evaluation.features import beats, features, lead_features, median_beat, rhythm_features
from ecg_tf.pages.trace import RATE, Traces


def beating(times: list[float], seconds: float = 10.0, height: float = 1.0) -> np.ndarray:
    """A strip with a narrow R wave and a round T wave for each beat."""
    t = np.arange(int(seconds * RATE)) / RATE
    strip = np.zeros_like(t)
    for beat in times:
        strip += height * np.exp(-(((t - beat) / 0.015) ** 2))
        strip += 0.25 * np.exp(-(((t - beat - 0.28) / 0.05) ** 2))
    return strip.astype(np.float32)


REGULAR = [0.5 + 0.8 * i for i in range(12)]


def test_beats_are_found_where_they_are():
    found = beats(beating(REGULAR)[None]) / RATE
    assert found == pytest.approx(REGULAR, abs=0.03)


def test_beats_need_only_one_lead_that_shows_them():
    leads = np.stack([np.zeros(1000), beating(REGULAR)])
    assert len(beats(leads)) == len(REGULAR)


def test_flat_and_noisy_lines_have_features_too():
    flat = Traces(np.zeros((12, 250), np.float32), np.zeros(1000, np.float32))
    found = features(flat)
    noise = np.random.default_rng(0).normal(size=(13, 1000)).astype(np.float32)
    noisy = features(Traces(noise[:12, :250], noise[12]))
    beat = beating(REGULAR)
    whole = features(Traces(np.tile(beat[:250], (12, 1)), beat))
    assert found.shape == noisy.shape == whole.shape
    assert not np.isinf(np.stack([found, noisy, whole])).any()
    assert not np.isnan(whole).any()


def test_rate_and_regularity():
    regular = rhythm_features(beating(REGULAR))
    assert regular[0] == 12
    assert regular[1] == pytest.approx(0.8, abs=0.02)
    early = [*REGULAR[:6], REGULAR[6] - 0.35, *REGULAR[7:]]
    irregular = rhythm_features(beating(early))
    assert regular[3] < 0.02 < 0.1 < irregular[3]  # spread of the intervals
    assert (regular[12], irregular[12]) == (0, 1)  # premature beats


def test_amplitudes_of_the_median_beat():
    lead = beating([0.6, 1.4, 2.1], seconds=2.5)
    found = lead_features(lead, beats(lead[None]))
    assert found[7] == pytest.approx(1.0, abs=0.05)  # R
    assert found[20] == pytest.approx(0.25, abs=0.05)  # T


def test_median_beat_rests_on_the_level_before_the_complex():
    windows = np.full((3, 80), 0.4)
    windows[:, 30] = 1.4
    beat = median_beat(windows)
    assert beat[:28] == pytest.approx(np.zeros(28))
    assert beat[30] == pytest.approx(1.0)


def test_one_beat_at_the_very_end():
    lead = beating([2.48], seconds=2.5)
    assert np.isfinite(lead_features(lead, np.array([248]))).all()
