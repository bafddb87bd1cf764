import numpy as np
import pytest
from PIL import Image

from ecg_tf.data.catalogue import Alias, Page
from ecg_tf.data.folds import Fold
from ecg_tf.evaluation.baselines import (
    Table,
    classical,
    lookup,
    majority,
    page_features,
    predict_baseline,
)
from ecg_tf.evaluation.predictions import read_predictions, write_predictions

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3])


@pytest.fixture
def table() -> Table:
    generator = np.random.default_rng(0)
    measured = generator.normal(size=(12, 5)) + 4 * np.eye(4, 5)[LABELS]
    measured[0, 4] = np.nan
    names = np.array([f"page{i}" for i in range(12)])
    return Table(names, np.array([f"hash{i}" for i in range(12)]), LABELS, measured)


TRAIN, TEST = np.array([0, 1, 3, 5, 7, 8, 9]), np.array([2, 4, 6, 10, 11])


def test_majority_answers_with_the_training_frequencies(table):
    found = majority(table, TRAIN, TEST, 0)
    assert found == pytest.approx(np.tile([2 / 7, 1 / 7, 1 / 7, 3 / 7], (5, 1)))


def test_lookup_knows_what_it_saw_and_nothing_else(table):
    known = lookup(table, TRAIN, TRAIN, 0)
    assert (known.argmax(axis=1) == LABELS[TRAIN]).all() and (known.max(axis=1) == 1).all()
    assert lookup(table, TRAIN, TEST, 0) == pytest.approx(majority(table, TRAIN, TEST, 0))


def test_classical_learns_and_copes_with_what_is_missing(table):
    found = classical(table, TRAIN, TEST, 0, trees=40)
    assert (found.argmax(axis=1) == LABELS[TEST]).mean() >= 0.8
    assert found.sum(axis=1) == pytest.approx(np.ones(5))


def test_a_class_without_training_pages_gets_no_probability(table):
    found = classical(table, np.array([0, 1, 5, 6]), TEST, 0, trees=10)
    assert (found[:, [1, 3]] == 0).all()


def test_stored_baseline_reads_back(table, tmp_path):
    splits = [Fold(0, 0, TRAIN, TEST), Fold(0, 1, TEST, TRAIN)]
    meta = {"seed": 0, "command": "-", "data_sha256": "d"}
    given = predict_baseline("lookup", table, splits, "leak-free", meta)
    found = read_predictions(write_predictions(tmp_path, given))
    assert found.name == "lookup-hash-leak-free"
    assert sorted(found.page_ids) == sorted(table.page_ids)
    assert (found.fold == [0] * 5 + [1] * 7).all()


def test_a_page_without_traces_is_named(tmp_path):
    path = tmp_path / "blank.png"
    Image.new("RGB", (400, 300), "white").save(path)
    page = Page("a" * 64, [Alias(path, "normal", None)])
    with pytest.raises(ValueError, match="blank.png: The traces cannot be read: no trace"):
        page_features(page)
