"""Opinions, exported so that the science can train on them."""

import csv

from ecg_tf.data.catalogue import catalogue
from ecg_tf.pages.read import read_file
from tests.webapp.studies import files


def test_opinions_become_a_folder_that_the_catalogue_reads(app, ann, bob, upload, work, tmp_path):
    first = upload(ann, files.png())
    second = upload(ann, files.jpeg(files.page(seed=7)))
    same = upload(bob, files.png())
    silent = upload(bob, files.png(files.page(seed=8)))
    work()
    assert silent
    ann.send(f"{first}/feedback", {"label": "myocardial_infarction"})
    ann.send(f"{second}/feedback", {"label": "normal", "comment": "=cmd()"})
    bob.send(f"{same}/feedback", {"label": "myocardial_infarction"})
    run = app.test_cli_runner().invoke
    result = run(args=["portal", "export-feedback", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "3 pages written" in result.output
    found = catalogue(tmp_path / "out", decode=True)
    assert found.problems == []
    assert {page.label: len(page.aliases) for page in found.clean} == {
        "myocardial_infarction": 1,
        "normal": 1,
    }
    assert read_file(found.pages[0].path).shape == (500, 700, 3)
    table = (tmp_path / "out" / "manifest.csv").read_text().splitlines()
    rows = list(csv.DictReader(table))
    assert [row["agrees"] for row in rows] == ["yes", "no", "yes"]
    assert rows[1]["comment"] == "'=cmd()"
    assert not any("ann" in value.lower() for row in rows for value in row.values())
    again = run(args=["portal", "export-feedback", str(tmp_path / "out")])
    assert again.exit_code == 1 and "is not empty" in again.output


def test_two_opinions_on_one_page_are_a_conflict_for_the_catalogue(
    app, ann, bob, upload, work, tmp_path
):
    for browser, label in ((ann, "normal"), (bob, "history_of_mi")):
        study = upload(browser)
        work()
        browser.send(f"{study}/feedback", {"label": label})
    app.test_cli_runner().invoke(args=["portal", "export-feedback", str(tmp_path / "out")])
    found = catalogue(tmp_path / "out")
    assert [problem.code for problem in found.problems] == ["label_conflict"]
    assert found.clean == []
