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
from ecg_tf.models.multiscale import FUSED
from ecg_tf.pages.columns import SAMPLES, SIGNALS
from tests.explain.conftest import READ


def test_page_and_traces_sum_to_the_score(reading, read_pages, monkeypatch):
    """But for the bias and what the signals of a blank page say. With more steps than are needed
    for a map: untrained, the network has hardly any score to be divided up."""
    monkeypatch.setattr("ecg_tf.explain.parts.STEPS", 256)
    pages, classes = read_pages, [1, 2]
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


def test_a_moment_is_painted_over_its_lead_and_keeps_its_size(read_pages):
    pages = read_pages
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


def test_both_parts_are_on_the_map(reading, read_pages):
    heat = np.asarray(parts_map(reading)(read_pages, [0, 3]))
    assert heat.shape == (2, *READ) and heat.min() >= 0.0
    np.testing.assert_allclose(heat.max(axis=(1, 2)), 1.0, atol=1e-6)


def test_it_is_exported_and_comes_back_without_the_code(reading, read_pages, tmp_path):
    pages = read_pages
    maps = parts_map(reading)
    archive = keras.export.ExportArchive()
    archive.track(reading)
    page = tf.TensorSpec((None, *READ, 3), tf.float32, name="pages")
    archive.add_endpoint("serve", lambda pages: {"heat": maps(pages, [1, 2])}, [page])
    archive.write_out(str(tmp_path / "export"), verbose=False)
    back = tf.saved_model.load(str(tmp_path / "export")).signatures["serve"]
    found = back(pages=tf.constant(pages))["heat"]
    np.testing.assert_allclose(found, maps(pages, [1, 2]), atol=1e-4)
