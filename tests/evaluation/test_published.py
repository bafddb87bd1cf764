import csv
from collections import Counter
from pathlib import Path

import pytest

from ecg_tf.data.catalogue import Alias, Page
from ecg_tf.data.published import COLUMNS, TEST_FILES, published_split, times_in_test


def names(prefix: str, numbers: list[int]) -> list[str]:
    return [f"{prefix}({n}){copy}.jpg" for n in numbers for copy in ("", " - Copy")]


@pytest.mark.parametrize(
    ("label", "published", "times"),
    [
        ("normal", names("Normal", [71, 213, 355, 497]), 2),
        ("normal", names("Normal", [142, 284]), 2),
        ("myocardial_infarction", names("MI", list(range(25, 480, 30))), 8),
        ("myocardial_infarction", names("MI", list(range(30, 480, 30))), 7),
        ("history_of_mi", names("PMI", [48, 134]), 2),
        ("abnormal_heartbeat", ["HB(272).jpg", "HB(388) - Copy.jpg"], 1),
        ("abnormal_heartbeat", names("HB", [64, 118]), 1),
        ("normal", ["Normal(300).jpg"], 1),
    ],
)
def test_times_in_test(label, published, times):
    assert times_in_test(label, published) == times


def test_all_original_names_give_the_published_test_folder():
    periods = {"normal": ("Normal", 142), "myocardial_infarction": ("MI", 30)}
    for label, (prefix, period) in periods.items():
        total = sum(
            times_in_test(label, names(prefix, list(range(first, TEST_FILES[label] + 1, period))))
            for first in range(1, period + 1)
        )
        assert total == TEST_FILES[label]


def page(digest: str, label: str) -> Page:
    return Page(digest * 64, [Alias(Path(f"{label}/{digest * 12}.jpg"), label, None)])


def table(folder: Path, rows: list[dict], columns=COLUMNS) -> Path:
    path = folder / "pages.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({name: row[name] for name in columns} for row in rows)
    return path


def row(digest: str, label: str, published: list[str]) -> dict:
    return {
        "page_id": digest * 12,
        "label": label,
        "original_sha256": digest * 64,
        "published_names": ";".join(published),
    }


ROWS = [
    row("a", "myocardial_infarction", names("MI", [1, 31, 61])),
    row("b", "normal", names("Normal", [3, 145, 287])),
    row("c", "abnormal_heartbeat", ["HB(5).jpg", "HB(59) - Copy.jpg"]),
]
PAGES = [page("a", "myocardial_infarction"), page("b", "normal"), page("c", "abnormal_heartbeat")]


def test_train_holds_each_test_page_three_or_four_times_as_often(tmp_path):
    train, test = published_split(table(tmp_path, ROWS), PAGES)
    assert Counter(test.tolist()) == {0: 3, 1: 2, 2: 1}
    assert Counter(train.tolist()) == {0: 12, 1: 6, 2: 3}


def test_copies_of_the_originals_are_found_by_file_name(tmp_path):
    smaller = Page("f" * 64, [Alias(Path("normal") / ("b" * 12 + ".jpg"), "normal", None)])
    _, test = published_split(table(tmp_path, ROWS), [smaller])
    assert test.tolist() == [0, 0]


def test_errors(tmp_path):
    path = table(tmp_path, ROWS)
    with pytest.raises(ValueError, match="page dddddddddddd.jpg is not in"):
        published_split(path, [page("d", "normal")])
    with pytest.raises(ValueError, match="stands under history_of_mi, but .* says 'normal'"):
        published_split(path, [page("b", "history_of_mi")])
    with pytest.raises(ValueError, match="lacks the columns .'published_names'."):
        published_split(table(tmp_path, ROWS, COLUMNS[:3]), PAGES)
    with pytest.raises(ValueError, match="unknown label 'healthy'"):
        published_split(table(tmp_path, [row("a", "healthy", [])]), PAGES)


def test_real_pages_leak_and_keep_the_published_proportions(data):
    from ecg_tf.data.catalogue import catalogue

    pages = catalogue(data).clean
    train, test = published_split(data / "pages.csv", pages)
    assert set(test.tolist()) == set(train.tolist()) == set(range(len(pages)))
    counted = Counter(pages[i].label for i in test)
    different = Counter(each.label for each in pages)
    whole = {"normal": 142, "myocardial_infarction": 30, "history_of_mi": 86}
    whole["abnormal_heartbeat"] = 233
    for label, files in TEST_FILES.items():
        assert counted[label] / different[label] == pytest.approx(files / whole[label], rel=0.01)
