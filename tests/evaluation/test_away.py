"""Away from home: who may judge which page, what is drawn, how the answers are counted."""

import json
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from ecg_tf.evaluation import away, away_figures, away_report, away_rows
from ecg_tf.labels import LABELS
from ecg_tf.pages.effects import ALL_EFFECTS
from ecg_tf.pages.other_layouts import FORMS

FACTS = {
    "temperature": 1.0,
    "answer_from": 0.6,
    "refuse_below": 0.5,
    "command": "x",
    "version": "7",
}


def _pages(folder, n=8) -> list:
    rng = np.random.default_rng(0)
    pages = []
    for number in range(n):
        path = folder / f"{number:012x}.png"
        Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
        label = LABELS[number % 4]
        pages.append(SimpleNamespace(path=path, page_id=path.stem, group=path.stem, label=label))
    return pages


def _model() -> keras.Model:
    """Answers by how dark the page is, whatever its weights."""
    page = keras.Input((16, 24, 3))
    x = keras.layers.GlobalAveragePooling2D()(page)
    return keras.Model(page, keras.layers.Dense(4, "softmax")(x / 255.0))


def _row(name="a", label="normal", condition="none", severity=0, p=(0.7, 0.1, 0.1, 0.1), **more):
    values = dict(zip(LABELS, p, strict=True))
    infarction = int(label in LABELS[1:3])
    return away_rows.Row(
        name, name, label, infarction, condition, severity, **{"score": 1.0} | values | more
    )


def test_a_page_is_shown_plain_and_under_every_effect(tmp_path):
    pages = _pages(tmp_path, 2)
    found = list(away.photographed(pages, {}, (0, 1, 3), 0))
    assert len(found) == 2 * (1 + 2 * len(ALL_EFFECTS))
    assert {row.condition for row, _ in found} == {"none", *ALL_EFFECTS}
    again = list(away.photographed(pages[1:], {}, (3,), 0))[-1][1]
    np.testing.assert_array_equal(found[-1][1], again)  # whatever else is shown


def test_whole_pages_are_shown_where_there_are_any(tmp_path):
    pages = _pages(tmp_path, 2)
    whole = {pages[0].path.stem: pages[1].path}
    shown = [picture for row, picture in away.photographed(pages, whole, (), 0)]
    np.testing.assert_array_equal(*shown)


def test_a_sample_holds_every_label(tmp_path):
    pages = [*_pages(tmp_path, 40)]
    chosen = away.sample(pages, 12, 0)
    assert [page.label for page in chosen] == [label for label in LABELS for _ in range(3)]
    assert len({page.page_id for page in chosen}) == 12


