"""The gate: runs as a graph, does not care about sizes, lets pages in and keeps strangers out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.models import gate
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.read import read_file
from ecg_tf.pages.strangers import FAR, NEAR, stranger
from ecg_tf.pages.styles import LAYOUTS
from ecg_tf.pages.synthetic import CROP, draw

UNSEEN = 10_000_000  # seeds that the training does not draw


def _prepared(picture, size=(224, 224)):
    return prepare(picture.astype(np.float32), *size)


def _scores(pages) -> np.ndarray:
    return np.asarray(gate.page_score(np.stack(pages)))


def test_score_is_one_probability_a_page():
    noise = np.random.default_rng(0).uniform(0, 255, (3, 64, 80, 3)).astype(np.float32)
    scores = gate.page_score(noise)
    assert scores.shape == (3,) and keras.backend.standardize_dtype(scores.dtype) == "float32"
    assert np.all((np.asarray(scores) >= 0) & (np.asarray(scores) <= 1))


def test_scores_do_not_depend_on_the_batch(drawn):
    pages = [_prepared(page.image) for page in drawn[:3]]
    one_by_one = [_scores([page])[0] for page in pages]
    np.testing.assert_allclose(_scores(pages), one_by_one, atol=1e-5)
    np.testing.assert_array_equal(_scores(pages), _scores(pages))


def test_is_a_graph_with_any_batch_and_no_variables(drawn):
    pages = np.stack([_prepared(page.image) for page in drawn[:2]])
    graph = tf.function(
        gate.page_score, input_signature=[tf.TensorSpec((None, 224, 224, 3), tf.float32)]
    ).get_concrete_function()
    assert not graph.variables
    np.testing.assert_allclose(graph(tf.constant(pages)), _scores(pages), atol=1e-5)


def test_is_made_of_backend_free_operations_alone(drawn):
    """A symbolic input passes through `keras.ops` only; numpy or TensorFlow calls would fail."""
    page = keras.Input((224, 224, 3))
    model = keras.Model(page, gate.page_score(page))
    pages = np.stack([_prepared(page.image) for page in drawn[:2]])
    np.testing.assert_allclose(model(pages), _scores(pages), atol=1e-5)


@pytest.mark.parametrize("size", [(112, 112), (256, 416), (448, 448)])
def test_size_of_the_input_makes_little_difference(drawn, size):
    usual = _scores([_prepared(page.image) for page in drawn])
    other = _scores([_prepared(page.image, size) for page in drawn])
    assert np.abs(usual - other).max() < 0.1


def test_weights_are_small_and_their_absence_is_explained(tmp_path):
    assert gate.WEIGHTS.stat().st_size < 200_000
    with pytest.raises(FileNotFoundError, match="make it with scripts/train_gate.py"):
        gate.load_weights(tmp_path / "gate.npz")


def test_lets_drawn_pages_in():
    pages = [
        _prepared(draw(UNSEEN + seed, None, layout, severity, CROP).image)
        for layout in LAYOUTS
        for seed, severity in enumerate((0, 0, 1, 2, 3))
    ]
    assert np.mean(_scores(pages) < gate.LEAST_SCORE) <= 0.05


@pytest.mark.parametrize(("kinds", "refused"), [(tuple(FAR), 0.95), (tuple(NEAR), 0.88)])
def test_keeps_strangers_out(kinds, refused):
    pages = [_prepared(stranger(kind, UNSEEN + seed)) for seed in range(2) for kind in kinds]
    assert np.mean(_scores(pages) < gate.LEAST_SCORE) >= refused


def test_lets_real_pages_in_but_not_upside_down(data):
    files = [*sorted(data.glob("grid/*/*.jpg"))[::4], *sorted(data.glob("whole/*/*.jpg"))]
    pages = [_prepared(read_file(file)) for file in files]
    assert np.mean(_scores(pages) < gate.LEAST_SCORE) <= 0.01
    turned = [page[::-1, ::-1] for page in pages]
    assert np.mean(_scores(turned) < gate.LEAST_SCORE) >= 0.9
