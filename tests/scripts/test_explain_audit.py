"""The audit's program writes the page from stored numbers, and ends bad calls with a sentence."""

import json

import explain_audit as program
import pytest
from click.testing import CliRunner

from ecg_tf.explain.audit_summary import summarise
from ecg_tf.explain.ranking import CRITERIA


def run(*words):
    return CliRunner().invoke(program.main, [str(word) for word in words])


@pytest.fixture
def docs(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "TEXT", tmp_path / "EXPLANATIONS.md")
    monkeypatch.setattr(program, "KEPT", tmp_path / "explanations")
    (tmp_path / "explanations").mkdir()
    return tmp_path


def stored() -> dict:
    """The summary of an audit of one method on one page."""
    row = dict.fromkeys((*CRITERIA, "shift", "jpeg", "seconds", "sanity", "outside"), 0.25)
    row |= {f"chance_{truth}": 0.125 for truth in ("territory", "leads", "segments")}
    row |= {"kind": "drawn", "page": "900000", "method": "gradcam", "label": 1.0, "answer": 1.0}
    row |= {"outside_chance": 0.1, "seen": 0.0}
    described = {"model": "m", "network": "abc", "command": "c", "layout": "l", "first_seed": 1}
    return summarise([row], described | {"real_pages": ""})


def test_the_page_is_made_of_the_stored_numbers_alone(docs):
    (docs / "explanations" / "summary.json").write_text(json.dumps(stored()))
    result = run("--report")
    assert result.exit_code == 0, result.output
    assert "The default by these figures: gradcam" in result.output
    assert "the default is **Grad-CAM**" in (docs / "EXPLANATIONS.md").read_text()


def test_what_the_text_names_stands_on_the_page_if_it_is_of_the_same_weights(docs):
    (docs / "explanations" / "summary.json").write_text(json.dumps(stored()))
    figure = {"what": "territory right", "hits": 3, "n": 4, "low": 0.3, "high": 0.95}
    named = {"command": "c", "weights_sha256": "abcdef", "figures": [figure]}
    for sha256, shown in (("abcdef", True), ("bcdefa", False), (None, False)):
        named["weights_sha256"] = sha256
        (docs / "explanations" / "drawn-1.json").write_text(json.dumps(named))
        assert run("--report").exit_code == 0
        text = (docs / "EXPLANATIONS.md").read_text()
        assert ("| territory right | 3 of 4 | 0.75 [0.30, 0.95] |" in text) == shown


def test_every_stored_run_on_drawn_pages_is_on_the_page(docs):
    (docs / "explanations" / "summary.json").write_text(json.dumps(stored()))
    for first in (1, 2):
        named = {"command": f"--first {first}", "weights_sha256": "abcdef", "figures": []}
        (docs / "explanations" / f"drawn-{first}.json").write_text(json.dumps(named))
    assert run("--report").exit_code == 0
    text = (docs / "EXPLANATIONS.md").read_text()
    assert 0 < text.index("Command: `--first 1`") < text.index("Command: `--first 2`")


def test_without_numbers_there_is_no_page(docs):
    result = run("--report")
    assert result.exit_code == 2 and "summary.json" in result.output
    assert not (docs / "EXPLANATIONS.md").exists()


def test_weights_that_are_not_there_are_named(docs):
    result = run("--weights", docs / "none.weights.h5", "--real", 0)
    assert result.exit_code == 2 and "none.weights.h5" in result.output


def test_the_command_on_the_page_names_no_path_of_this_machine():
    said = program.command("/home/me/w.h5", ["/a/fold0", "/a/fold1"], 30, 12)
    assert said == (
        "scripts/explain_audit.py --weights WEIGHTS --run FOLD --run FOLD --pages 30 --real 12"
    )


def test_the_stored_numbers_of_real_pages_can_be_kept(docs):
    from ecg_tf.explain.audit_rows import COLUMNS, write_rows

    kinds = [dict.fromkeys(COLUMNS) | {"kind": kind, "page": kind} for kind in ("real", "drawn")]
    write_rows(docs / "explanations" / "pages.csv", kinds)
    summary = stored() | {"real_pages": "Real pages: held out.", "command": "audit --real 24"}
    (docs / "explanations" / "summary.json").write_text(json.dumps(summary))
    rows, words = program.stored_real()
    assert [row["page"] for row in rows] == ["real"]
    assert words == "Real pages: held out. (audit --real 24)"
    again = program.command(None, (), 30, 12, keep_real=True)
    assert again == "scripts/explain_audit.py --keep-real --pages 30 and audit --real 24"
    # Kept a second time, they are still those of the same command.
    summary |= {"real_pages": words, "command": again}
    (docs / "explanations" / "summary.json").write_text(json.dumps(summary))
    assert program.stored_real()[1] == words
    assert program.command(None, (), 30, 12, keep_real=True) == again
