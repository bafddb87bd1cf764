"""The network for any printer: who may be asked about whom, and how the two parts are mixed."""

from types import SimpleNamespace

import numpy as np
import pytest

from ecg_tf.data.folds import folds
from ecg_tf.evaluation.predictions import Predictions
from ecg_tf.labels import LABELS
from ecg_tf.models.gate import GRID
from ecg_tf.training import widened
from ecg_tf.training.drawn_set import HOME, OTHER, UNKNOWN_AGE, DrawnSet
from ecg_tf.training.familiar import Home


@pytest.fixture
def drawn() -> DrawnSet:
    """60 pages: 20 patients of PTB-XL drawn twice, 10 of another source, 10 simulated."""
    n = 60
    source = np.array(["ptbxl_raw", "ptbxl_restored"] * 20 + ["cinc"] * 10 + ["simulated"] * 10)
    target = np.eye(4, dtype=np.float32)[np.arange(n) // 2 % 4]
    sure = np.ones(n, bool)
    target[[0, 1]], sure[[0, 1]] = UNKNOWN_AGE, False
    sure[[2, 3]] = False  # by loose rules
    patient = np.array([f"p{row // 2}" for row in range(40)] + [f"q{row}" for row in range(20)])
    look = np.array([HOME, OTHER] * 30)
    ink = np.zeros((n, *GRID), np.float16)
    signals = np.zeros((n, 2, 3), np.float16)
    pooled = np.zeros((n, 4), np.float32)
    legible, score = np.ones(n, bool), np.full(n, 0.75, np.float32)
    return DrawnSet(
        signals, ink, pooled, legible, score, target, sure, look, source, patient, patient
    )


def test_no_patient_is_asked_of_a_network_that_saw_him(drawn):
    asked = []
    for name, train, test in widened.protocols(drawn, seed=0):
        assert not set(drawn.patient[train]) & set(drawn.patient[test])
        if name == "without":
            assert not np.char.startswith(drawn.source[train], "ptbxl").any()
            assert len(train) == 20 and len(test) == 38
        else:
            asked += test.tolist()
    assert sorted(asked) == [0, 1, *range(4, 40)]  # all but those labelled by loose rules


def test_pages_whose_leads_were_not_found_are_asked_but_not_learnt_from(drawn):
    drawn.legible[[10, 50]] = False
    for name, train, test in widened.protocols(drawn, seed=0):
        assert not {10, 50} & set(train)
        assert name != "without" or 10 in test


def test_the_parts_are_mixed_by_how_familiar_a_page_is():
    other, home = np.array([[0.7, 0.1, 0.1, 0.1]]), np.array([[0.1, 0.7, 0.1, 0.1]])
    both = np.stack([np.repeat(other, 3, axis=0), np.repeat(home, 3, axis=0)])
    found = widened.mixed(both, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(found[[0, 2]], [other[0], home[0]], rtol=1e-6)
    assert found[1, 0] == pytest.approx(found[1, 1])
    sharp = widened.mixed(both, np.array([0.0, 0.5, 1.0]), sharpness=2.0)
    assert sharp[0, 0] == pytest.approx(0.49 / 0.52) and sharp[1, 0] > sharp[1, 1]
    np.testing.assert_allclose(sharp[2], home[0], rtol=1e-6)


def test_a_part_that_is_too_sure_has_a_temperature_above_one(drawn):
    rows = np.arange(4, 40)
    right = drawn.target[rows].argmax(axis=1)
    right[::4] = (right[::4] + 1) % 4  # wrong on every fourth
    p = 0.001 + 0.996 * np.eye(4)[right]
    both = np.stack([p, p])
    fitted = widened.temperature_of(drawn, rows, both)
    assert fitted > 2.0
    # What was not read says nothing of how sure the part may be.
    drawn.legible[rows[::4]] = False
    assert widened.temperature_of(drawn, rows, both) < fitted


def test_rows_say_what_is_known_of_a_page(drawn):
    p = np.full((3, 4), 0.25)
    unknown, certain, other = widened.as_rows(drawn, np.array([0, 4, 5]), p)
    assert (unknown.label, unknown.infarction, unknown.condition) == ("", 1, "home")
    assert (certain.label, certain.infarction) == (LABELS[2], 1)
    assert (other.condition, other.group) == ("other paper", "p2")
    assert (unknown.score, unknown.normal, unknown.legible) == (0.75, 0.25, 1)
    drawn.legible[5] = False
    assert widened.as_rows(drawn, np.array([5]), p[:1])[0].legible == 0


def test_real_pages_are_told_by_a_fit_that_never_saw_them(drawn, monkeypatch):
    stems = [f"{number:012x}" for number in range(40)]
    pages = [
        SimpleNamespace(
            page_id=stem, group=stem, label=LABELS[k % 4], path=SimpleNamespace(stem=f"f{k}")
        )
        for k, stem in enumerate(stems)
    ]
    names = np.array([page.path.stem for page in pages] * 2)
    home = Home(np.arange(80, dtype=np.float16).reshape(80, 1, 1), names, np.zeros(80, int))
    labels = np.arange(40) % 4
    found = folds(pages)
    fold = np.empty(40, int)
    for each in found:
        fold[each.test] = each.fold
    stored = Predictions(
        np.array(stems),
        labels,
        np.zeros(40, int),
        fold,
        np.full((40, 4), 0.25),
        {"model": "m", "recipe": "r", "protocol": "leak-free"},
    )
    seen = []
    monkeypatch.setattr(widened, "fit_familiar", lambda ink, drawn: ink[:, 0, 0].astype(int) % 40)

    def familiar(ink, trained_on):
        page = int(ink[0, 0, 0])
        assert len(ink) == 1 and page < 40  # the plain crop comes first
        assert page not in set(trained_on) and len(set(trained_on)) == 32
        seen.append(page)
        return np.array([1.0 if page else 0.0])

    monkeypatch.setattr(widened, "familiar", familiar)
    both = np.stack([np.tile([0.7, 0.1, 0.1, 0.1], (40, 1))] * 2)
    wide = widened.out_of_fold(stored, pages, home, drawn, both, {"command": "c"})
    assert sorted(seen) == list(range(40))
    np.testing.assert_allclose(wide.probabilities[0], [0.7, 0.1, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(wide.probabilities[1:], 0.25)
    assert wide.meta["familiar"] == {"least": 0.0, "below_half": 1}
    told = [wide.meta[key] for key in ("model", "recipe", "protocol", "command")]
    assert told == ["anywhere", "widened", "leak-free", "c"]