def test_answers_come_in_order_and_belong_to_their_pictures(monkeypatch):
    monkeypatch.setattr(away, "BATCH", 2)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (30, 40, 3), dtype=np.uint8) for _ in range(3)]
    judge = away.Judge(_model(), (16, 24), None)
    together = away.judged(judge, ((_row(str(k)), each) for k, each in enumerate(pictures)))
    alone = [away.judged(judge, iter([(_row(str(k)), each)]))[0] for k, each in enumerate(pictures)]
    assert [row.name for row in together] == ["0", "1", "2"]
    for one, other in zip(together, alone, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert one.normal == pytest.approx(other.normal, abs=1e-5)
        assert sum(getattr(one, label) for label in LABELS) == pytest.approx(1.0, abs=1e-5)


def test_a_fold_judges_its_test_pages_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(away, "build", lambda name, size: _model())
    for fold, page_ids in enumerate((["a"], ["b", "c"])):
        folder = tmp_path / str(fold)
        folder.mkdir()
        record = {"model": "any", "recipe": {"size": [16, 24]}, "test_pages": page_ids}
        (folder / "run.json").write_text(json.dumps(record))
        _model().save_weights(folder / "model.weights.h5")
    found = list(away.fold_judges(tmp_path))
    assert [judge.page_ids for judge in found] == [{"a"}, {"b", "c"}]
    assert found[0].size == (16, 24)
    with pytest.raises(FileNotFoundError, match="no finished run"):
        next(away.fold_judges(tmp_path / "nowhere"))


def test_stored_rows_come_back(tmp_path):
    rows = [_row(), _row("b", "history_of_mi", "blur", 3)]
    away_rows.write_rows(tmp_path / "x.csv", rows, FACTS)
    assert away_rows.read_rows(tmp_path / "x.csv") == (rows, FACTS)


def test_refused_pages_are_not_counted_as_referred():
    unsure = (0.4, 0.2, 0.2, 0.2)
    rows = [_row(), _row(p=unsure), _row(p=unsure, score=0.1), _row(score=0.2)]
    assert away_figures.decisions(rows, FACTS) == (0.5, 0.25)


def test_a_page_whose_layout_is_not_found_gets_no_answer():
    rows = [_row(), _row(legible=0), _row(legible=0, score=0.1)]
    assert away_figures.decisions(rows, FACTS) == pytest.approx((1 / 3, 1 / 3))
    assert away_figures.answered(rows, FACTS).tolist() == [True, False, False]


def test_printouts_are_the_same_signals_on_other_papers_and_in_other_layouts():
    shown = list(away.printed(1))
    assert [row.condition for row, _ in shown] == [
        condition
        for condition in (
            "margins",
            "letters on the grid",
            "letters on the grid, photographed",
            *(f"layout {form.name}" for form in FORMS),
            *(f"layout {form.name}, photographed" for form in FORMS),
        )
        for _ in LABELS
    ]
    assert [row.label for row, _ in shown] == (3 + 2 * len(FORMS)) * list(LABELS)
    text = away_report.as_markdown({"printouts": ([row for row, _ in shown], FACTS)})
    assert "4 simulated signals" in text and "| margins | 0.500 [" in text


def test_the_document_tells_what_the_part_for_others_says_of_real_pages(tmp_path):
    rows = [row for row, _ in away.plain(_pages(tmp_path))]
    text = away_report.as_markdown({"real": (rows, FACTS)})
    assert "All 8 real pages" in text and "| normal | 2 | 2 | 0 | 0 | 0 |" in text


def test_the_document_tells_what_an_effect_costs(tmp_path):
    wrong = (0.1, 0.7, 0.1, 0.1)
    rows = [_row(name) for name in "abcd"]
    for effect in ALL_EFFECTS:
        for name in "abcd":
            bad = effect == "blur" and name == "a"
            rows.append(_row(name, "normal", effect, 3, wrong if bad else (0.7, 0.1, 0.1, 0.1)))
    text = away_report.as_markdown({"photographs": (rows, FACTS | {"held_out": False})})
    assert "| blur | 1.000 | 0.750 | +0.250 [" in text and "have seen these pages" in text
    assert "(`x`, shipped weights of version 7)" in text
    assert "| glare | 1.000 | 1.000 | +0.000 [+0.000, +0.000]" in text
    away_report.curves(tmp_path / "x.png", rows)
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size[0] > 300


def test_infarctions_of_unknown_age_count_for_mi_or_not_alone():
    rows = [_row(str(n), label, "home") for n, label in enumerate(LABELS)]
    rows += [away_rows.Row("x", "x", "", 1, "home", 0, 1.0, 0.0, 0.5, 0.5, 0.0)]
    text = away_report.as_markdown({"elsewhere-with": (rows, FACTS)})
    line = next(line for line in text.splitlines() if line.startswith("| home |"))
    assert line.split(" | ")[1].startswith("0.500 [")  # the four labels: all answers alike
    assert line.split(" | ")[6].startswith("0.667 [")  # one of three infarctions stands out
    assert "goal 0.95" in text and "goal 0.90" not in text


def test_the_document_tells_how_often_answers_for_other_printers_are_right():
    p = (0.1, 0.1, 0.1, 0.7)
    rows = [_row("a", condition="home"), _row("b", condition="home", p=p)]
    rows += [_row("c", condition="home", p=(0.4, 0.2, 0.2, 0.2))]
    rows += [_row("d", "abnormal_heartbeat", "home", p=p, score=0.1)]
    text = away_report.as_markdown({"elsewhere-without": (rows, FACTS)})
    line = next(line for line in text.splitlines() if line.startswith("| home |"))
    assert line.endswith("| 25.0% | 0.0% | 50.0% | 50.0% |")
    rows[0] = replace(rows[0], legible=0)  # would be answered, and rightly
    text = away_report.as_markdown({"elsewhere-without": (rows, FACTS)})
    line = next(line for line in text.splitlines() if line.startswith("| home |"))
    assert line.endswith("| 25.0% | 25.0% | 25.0% | 0.0% |")


def test_the_gate_is_asked_about_whole_pages_and_crops(tmp_path):
    for kind in ("whole", "grid"):
        (tmp_path / kind / "normal").mkdir(parents=True)
        _pages(tmp_path / kind / "normal", 2)
    rows = away.gated(tmp_path, 3, 5)
    assert [row.condition for row in rows] == ["plain", "weathered"] * 3
    assert all(0 <= row.score < 0.5 and row.label == "normal" for row in rows)  # all noise
    assert away.gated(tmp_path, 3, 5) == rows
    lines = away_report.as_markdown({"gate": (rows, FACTS)}).splitlines()
    assert any(line.startswith("| as they are | 3 of 3 | 43.") for line in lines)
