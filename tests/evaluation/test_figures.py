import numpy as np
import pytest
from PIL import Image

from ecg_tf.evaluation import figures
from ecg_tf.evaluation.metrics import confusion
from tests.evaluation.stored import one_hot, simulated


def ink_of(path) -> float:
    """Part of the picture that is not white."""
    with Image.open(path) as image:
        return float((np.asarray(image.convert("L")) < 250).mean())


def test_confusion_shades_follow_the_counts(tmp_path):
    labels = np.arange(40) % 4
    figures.confusion_figure(tmp_path / "right.png", confusion(labels, one_hot(labels)), "right")
    figures.confusion_figure(
        tmp_path / "shifted.png", confusion(labels, one_hot((labels + 1) % 4)), "shifted"
    )
    right, shifted = (Image.open(tmp_path / f"{name}.png") for name in ("right", "shifted"))
    assert right.size == shifted.size
    assert np.abs(np.asarray(right, float) - np.asarray(shifted, float)).mean() > 10


@pytest.mark.parametrize("n", [4, 60])
def test_curves(tmp_path, n):
    given = simulated(n)
    figures.curves_figure(tmp_path / "c.png", given.labels, given.probabilities, "cnn")
    assert ink_of(tmp_path / "c.png") > 0.02


def test_curves_of_a_single_class(tmp_path):
    figures.curves_figure(tmp_path / "c.png", np.zeros(3, int), one_hot([0, 0, 1]), "one class")
    assert ink_of(tmp_path / "c.png") > 0.01


def test_overviews(tmp_path):
    given = {f"model {i}": simulated(40, i) for i in range(12)}
    curves = {name: (each.labels, each.probabilities) for name, each in given.items()}
    figures.risk_figure(tmp_path / "risk.png", curves)
    rows = {name: (0.8, 0.7, 0.9) for name in given}
    figures.intervals_figure(tmp_path / "accuracy.png", rows, "accuracy")
    assert min(ink_of(tmp_path / name) for name in ("risk.png", "accuracy.png")) > 0.01
