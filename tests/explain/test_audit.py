"""The audit on a tiny network: its rows, its going on, what it comes to."""

import hashlib
import json

import numpy as np
import pytest

from ecg_tf.classifier import Classifier
from ecg_tf.data.catalogue import Alias, Page
from ecg_tf.explain import audit
from ecg_tf.explain.audit import EVERY, SLOW, run
from ecg_tf.explain.audit_picture import TILE, gallery
from ecg_tf.explain.audit_report import text_of
from ecg_tf.explain.audit_rows import key_of, read_rows, write_rows
from ecg_tf.explain.audit_summary import on_card, put_on_card, summarise
from ecg_tf.explain.cases import chosen, drawn_case, real_case
from ecg_tf.explain.faithfulness import COLUMNS, Subject
from ecg_tf.explain.references import REFERENCES
from ecg_tf.labels import LABELS
from tests.explain.conftest import SIZE, small_network

DESCRIBED = {
    "model": "small",
    "network": "abc",
    "command": "scripts/explain_audit.py",
    "layout": "3x4+1",
    "first_seed": 900000,
    "real_pages": "No real page was at hand.",
}


class Counted:
    """A method that marks dark pixels, and how often it was asked."""

    calls = 0

    def __call__(self, model, page, label):
        self.calls += 1
        return 1.0 - page[..., 0] / 255.0


@pytest.fixture(scope="module")
def subject():
    return Subject(small_network(), "abc")


@pytest.fixture(scope="module")
def steps(subject):
    cases = [drawn_case(number, SIZE) for number in range(4)]
    return [(subject, number, lambda case=case: case) for number, case in enumerate(cases)]


@pytest.fixture(scope="module")
def measured(steps, tmp_path_factory):
    """Rows of three methods, one of them slow, and the file with them."""
    path = tmp_path_factory.mktemp("audit") / "pages.csv"
    methods = {"saliency": Counted(), "score_cam": Counted(), **REFERENCES}
    return run(steps, methods, [], path), path


def test_every_method_has_a_row_of_every_page_and_slow_ones_of_some(measured, steps):
    rows, _ = measured
    named = [row["method"] for row in rows]
    assert [named.count(name) for name in ("saliency", "score_cam", "random")] == [4, 1, 4]
    assert SLOW["score_cam"] > 3
    for row in rows:
        assert ("sanity" in row) == ((int(row["page"]) - 900000) % EVERY == 0)
        assert 0.0 <= row["deletion"] <= 1.0 and 0.0 <= row["mass_segments"] <= 1.0
        assert set(row) <= set(COLUMNS)


def test_a_map_of_the_ink_does_not_mind_shuffled_weights(measured):
    rows = [row for row in measured[0] if row["method"] == "saliency" and "sanity" in row]
    assert all(row["sanity"] == pytest.approx(1.0) for row in rows)
    assert rows[0]["jpeg"] > 0.99


def test_what_is_in_the_file_is_not_done_again(measured, steps, tmp_path):
    rows, path = measured
    stored = read_rows(path)
    assert [key_of(row) for row in stored] == [key_of(row) for row in rows]
    half, again = tmp_path / "half.csv", Counted()
    write_rows(half, [row for row in stored if row["page"] != "900001"])
    methods = {"saliency": again, "score_cam": again, **REFERENCES}
    found = run(steps, methods, read_rows(half), half)
    assert again.calls == 1  # page 1 is no multiple of EVERY
    for one, other in zip(found, rows, strict=True):
        assert key_of(one) == key_of(other)
        assert one["deletion"] == pytest.approx(other["deletion"], abs=1e-5)
    assert len(read_rows(half)) == len(rows)


def test_when_the_time_is_over_what_is_known_is_returned(measured, steps, tmp_path):
    rows, path = measured
    never = Counted()
    found = run(steps, {"saliency": Counted(), "gradcam": never}, rows, path, seconds=-1)
    assert never.calls == 0 and len(found) == 4


def test_a_file_with_other_columns_is_refused(tmp_path):
    (tmp_path / "pages.csv").write_text("page,method\n1,gradcam\n")
    with pytest.raises(ValueError, match="has not the columns of this version"):
        read_rows(tmp_path / "pages.csv")


def test_the_summary_groups_the_pages_and_the_text_says_what_it_found(measured):
    rows = [row | {"answer": 1.0 if row["page"] != "900003" else 0.0} for row in measured[0]]
    real = [row | {"kind": "real", "seen": 1.0} for row in rows]
    summary = summarise(rows + real, DESCRIBED)
    assert summary["groups"]["right"]["pages"] == 3 and summary["groups"]["drawn"]["pages"] == 4
    assert set(summary["groups"]) == {"right", "drawn", "seen"}
    assert summary["groups"]["drawn"]["accuracy"]["value"] == 0.75
    assert summary["default"]["winner"] is None  # ink alone does not pass
    text = text_of(json.loads(json.dumps(summary)))
    assert "No method passed: Saliency: its maps hardly change" in text
    assert "| a random map |" in text and "Real pages seen in training" in text


