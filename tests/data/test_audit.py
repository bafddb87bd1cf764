import csv
import json
import os
import shutil

import pytest
from click.testing import CliRunner
from PIL import Image

from ecg_tf.data.audit import audit
from ecg_tf.data.report import as_markdown, verdict, write_report
from ecg_tf.labels import LABELS
from ecg_tf.progress import progress_bar
from tests.data.trees import drawn, ecg, made_up_rows, noise, published_tree


def run_script(*arguments) -> tuple[int, str]:
    from audit import main  # scripts/audit.py

    result = CliRunner().invoke(main, [str(one) for one in arguments])
    return result.exit_code, result.output


def small_split(root) -> None:
    """Two pages of two labels for training and one of each for testing."""
    for number, label in enumerate(("normal", "history_of_mi")):
        for seed in (0, 1):
            ecg(root / "train" / label / f"{seed}.png", 10 * number + seed, label)
        ecg(root / "test" / label / "2.png", 10 * number + 2, label)


def test_the_published_tree_leaks_and_a_look_up_table_is_always_right(tmp_path):
    files = published_tree(tmp_path / "tree", made_up_rows())
    out = tmp_path / "report"
    status, said = run_script(tmp_path / "tree", "--workers", 1, "--out", out)
    assert status == 1
    assert "LEAKING: on two sides of the split stand 24 pages" in said
    found = json.loads((out / "report.json").read_text())
    assert (found["files"], found["pages"], found["groups"]) == (files, 24, 24)
    assert len(found["leaks"]["exact"]) == 24
    assert found["leaks"]["near"] == found["near_duplicates"] == found["problems"] == []
    side = found["lookup"]["sides"]["test"]
    assert side["exact"] == side["near"] == 1
    assert side["majority"] < 0.5


