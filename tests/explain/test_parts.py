"""On an untrained network that reads traces, with a backbone small enough for a test."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.explain.boxes import ORDER, lead_boxes
from ecg_tf.explain.gradcam import grad_cam
from ecg_tf.explain.integrated_gradients import with_blank
from ecg_tf.explain.parts import painted, parts, parts_map
from ecg_tf.explain.probe import probe
from ecg_tf.models.head import classify, page_input
from ecg_tf.models.multiscale import FUSED
from ecg_tf.models.traces import READER, ReadTraces, trace_features
from ecg_tf.pages.columns import SAMPLES, SIGNALS
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.synthetic import draw

READ = (120, 200)


@pytest.fixture(scope="module")
def reading():
    """One convolution on the page, and the network on the traces."""
    keras.utils.set_random_seed(2)
    page = page_input(READ)
    ink = keras.layers.Rescaling(-1 / 255, offset=1.0)(page)
    maps = keras.layers.Conv2D(6, 5, 4, activation="relu", name=FUSED)(ink)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    seen = trace_features(ReadTraces(name=READER)(page))
    features = keras.layers.Concatenate(name="features")([pooled, seen])
    return keras.Model(page, classify(features), name="reading")


@pytest.fixture(scope="module")
def pages():
    images = [draw(seed, None, "3x4+1", size=(360, 600), whole=False).image for seed in (1, 2)]
    return np.stack([prepare(image.astype(np.float32), *READ) for image in images])


def test_page_and_traces_sum_to_the_score(reading, pages, monkeypatch):
    """But for the bias and what the signals of a blank page say. With more steps than are needed
    for a map: untrained, the network has hardly any score to be divided up."""
    monkeypatch.setattr("ecg_tf.explain.parts.STEPS", 256)
    classes = [1, 2]
    seen = probe(reading, FUSED)(with_blank(pages))
    found = parts(reading, FUSED)(pages, seen, classes)
    found = {name: np.asarray(part) for name, part in found.items()}
    assert found["page"].shape == (2, 29, 49) and found["traces"].shape == (2, SAMPLES, SIGNALS)
    blank = np.full_like(pages, 255.0)
    score, nothing = (np.asarray(probe(reading)(each)["scores"]) for each in (pages, blank))
    told = found["page"].sum(axis=(1, 2)) + found["traces"].sum(axis=(1, 2))
    kernel = reading.get_layer("p").get_weights()[0][:6]
    empty = keras.Model(reading.input, reading.get_layer("pool").output)(blank) @ kernel
    empty = np.asarray(empty - keras.ops.mean(empty, axis=1, keepdims=True))
    for row, label in enumerate(classes):
        expected = score[row, label] - nothing[row, label] + empty[row, label]
        assert told[row] == pytest.approx(expected, abs=0.05 * abs(expected))


def test_a_moment_is_painted_over_its_lead_and_keeps_its_size(pages):
    moments = np.zeros((2, SAMPLES, SIGNALS), np.float32)
    moments[0, 100:110, 7] = 0.5  # V5: the fourth of the second row
    moments[1, :, 12:] = -1.0  # the rhythm strip
    heat = painted(moments, pages).numpy()
    np.testing.assert_allclose(heat.sum(axis=(1, 2)), moments.sum(axis=(1, 2)), rtol=1e-3)
    for row, lead in enumerate(("V5", "rhythm")):
        left, top, right, bottom = lead_boxes(pages)[row, ORDER.index(lead)].numpy()
        rows, columns = np.nonzero(heat[row])
        assert top * READ[0] - 1 <= rows.min() and rows.max() <= bottom * READ[0]
        assert left * READ[1] - 1 <= columns.min() and columns.max() <= right * READ[1]
    # Of 240 samples of the last quarter of the paper, those from 100 to 110.
    assert np.ptp(np.nonzero(heat[0].sum(axis=0))[0]) <= 3


def test_without_traces_it_is_grad_cam_blurred(trained, drawn_pages):
    pages, classes = drawn_pages
    found = np.asarray(parts_map(trained)(pages[:4], classes[:4]))
    expected = np.asarray(grad_cam(trained)(pages[:4], classes[:4]))
    for one, other in zip(found, expected, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.97


def test_both_parts_are_on_the_map(reading, pages):
    heat = np.asarray(parts_map(reading)(pages, [0, 3]))
    assert heat.shape == (2, *READ) and heat.min() >= 0.0
    np.testing.assert_allclose(heat.max(axis=(1, 2)), 1.0, atol=1e-6)


def test_it_is_exported_and_comes_back_without_the_code(reading, pages, tmp_path):
    maps = parts_map(reading)
    archive = keras.export.ExportArchive()
    archive.track(reading)
    page = tf.TensorSpec((None, *READ, 3), tf.float32, name="pages")
    archive.add_endpoint("serve", lambda pages: {"heat": maps(pages, [1, 2])}, [page])
    archive.write_out(str(tmp_path / "export"), verbose=False)
    back = tf.saved_model.load(str(tmp_path / "export")).signatures["serve"]
    found = back(pages=tf.constant(pages))["heat"]
    np.testing.assert_allclose(found, maps(pages, [1, 2]), atol=1e-4)
