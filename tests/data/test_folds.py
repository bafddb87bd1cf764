from pathlib import Path

import numpy as np
import pytest

from ecg_tf.data.catalogue import Alias, Page, catalogue, labels_of
from ecg_tf.data.folds import folds, folds_sha256, hold_out
from ecg_tf.labels import LABELS


def made_up(per_label: int, patients: int | None = None) -> list[Page]:
    """Pages that lie nowhere; with `patients`, several pages share one."""
    pages = []
    for label in LABELS:
        for number in range(per_label):
            name = f"{label}-{number}"
            patient = f"{label}-{number % patients}" if patients else None
            pages.append(Page(name, [Alias(Path(name), label, None)], patient))
    return pages


@pytest.mark.parametrize("patients", [None, 9])
def test_no_group_is_on_two_sides(patients):
    pages = made_up(27, patients)
    for fold in folds(pages, n=5, repeats=3):
        train = {pages[index].group for index in fold.train}
        test = {pages[index].group for index in fold.test}
        assert not train & test
        assert len(fold.train) + len(fold.test) == len(pages)


def test_each_page_is_tested_once_in_each_repeat():
    pages = made_up(20)
    found = folds(pages, n=5, repeats=2)
    for repeat in (0, 1):
        tested = np.concatenate([fold.test for fold in found if fold.repeat == repeat])
        assert sorted(tested) == list(range(len(pages)))
    first, second = (
        [set(fold.test) for fold in found if fold.repeat == repeat] for repeat in (0, 1)
    )
    assert first != second


def test_folds_are_stratified():
    pages = made_up(25)
    for fold in folds(pages):
        assert set(np.bincount(labels_of(pages)[fold.test], minlength=4)) == {5}


def test_folds_depend_on_the_seed_alone():
    pages = made_up(20)
    assert folds_sha256(pages, folds(pages)) == folds_sha256(pages, folds(pages))
    assert folds_sha256(pages, folds(pages)) != folds_sha256(pages, folds(pages, seed=1))


def test_too_few_pages_of_a_label():
    with pytest.raises(ValueError, match="only 3 different groups; 5 folds need 5"):
        folds(made_up(3))


def test_hold_out_keeps_groups_together_and_labels_on_both_sides():
    pages = made_up(24, patients=8)
    train = folds(pages, n=4)[0].train
    fit, validation = hold_out(pages, train, 0.15, seed=0)
    assert sorted([*fit, *validation]) == sorted(train)
    assert not {pages[i].group for i in fit} & {pages[i].group for i in validation}
    assert set(labels_of(pages)[validation]) == {0, 1, 2, 3}


def test_real_folds_have_no_page_on_two_sides(data):
    pages = catalogue(data).clean
    found = folds(pages, repeats=2)
    for fold in found:
        assert not set(fold.train) & set(fold.test)
        assert (np.bincount(labels_of(pages)[fold.test], minlength=4) > 0).all()
