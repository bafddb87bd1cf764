"""What the program that trains the part for other printers stores, and how sure it makes it."""

import numpy as np
import pytest
import train_elsewhere as program

from ecg_tf.evaluation.away_rows import read_rows
from ecg_tf.models.gate import GRID
from ecg_tf.training import widened
from ecg_tf.training.drawn_set import DrawnSet

FACTS = {"temperature": 0.75, "answer_from": 0.8, "refuse_below": 0.5, "command": "c"}


@pytest.fixture
def drawn() -> DrawnSet:
    n = 40
    labels = np.arange(n) % 4
    words = np.array([f"p{row}" for row in range(n)])
    ink = np.zeros((n, *GRID), np.float16)
    target = np.eye(4, dtype=np.float32)[labels]
    look, source = np.zeros(n, int), np.array(["ptbxl_raw"] * n)
    nothing = np.zeros((n, 2), np.float16)
    read, score = np.ones(n, bool), np.ones(n, np.float32)
    return DrawnSet(nothing, ink, nothing, read, score, target, read, look, source, words, words)


def answer(drawn, rows, wrong: int, sure: float):
    """Answers of both parts for rows, of which each `wrong`-th is wrong; none looks familiar."""
    right = drawn.target[rows].argmax(axis=1)
    right[::wrong] = (right[::wrong] + 1) % 4
    p = (1 - sure) / 3 + (sure - (1 - sure) / 3) * np.eye(4)[right]
    return rows, np.stack([p, p]).astype(np.float32), np.zeros(len(rows))


def test_each_fold_is_made_as_sure_as_the_others_were_right(drawn, tmp_path, monkeypatch):
    answers = {
        "without": answer(drawn, np.arange(40), 2, 0.9),
        "with-0": answer(drawn, np.arange(20), 5, 0.99),
        "with-1": answer(drawn, np.arange(20, 40), 3, 0.99),
    }
    fitted = {name: widened.temperature_of(drawn, *answers[name][:2]) for name in answers}
    assert fitted["with-1"] > fitted["with-0"] > 1.0  # too sure, the second the more so
    sharpness = program.store_away(tmp_path, drawn, dict(answers), 0.75, FACTS)
    everything = widened.temperature_of(drawn, *program.together([*answers.values()][1:]))
    assert sharpness == pytest.approx(0.75 / everything)
    rows, facts = read_rows(tmp_path / "elsewhere-with.csv")
    assert facts == FACTS and [row.name for row in rows] == [f"p{row}" for row in range(40)]
    told = np.array([[row.normal, row.myocardial_infarction] for row in rows])
    for fold, other in (("with-0", "with-1"), ("with-1", "with-0")):
        asked, both, f = answers[fold]
        expected = widened.mixed(both, f, 0.75 / fitted[other])
        np.testing.assert_allclose(told[asked], expected[:, :2], atol=1e-5)
    rows, _ = read_rows(tmp_path / "elsewhere-without.csv")
    # Nothing of the source may tell how sure this one is: its scores are those of the card.
    asked, both, f = answers["without"]
    expected = widened.mixed(both, f, 0.75)
    np.testing.assert_allclose([row.normal for row in rows], expected[:, 0], atol=1e-5)


def test_what_is_said_of_the_set_are_counts(drawn):
    assert program.counted(drawn) == {"drawn_pages": {"ptbxl_raw": 40}}