def test_a_winner_is_named_with_its_goals(measured):
    rows = [row | {"answer": 1.0} for row in measured[0]]
    for row in rows:
        row |= {"sanity": 0.1} if row["method"] == "saliency" else {}
        row |= {"hit_territory": float(row["method"] == "saliency"), "seconds": 0.1}
    text = text_of(summarise(rows, DESCRIBED))
    assert "the default is **Saliency**; it comes first in 100 % of the resamples" in text
    assert "on 1.00 [1.00, 1.00] of the pages" in text and "goal of 0.80 is reached" in text
    assert "- Shown first is **Grad-CAM with traces** all the same.\n" in text
    slow = text_of(summarise([row | {"seconds": 2.0} for row in rows], DESCRIBED))
    assert "Saliency needs 2.0 s of processor time a page here, so that the rule puts it" in slow
    assert "a machine 1.5 times as slow" in slow
    missed = [row | {"hit_territory": 0.0} for row in rows]
    text = text_of(summarise(missed, DESCRIBED))
    assert "goal of 0.80 is **missed**" in text and "not told apart from chance" in text


def test_the_figures_go_on_the_card_of_the_audited_weights_and_on_no_other(measured, tmp_path):
    summary = summarise([row | {"answer": 1.0} for row in measured[0]], DESCRIBED)
    card = tmp_path / "model.json"
    for digest, taken in (("abc123", True), ("fff123", False)):
        card.write_text(json.dumps({"weights_sha256": digest}))
        assert put_on_card(card, summary) == taken
        content = json.loads(card.read_text())
        assert ("explanations" in content) == taken
    entry = on_card(summary)
    assert entry["pages"] == "4 drawn infarctions answered rightly"
    assert len(entry["methods"]["random"]["deletion"]) == 3


def page(label, number):
    digest = hashlib.sha256(f"{label}{number}".encode()).hexdigest()
    return Page(digest, [Alias(None, label, None)])


@pytest.fixture
def fold(tmp_path, monkeypatch):
    """A run folder of the small network, tested on page 0 of two classes; it is audited, too."""
    model = small_network()
    monkeypatch.setattr(audit, "build", lambda name, size: small_network())
    given = Classifier(model, {"weights_sha256": "f" * 64})
    monkeypatch.setattr(audit, "load", lambda weights: given)
    tested = [page(label, 0).page_id for label in LABELS[:2]]
    record = {"model": "small", "recipe": {"size": SIZE}, "test_pages": tested}
    (tmp_path / "run.json").write_text(json.dumps(record))
    model.save_weights(tmp_path / "model.weights.h5")
    return tmp_path


def test_real_pages_are_asked_of_the_fold_that_was_tested_on_them(fold):
    pages = [page(label, number) for label in LABELS[:2] for number in range(3)]
    _, steps = audit.plan(None, [fold], pages, drawn=2, real=5)
    assert [subject.digest for subject, *_ in steps[:2]] == ["f" * 12] * 2
    asked = [make.args for _, _, make in steps[2:]]
    assert {given.page_id for given, *_ in asked} == {
        page(label, 0).page_id for label in LABELS[:2]
    }
    assert not any(seen for *_, seen in asked)
    assert {subject.digest for subject, *_ in steps[2:]} != {"f" * 12}


def test_without_a_fold_the_pages_are_said_to_have_been_seen(fold):
    _, steps = audit.plan(None, [], [page(LABELS[0], number) for number in range(3)], 1, 2)
    assert [make.args[-1] for _, _, make in steps[1:]] == [True, True]


def test_a_fold_tested_on_other_pages_is_refused(fold):
    with pytest.raises(ValueError, match="was tested on none of the pages at hand"):
        audit.plan(None, [fold], [page(LABELS[0], 7)], 1, 1)


def test_pages_are_chosen_class_by_class():
    pages = [page(LABELS[0], number) for number in range(9)] + [page(LABELS[3], 0)]
    labels = [each.label for each in chosen(pages, 4)]
    assert labels == [LABELS[0], LABELS[3], LABELS[0], LABELS[0]]
    assert chosen(pages[::-1], 4) == chosen(pages, 4)
    assert len(chosen(pages, 99)) == 10


def test_a_real_page_has_found_leads_and_no_truth(drawn, tmp_path):
    from PIL import Image

    path = tmp_path / "page.png"
    Image.fromarray(drawn[0].image).save(path)
    case = real_case(Page("0" * 64, [Alias(path, LABELS[2], None)]), SIZE, seen=True)
    assert case.label == 2 and case.seen and not case.truths
    assert case.prepared.shape == (*SIZE, 3) and 0.3 < case.leads.mean() < 1.0


def test_the_truths_of_a_drawn_page_lie_in_its_leads():
    case = drawn_case(0, (112, 280))
    assert case.prepared.shape == (112, 280, 3)
    for inside in case.truths.values():
        assert inside.any() and not (inside & ~case.leads).any()


def test_the_picture_has_a_row_a_method_and_a_column_a_page(subject):
    picture = gallery(subject, REFERENCES, {"random": "a random map", "gradcam": "?"}, [0, 1])
    assert picture.width > 2 * TILE[0] and 2 * TILE[1] < picture.height < 3 * TILE[1]
    assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 100
