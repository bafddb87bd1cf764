"""The published train/test split of the Kaggle version, rebuilt from `pages.csv`: it leaks.

What is known of the published tree (3,951 files): its test folder has 284 normal, 239 myocardial
infarction, 172 history and 233 abnormal files, which are the counts of the 928 "original" files,
and its train folder holds 3, 4, 3 and 3 times as many. The 928 files are only 491 different
pages: `Normal(n)` repeats with a period of 142, `MI(n)` of 30, `PMI(n)` of 86, while the 233
abnormal files differ. So every test page was also trained on.
"""

import csv
import re
from pathlib import Path

import numpy as np

from ecg_tf.data.catalogue import Page
from ecg_tf.labels import LABELS

TEST_FILES = {
    "normal": 284,
    "myocardial_infarction": 239,
    "history_of_mi": 172,
    "abnormal_heartbeat": 233,
}
TRAIN_TIMES = {
    "normal": 3,
    "myocardial_infarction": 4,
    "history_of_mi": 3,
    "abnormal_heartbeat": 3,
}
# The published copies renumbered this folder, so numbers do not tell; its originals all differ.
ALL_DIFFERENT = "abnormal_heartbeat"
COLUMNS = ("page_id", "label", "original_sha256", "published_names")
_ORIGINAL = re.compile(r"[A-Za-z ]+\((\d+)\)\.\w+")  # "Normal(71).jpg", not "Normal(71) - Copy.jpg"


def published_split(csv_path: str | Path, pages: list[Page]) -> tuple[np.ndarray, np.ndarray]:
    """Indices into `pages`, each page repeated as often as published: (train, test), int arrays.

    How often a page stands in the test folder is the number of its `published_names` that belong
    to the 928 original files: names without " - Copy" whose number is at most the label's count of
    original files (7 or 8 for myocardial infarction, 2 for normal and history); once for an
    abnormal page. In the train folder it stands 4 times (myocardial infarction) or 3 times (the
    others) as often. Over all 491 pages this gives the published counts but for a file or two.
    `copies`, which counts another version of the folders, is not used.

    A page is found in the table by the hash of its original file or by its file name
    (`<page_id>.jpg`). Raises ValueError for a table without the columns or with another label, and
    for a page that it lacks.
    """
    rows = _read(Path(csv_path))
    train: list[int] = []
    test: list[int] = []
    for index, page in enumerate(pages):
        row = rows.get(page.sha256) or rows.get(page.path.stem)
        if row is None:
            raise ValueError(
                f"The page {page.path.name} is not in {csv_path}; the published split can only "
                "be rebuilt for pages listed there."
            )
        if row["label"] != page.label:
            raise ValueError(
                f"The page {page.path.name} stands under {page.label}, but {csv_path} says "
                f"{row['label']!r}."
            )
        times = times_in_test(page.label, row["published_names"].split(";"))
        test += [index] * times
        train += [index] * times * TRAIN_TIMES[page.label]
    return np.array(train, dtype=np.int64), np.array(test, dtype=np.int64)


def times_in_test(label: str, published_names: list[str]) -> int:
    """How many of the 928 original files are this page; at least 1."""
    if label == ALL_DIFFERENT:
        return 1
    matches = (_ORIGINAL.fullmatch(name.strip()) for name in published_names)
    return max(1, sum(int(match[1]) <= TEST_FILES[label] for match in matches if match))


def _read(path: Path) -> dict[str, dict[str, str]]:
    """The table's rows under both their page_id and the hash of the original file."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path} lacks the columns {sorted(missing)}.")
        rows: dict[str, dict[str, str]] = {}
        for row in reader:
            if row["label"] not in LABELS:
                raise ValueError(f"{path} names the unknown label {row['label']!r}.")
            rows[row["page_id"]] = rows[row["original_sha256"]] = row
    return rows
