"""A small network that is exported in seconds."""

import json
from pathlib import Path

import keras

from ecg_tf.classifier import SHIPPED, Classifier, card_of
from ecg_tf.models import build

STEPS = 8  # of its integrated gradients


def small_classifier(model: str = "effnet_msa") -> Classifier:
    """A small, untrained network whose pages are not square, with the shipped card otherwise."""
    keras.utils.set_random_seed(1)
    shipped = json.loads(card_of(SHIPPED).read_text())
    card = shipped | {"model": model, "size": [64, 96]}
    return Classifier(build(card["model"], (64, 96)), card)


def files_in(folder: Path) -> dict[str, int]:
    """Every file with its size."""
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
    }
