import os
import shutil
from pathlib import Path

import pytest

from ecg_tf.data.catalogue import catalogue, labels_of
from ecg_tf.data.tree import split_of_folder
from ecg_tf.labels import LABELS
from tests.data.trees import PUBLISHED, noise

GIF = b"GIF89a" + bytes(40)


def codes(found) -> list[str]:
    return sorted(problem.code for problem in found.problems)


def test_same_bytes_are_one_page_with_all_its_files(tmp_path):
    first = noise(tmp_path / "normal" / "a.png", 1)
    shutil.copy(first, tmp_path / "normal" / "a - Copy.png")
    noise(tmp_path / "normal" / "b.png", 2)
    found = catalogue(tmp_path)
    assert sorted(len(page.aliases) for page in found.pages) == [1, 2]
    assert found.counts()["normal"] == 2
    assert found.problems == []


@pytest.mark.parametrize("label", LABELS)
def test_published_folder_names_with_train_and_test_above(tmp_path, label):
    noise(tmp_path / "train" / PUBLISHED[label] / "1.png", 1)
    noise(tmp_path / "test" / PUBLISHED[label] / "1.png", 1)
    [page] = catalogue(tmp_path).pages
    assert page.labels == {label}
    assert page.splits == {"train", "test"}


@pytest.mark.parametrize(
    ("folders", "label", "split"),
    [
        ("normal", "normal", None),
        ("Normal Person/train", "normal", "train"),
        ("Validation/MI", "myocardial_infarction", "validation"),
        ("data/TEST/PMI/scans", "history_of_mi", "test"),
        ("Training set/Abnormal_Heartbeat", "abnormal_heartbeat", "train"),
        ("normal/History of MI", "history_of_mi", None),
    ],
)
def test_label_and_split_by_folder(tmp_path, folders, label, split):
    noise(tmp_path / folders / "1.png", 1)
    [page] = catalogue(tmp_path).pages
    assert (page.label, page.aliases[0].split) == (label, split)


@pytest.mark.parametrize("name", ["untrained", "latest", "contest", "tests results", ""])
def test_folders_that_name_no_split(name):
    assert split_of_folder(name) is None


def test_our_data_folder_is_read_from_its_grids(tmp_path):
    noise(tmp_path / "grid" / "normal" / "1.png", 1)
    noise(tmp_path / "whole" / "normal" / "1.png", 2)
    found = catalogue(tmp_path)
    assert [page.path.parent.parent.name for page in found.pages] == ["grid"]


def test_unknown_folders_with_pictures_are_reported_once_with_their_number(tmp_path):
    noise(tmp_path / "normal" / "1.png", 1)
    for number in range(3):
        noise(tmp_path / "sundry" / f"{number}.png", number)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "read.me").write_text("no picture")
    [problem] = catalogue(tmp_path).problems
    assert problem.code == "unknown_folder"
    assert "'sundry'" in problem.message and "3 pictures" in problem.message


def test_a_page_under_two_labels_is_reported_and_left_out_of_the_clean(tmp_path):
    noise(tmp_path / "normal" / "1.png", 1)
    noise(tmp_path / "history_of_mi" / "2.png", 1)
    noise(tmp_path / "normal" / "3.png", 3)
    found = catalogue(tmp_path)
    assert codes(found) == ["label_conflict"]
    assert "history_of_mi/2.png" in found.problems[0].message
    assert "normal/1.png" in found.problems[0].message
    assert [page.path.name for page in found.clean] == ["3.png"]
    assert found.counts()["normal"] == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b"a table", "not_an_image"), (GIF, "unsupported_format")],
)
def test_files_that_are_no_pages_are_reported_and_the_rest_is_read(tmp_path, data, code):
    noise(tmp_path / "normal" / "1.png", 1)
    (tmp_path / "normal" / "2.png").write_bytes(data)
    found = catalogue(tmp_path)
    assert codes(found) == [code]
    assert len(found.pages) == 1


def test_damaged_copies_are_all_reported_when_pages_are_decoded(tmp_path):
    whole = noise(tmp_path / "normal" / "1.png", 1).read_bytes()
    for name in ("2.png", "3.png"):
        (tmp_path / "normal" / name).write_bytes(whole[:-400])
    assert catalogue(tmp_path).counts()["normal"] == 2
    found = catalogue(tmp_path, decode=True)
    assert codes(found) == ["truncated", "truncated"]
    assert found.counts()["normal"] == 1


