"""What the gallery's process says: a line and a map for every request, or what kind of mistake."""

import io
import json

import keras
import numpy as np
import pytest
from PIL import Image

from ecg_tf import classifier
from ecg_tf.classifier import Classifier, classify, prepare_page
from ecg_tf.explain.gallery import checked, serve, shipped
from ecg_tf.explain.methods import explain
from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw
from tests.explain.conftest import SIZE, small_network

REQUEST = {"page": "page", "label": "normal", "method": "saliency"}


def answers(paint, count: int = 1) -> io.BytesIO:
    out = io.BytesIO()
    serve([REQUEST] * count, out, paint)
    out.seek(0)
    return out


def test_a_map_goes_over_the_wire_as_it_is():
    heat = np.random.default_rng(1).random((5, 7), np.float32)
    out = answers(lambda page, label, method: (heat, 0.25), count=2)
    for _ in range(2):
        assert json.loads(out.readline()) == {"shape": [5, 7], "probability": 0.25}
        np.testing.assert_array_equal(np.frombuffer(out.read(140), "<f4").reshape(5, 7), heat)
    assert out.read() == b""


def test_of_a_mistake_the_kind_is_told_and_not_the_message():
    def fail(page, label, method):
        raise FileNotFoundError("/secret/path")

    assert answers(fail).getvalue() == b'{"error": "FileNotFoundError"}\n'


@pytest.mark.parametrize(
    "heat", [np.zeros(5), np.zeros((2, 3, 1)), np.full((2, 2), np.nan), np.full((2, 2), np.inf)]
)
def test_what_is_no_map_is_a_mistake(heat):
    assert answers(lambda *_: (heat, 0.5)).getvalue() == b'{"error": "ValueError"}\n'


def test_a_map_is_brought_into_0_to_1():
    found = checked(np.array([[-0.5, 0.5, 1.5]], np.float64)[:, ::-1])
    np.testing.assert_array_equal(found, [[1.0, 0.5, 0.0]])
    assert found.dtype == np.float32 and found.flags.c_contiguous


@pytest.fixture
def small(monkeypatch):
    """The small network, untrained, in the place of the shipped one."""
    keras.utils.set_random_seed(0)
    card = {"size": list(SIZE), "temperature": 1.5, "refuse_below": 0.0, "answer_from": 0.5}
    found = Classifier(small_network(), card)
    monkeypatch.setattr(classifier, "load", lambda: found)
    return found


def test_the_shipped_model_explains_the_page_that_it_answers(small, tmp_path):
    page = draw(3, LABELS[1], "3x4+1", size=(228, 392), whole=False).image
    Image.fromarray(page).save(tmp_path / "page", "PNG")
    paint = shipped()
    heat, probability = paint(str(tmp_path / "page"), LABELS[1], "gradcam")
    prepared = prepare_page(page, small.size)
    np.testing.assert_allclose(heat, explain(small.model, prepared.image, "gradcam", 1), atol=1e-6)
    answer = classify(small, [prepared])[0]
    assert probability == pytest.approx(answer.probabilities[LABELS[1]], abs=1e-5)
    (tmp_path / "page").unlink()
    paint(str(tmp_path / "page"), LABELS[2], "gradcam")  # it is read once for all methods
