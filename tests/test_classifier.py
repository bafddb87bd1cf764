"""When the model answers, refers and refuses; in Python and in the graph that is served alike."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ecg_tf.classifier import Classifier, classify, decide, is_legible, prepare_page
from ecg_tf.models.head import classify as head
from ecg_tf.models.head import page_input
from ecg_tf.models.traces import READER, ReadTraces
from ecg_tf.pages.styles import LAYOUTS
from ecg_tf.pages.synthetic import draw
from serving.graph import answering

SIZE = (448, 800)
CARD = {"temperature": 1.0, "answer_from": 0.0, "refuse_below": 0.5, "size": list(SIZE)}
P = np.array([0.1, 0.7, 0.1, 0.1])


@pytest.mark.parametrize(
    "score, legible, threshold, decision, words",
    [
        (0.9, True, 0.7, "answer", "0.70 is at least 0.70"),
        (0.9, True, 0.8, "refer", "0.70 is below 0.80"),
        (0.9, False, 0.7, "refer", "leads were not found"),
        (0.4, False, 0.7, "refuse", "does not look like a 12-lead ECG page"),
    ],
)
def test_the_decision_has_its_reason(score, legible, threshold, decision, words):
    found = decide(P, score, CARD | {"answer_from": threshold}, legible)
    assert found.decision == decision and words in found.reason
    assert (found.label, found.confidence) == ("myocardial_infarction", 0.7)


def network(reads: bool) -> Classifier:
    """Untrained, on the signals of the traces or on the page itself."""
    keras.utils.set_random_seed(0)
    page = page_input(SIZE)
    seen = ReadTraces(name=READER)(page) if reads else keras.layers.AveragePooling2D(40)(page)
    return Classifier(keras.Model(page, head(keras.layers.Flatten()(seen))), CARD)


@pytest.fixture(scope="module")
def images():
    """One page of each layout, and one whose last two of twelve lines are cut off."""
    pages = [draw(5, "normal", each, size=(608, 1046), whole=False).image for each in LAYOUTS]
    return [*pages, pages[-1][: 608 * 5 // 6]]


@pytest.mark.parametrize("reads", [True, False])
def test_what_reads_traces_refers_layouts_that_it_cannot_read(images, reads):
    classifier = network(reads)
    pages = [prepare_page(image, SIZE) for image in images]
    expected = [*["answer"] * len(LAYOUTS), "refer" if reads else "answer"]
    assert [answer.decision for answer in classify(classifier, pages)] == expected
    seen = np.stack([page.image for page in pages])
    assert np.asarray(is_legible(classifier.model, seen)).tolist() == [
        word == "answer" for word in expected
    ]
    function, _ = answering(classifier)["serving_default"]
    found = tf.function(function)(tf.constant([_png(image) for image in images]))
    assert [word.decode() for word in found["decision"].numpy()] == expected


def _png(image) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