def test_links_are_followed_but_not_in_circles_or_into_nothing(tmp_path):
    root = tmp_path / "data"
    target = noise(tmp_path / "elsewhere" / "1.png", 1)
    (root / "train").mkdir(parents=True)
    (root / "train" / "normal").symlink_to(target.parent, target_is_directory=True)
    (root / "test" / "normal").mkdir(parents=True)
    (root / "test" / "normal" / "again.png").symlink_to(target)
    (root / "test" / "normal" / "lost.png").symlink_to(tmp_path / "nothing")
    (root / "test" / "round").symlink_to(root, target_is_directory=True)
    found = catalogue(root)
    assert codes(found) == ["link_loop", "not_found"]
    assert [page.splits for page in found.pages] == [{"train", "test"}]


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_what_may_not_be_read_is_reported(tmp_path):
    noise(tmp_path / "normal" / "1.png", 1)
    noise(tmp_path / "normal" / "2.png", 2).chmod(0)
    closed = noise(tmp_path / "history_of_mi" / "3.png", 3).parent
    closed.chmod(0)
    try:
        assert codes(catalogue(tmp_path)) == ["no_permission", "no_permission"]
    finally:
        closed.chmod(0o700)


def test_a_name_that_is_not_utf_8(tmp_path):
    page = noise(tmp_path / "normal" / "1.png", 1)
    os.rename(page, os.fsencode(page.parent) + b"/\xff.png")
    assert len(catalogue(tmp_path).pages) == 1


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda root: root.rmdir(), FileNotFoundError, "There is no folder"),
        (lambda root: None, ValueError, "holds no page"),
        (lambda root: noise(root / "1.png", 1), ValueError, "1 picture in it left out"),
        (lambda root: (root / "patients.csv").write_text("a,b\n"), ValueError, "lacks the columns"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, make, error, words):
    root = tmp_path / "data"
    root.mkdir()
    make(root)
    with pytest.raises(error, match=words):
        catalogue(root)


def test_patients_from_a_table_group_pages(tmp_path):
    for number in (1, 2, 3):
        noise(tmp_path / "normal" / f"{number}.png", number)
    table = "file,patient\nnormal/1.png,P7\nnormal/2.png,P7\n"
    (tmp_path / "patients.csv").write_text(table)
    found = catalogue(tmp_path)
    groups = {page.path.name: page.group for page in found.pages}
    assert groups["1.png"] == groups["2.png"] == "P7"
    assert groups["3.png"] not in ("P7", "")


def test_one_page_under_two_patients_is_reported(tmp_path):
    noise(tmp_path / "normal" / "1.png", 1)
    noise(tmp_path / "normal" / "2.png", 1)
    (tmp_path / "patients.csv").write_text("file,patient\nnormal/1.png,P1\nnormal/2.png,P2\n")
    assert codes(catalogue(tmp_path)) == ["patient_conflict"]


def test_hash_and_order_do_not_depend_on_names_or_place(tmp_path):
    for root, order in ((tmp_path / "one", (1, 2, 3)), (tmp_path / "other", (3, 1, 2))):
        for place, number in enumerate(order):
            noise(root / "normal" / f"{place}.png", number)
    one, other = catalogue(tmp_path / "one"), catalogue(tmp_path / "other")
    assert one.sha256 == other.sha256
    assert [page.sha256 for page in one.pages] == [page.sha256 for page in other.pages]
    noise(tmp_path / "other" / "normal" / "9.png", 9)
    assert catalogue(tmp_path / "other").sha256 != one.sha256


def test_labels_of_follow_the_order_of_labels(tmp_path):
    for number, label in enumerate(LABELS):
        noise(tmp_path / label / "1.png", number)
    pages = catalogue(tmp_path).pages
    assert [LABELS[index] for index in labels_of(pages)] == [page.label for page in pages]


def test_the_real_pages(data: Path):
    found = catalogue(data)
    assert found.problems == []
    assert len(found.pages) == len(found.clean) == sum(found.counts().values())
    assert min(found.counts().values()) > 0
