"""What a look-up table scores that has learned nothing: it only knows pages again."""

from collections import Counter, defaultdict

import numpy as np

from ecg_tf.data.catalogue import Page

PART = 0.2  # of the files that a random split tests on
REPEATS = 50


def accuracies(pages: list[Page], groups: list[list[int]]) -> dict:
    """The look-up table's accuracy for JSON: on each given split, or on random splits by file.

    `groups` lists the pages (indices) that show the same traces. Pages are known again by their
    bytes ("exact") or by their traces ("near"). Unknown pages get the training side's majority.
    """
    group_of = {index: number for number, group in enumerate(groups) for index in group}
    files = [
        (index, group_of[index], alias.label, alias.split)
        for index, page in enumerate(pages)
        for alias in page.aliases
    ]
    train = [file for file in files if file[3] == "train"]
    sides = sorted({file[3] for file in files if file[3] not in (None, "train")})
    if train and sides:
        given = {}
        for side in sides:
            test = [file for file in files if file[3] == side]
            given[side] = {"files": len(test), "majority": _majority(train, test)} | {
                kind: _look_up(train, test, key) for key, kind in enumerate(("exact", "near"))
            }
        return {"split": "given", "train_files": len(train), "sides": given}
    return {"split": "random", "part": PART, "repeats": REPEATS, **_random(files)}


def _random(files: list[tuple]) -> dict:
    """Mean and 95 % range over random splits by file, as a careless reader of a folder makes."""
    rng = np.random.default_rng(0)
    count = max(1, round(PART * len(files)))
    scores = defaultdict(list)
    for _ in range(REPEATS if len(files) > 1 else 0):
        order = rng.permutation(len(files))
        test, train = ([files[i] for i in side] for side in (order[:count], order[count:]))
        scores["majority"].append(_majority(train, test))
        scores["exact"].append(_look_up(train, test, 0))
        scores["near"].append(_look_up(train, test, 1))
    return {
        kind: {
            "mean": float(np.mean(values)),
            "range": [float(value) for value in np.quantile(values, (0.025, 0.975))],
        }
        for kind, values in scores.items()
    }


def _look_up(train: list[tuple], test: list[tuple], key: int) -> float:
    known: defaultdict = defaultdict(Counter)
    for file in train:
        known[file[key]][file[2]] += 1
    usual = Counter(file[2] for file in train).most_common(1)[0][0]
    said = {page: labels.most_common(1)[0][0] for page, labels in known.items()}
    return sum(said.get(file[key], usual) == file[2] for file in test) / len(test)


def _majority(train: list[tuple], test: list[tuple]) -> float:
    usual = Counter(file[2] for file in train).most_common(1)[0][0]
    return sum(file[2] == usual for file in test) / len(test)
