"""The part for other printers, trained on signals that differ in height alone."""

from dataclasses import replace

import numpy as np
import pytest

from ecg_tf.models.beats import beat_network
from ecg_tf.training import elsewhere as training
from ecg_tf.training.drawn_set import DrawnSet
from tests.models.test_beats import signals


@pytest.fixture
def drawn() -> DrawnSet:
    rng = np.random.default_rng(0)
    n = 80
    labels = np.arange(n) % 4
    times = list(np.arange(0.5, 10, 0.8))
    heights = 0.5 + 0.5 * labels + rng.normal(0, 0.05, n)
    made = np.concatenate([signals(times, height) for height in heights]).astype(np.float16)
    target = np.eye(4, dtype=np.float32)[labels]
    pooled = (target @ rng.normal(0, 1, (4, 128)) + rng.normal(0, 0.3, (n, 128))).astype(np.float32)
    words, read = np.array(["x"] * n), np.ones(n, bool)
    return DrawnSet(made, words, pooled, read, words, target, read, labels, words, words, words)


def test_all_three_parts_learn(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LANDMARKS", 24)
    monkeypatch.setattr(training, "RECIPE", replace(training.RECIPE, epochs=6, batch=16))
    rows = np.arange(64)
    part = training.train(drawn, rows, tmp_path, seed=0)
    test, labels = drawn.signals[64:].astype(np.float32), np.arange(64, 80) % 4
    kernel, bias = part.page_head
    answers = {
        "traces": np.asarray(part.traces(test)),
        "beats": np.asarray(part.beats(test)),
        "page": drawn.pooled[64:] @ kernel + bias,
    }
    right = {name: float((each.argmax(axis=1) == labels).mean()) for name, each in answers.items()}
    assert right["beats"] == 1.0 and right["page"] == 1.0 and right["traces"] >= 0.5
    assert all(layer.name.startswith("elsewhere_") for layer in part.beats.layers[2:3])


def test_rare_classes_weigh_more_and_a_shared_page_counts_for_both():
    target = np.array([[1, 0, 0, 0]] * 8 + [[0, 1, 0, 0]] * 2 + [[0.5, 0.5, 0, 0]], np.float32)
    weight = training.weights_of(target)
    assert weight.mean() == pytest.approx(1.0)
    often = target.sum(axis=0)
    assert weight[8] / weight[0] == pytest.approx((often[0] / often[1]) ** training.BALANCE)
    assert weight[10] == pytest.approx((weight[0] + weight[8]) / 2)


def test_a_class_of_two_on_the_page_is_answered_as_both():
    rng = np.random.default_rng(1)
    pooled = rng.normal(0, 1, (400, 6))
    first = pooled[:, 0] > 0
    others = np.eye(4)[np.where(pooled[:, 1] > 0, 0, 3)]
    target = np.where(first[:, None], (0.0, 0.25, 0.75, 0.0), others)
    kernel, bias = training.page_head(pooled, target, np.ones(400))
    assert kernel.shape == (6, 4) and bias.shape == (4,)
    scores = pooled @ kernel + bias
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    _, acute, old, _ = p[first].mean(axis=0)
    assert old / acute == pytest.approx(3.0, rel=0.1) and old + acute > 0.7


def test_the_names_of_its_layers_are_its_own():
    home = {layer.name for layer in beat_network().layers if layer.weights}
    other = {layer.name for layer in beat_network("elsewhere_", 8).layers if layer.weights}
    assert home == {"likeness", "p"} and other == {"elsewhere_likeness", "p"}