def test_the_real_table_of_copies_rebuilt_as_published_leaks(tmp_path, data):
    with (data / "pages.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))[::4]
    files = published_tree(tmp_path / "tree", rows)
    assert files > sum(int(row["copies"]) for row in rows)
    found = audit(tmp_path / "tree", workers=1)
    assert found["verdict"] == "leaking"
    assert found["files"] == files
    assert len(found["leaks"]["exact"]) == found["pages"] == len(rows)
    assert found["near_duplicates"] == []
    assert found["lookup"]["sides"]["test"]["exact"] == 1


def test_a_clean_split_is_clean(tmp_path):
    small_split(tmp_path)
    status, said = run_script(tmp_path, "--workers", 1)
    assert status == 0
    assert "CLEAN" in said
    assert "| test | 2 | 0.500 | 0.500 | 0.500 |" in said


def test_a_near_duplicate_on_the_other_side_leaks(tmp_path):
    small_split(tmp_path)
    drawn(0, "normal").resize((300, 174)).save(tmp_path / "test" / "normal" / "other.jpg")
    found = audit(tmp_path, workers=1)
    assert found["verdict"] == "leaking"
    assert found["leaks"]["exact"] == []
    [leak] = found["leaks"]["near"]
    assert leak == {"test": ["test/normal/other.jpg"], "train": ["train/normal/0.png"]}
    side = found["lookup"]["sides"]["test"]
    assert side["near"] >= side["exact"]
    assert found["groups"] == found["pages"] - 1


def test_a_page_in_train_and_validation_leaks_too(tmp_path):
    small_split(tmp_path)
    ecg(tmp_path / "valid" / "normal" / "again.png", 0, "normal")
    found = audit(tmp_path, workers=1)
    assert [sorted(leak) for leak in found["leaks"]["exact"]] == [["train", "validation"]]


def test_a_patient_on_two_sides_leaks(tmp_path):
    small_split(tmp_path)
    table = "file,patient\ntrain/normal/0.png,P1\ntest/normal/2.png,P1\n"
    (tmp_path / "patients.csv").write_text(table)
    found = audit(tmp_path, workers=1)
    assert found["verdict"] == "leaking"
    assert len(found["leaks"]["patient"]) == 1


def test_copies_without_a_split_are_clean_but_a_random_split_would_leak(tmp_path):
    for number in range(8):
        for copy in range(8):
            ecg(tmp_path / LABELS[number % 4] / f"{number}-{copy}.png", number)
    found = audit(tmp_path, workers=1)
    assert found["verdict"] == "clean"
    assert "files repeat" in verdict(found)
    assert found["lookup"]["split"] == "random"
    assert found["lookup"]["exact"]["mean"] > 0.95
    assert found["lookup"]["majority"]["mean"] < 0.5
    assert sorted(map(len, found["exact_duplicates"])) == [8] * 8


def test_label_conflicts_of_copies_and_of_near_duplicates(tmp_path):
    ecg(tmp_path / "normal" / "1.png", 1)
    ecg(tmp_path / "history_of_mi" / "1.png", 1)
    ecg(tmp_path / "normal" / "2.png", 2)
    (tmp_path / "abnormal_heartbeat").mkdir()
    drawn(2).save(tmp_path / "abnormal_heartbeat" / "2.jpg", quality=70)
    found = audit(tmp_path, workers=1)
    assert sorted(sorted(one) for one in found["label_conflicts"]) == [
        ["abnormal_heartbeat", "normal"],
        ["history_of_mi", "normal"],
    ]


def test_what_cannot_be_read_is_in_the_report_and_the_rest_is_audited(tmp_path):
    small_split(tmp_path)
    whole = (tmp_path / "train" / "normal" / "0.png").read_bytes()
    (tmp_path / "train" / "normal" / "cut.png").write_bytes(whole[: len(whole) // 2])
    shutil.copy(tmp_path / "train" / "normal" / "cut.png", tmp_path / "test" / "normal")
    (tmp_path / "train" / "normal" / "empty.png").write_bytes(b"")
    noise(tmp_path / "train" / "others" / "1.png", 1)
    Image.new("RGB", (200, 200), "white").save(tmp_path / "train" / "normal" / "white.png")
    os.rename(
        tmp_path / "test" / "normal" / "2.png", os.fsencode(tmp_path) + b"/test/normal/\xff.png"
    )
    (tmp_path / "test" / "history_of_mi" / "\udcfe.png").write_bytes(b"text")
    found = audit(tmp_path, workers=1)
    assert found["verdict"] == "clean"
    assert sorted(problem["code"] for problem in found["problems"]) == [
        "empty",
        "not_an_image",
        "truncated",
        "truncated",
        "unknown_folder",
    ]
    assert found["without_traces"] == ["train/normal/white.png"]
    write_report(found, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert r"test/history_of_mi/\xfe.png" in text
    assert "train/others" in text


@pytest.mark.parametrize(("there", "words"), [(False, "There is no folder"), (True, "no page")])
def test_a_folder_that_cannot_be_used_ends_with_2_and_a_sentence(tmp_path, there, words):
    if there:
        (tmp_path / "data" / "normal").mkdir(parents=True)
    status, said = run_script(tmp_path / "data", "--workers", 1)
    assert status == 2
    assert words in said


def test_only_damaged_pages_cannot_be_used(tmp_path):
    page = ecg(tmp_path / "normal" / "1.png", 1)
    page.write_bytes(page.read_bytes()[:2000])
    status, said = run_script(tmp_path, "--workers", 1)
    assert status == 2
    assert "can be decoded" in said


def test_our_data_folder_gives_grids_for_the_audit_and_whole_pages_for_the_header(tmp_path):
    for number, label in enumerate(LABELS):
        ecg(tmp_path / "grid" / label / f"{number}.png", number, label)
        ecg(tmp_path / "whole" / label / f"{number}.png", 9 + number, label)
    (tmp_path / "whole" / "normal" / "text.png").write_bytes(b"text")
    found = audit(tmp_path, workers=1)
    assert found["pages"] == 4
    assert "no whole pages" in found["probes"]["header and margins"]
    assert [problem["path"] for problem in found["problems"]] == ["whole/normal/text.png"]


def test_probes_get_one_page_of_each_group(tmp_path):
    """Copies in several folds would make any small difference look like a shortcut."""
    for seed in range(6):
        for label in ("normal", "history_of_mi"):
            seeds = seed + 100 * LABELS.index(label)
            ecg(tmp_path / label / f"{seed}.png", seeds, label)
            drawn(seeds, label).resize((300, 174)).save(tmp_path / label / f"{seed}.jpg")
    found = audit(tmp_path, workers=1)
    assert (found["pages"], found["groups"]) == (24, 12)
    probes = [probe for probe in found["probes"].values() if isinstance(probe, dict)]
    assert probes and {probe["pages"] for probe in probes} == {12}


def test_the_report_is_the_same_anywhere_and_names_no_machine_path(tmp_path):
    small_split(tmp_path / "one" / "pages")
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    texts = []
    for place in ("one", "other"):
        written = write_report(audit(tmp_path / place / "pages", workers=1), tmp_path / place)
        texts.append([path.read_text() for path in written[:2]])
    assert texts[0] == texts[1]
    assert str(tmp_path) not in "".join(texts[0])
    with Image.open(tmp_path / "one" / "counts.png") as picture:
        assert picture.width > 300


def test_processes_find_what_one_process_finds_and_the_bar_runs_to_its_end(tmp_path):
    small_split(tmp_path)
    drawn(0, "normal").save(tmp_path / "test" / "normal" / "copy.jpg", quality=70)
    with progress_bar() as bar:
        found = audit(tmp_path, workers=2, bar=bar)
        assert all(task.finished for task in bar.tasks)
        assert {task.description for task in bar.tasks} >= {"reading files", "decoding pages"}
    assert found == audit(tmp_path, workers=1)
    assert "LEAKING" in as_markdown(found)
