"""Folds that no page and no patient crosses: repeated, stratified, grouped, seeded."""

import hashlib
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from ecg_tf.data.catalogue import Page, labels_of


@dataclass(frozen=True)
class Fold:
    """Indices into the list of pages: what is trained on and what is tested."""

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def folds(pages: list[Page], n: int = 5, repeats: int = 1, seed: int = 0) -> list[Fold]:
    """`repeats` x `n` folds; in each repeat every page is tested exactly once.

    Raises ValueError if a label has fewer groups than there are folds.
    """
    labels = labels_of(pages)
    groups = np.array([page.group for page in pages])
    for label in np.unique(labels):
        count = len(set(groups[labels == label]))
        if count < n:
            raise ValueError(f"A label has only {count} different groups; {n} folds need {n}.")
    found = []
    for repeat in range(repeats):
        splitter = StratifiedGroupKFold(n, shuffle=True, random_state=seed + repeat)
        for fold, (train, test) in enumerate(splitter.split(labels, labels, groups)):
            found.append(Fold(repeat, fold, train, test))
    return found


def hold_out(pages: list[Page], train: np.ndarray, part: float, seed: int) -> tuple:
    """`train` split into (fit, validation) indices; about `part` of the groups of each label are
    kept for validation, at least one."""
    labels = labels_of(pages)[train]
    groups = np.array([pages[index].group for index in train])
    fewest = min(len(set(groups[labels == label])) for label in np.unique(labels))
    parts = max(2, min(round(1 / part), fewest))
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    fit, validation = next(splitter.split(labels, labels, groups))
    return train[fit], train[validation]


def folds_sha256(pages: list[Page], found: list[Fold]) -> str:
    """One hash that names these folds: it changes when any page changes sides."""
    digest = hashlib.sha256()
    for fold in found:
        names = sorted(pages[index].page_id for index in fold.test)
        digest.update(f"{fold.repeat} {fold.fold} {' '.join(names)}\n".encode())
    return digest.hexdigest()
