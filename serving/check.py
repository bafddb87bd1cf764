"""Compares what was exported with Keras, on drawn pages, before it gets its number."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from ecg_tf.classifier import Classifier, calibrate
from serving.graph import reader
from serving.tflite import TfliteModel
from serving.warmup_records import drawn_files

LARGEST_DIFFERENCE = 1e-5  # of a probability between Keras and the exported graph, float32
# Sums of large terms that nearly cancel: what is left differs with the order in which a processor
# adds them. Keras differs from itself by 2e-5 between a batch of one and of four.
LARGEST_NOISE = 1e-4
# TensorFlow Lite adds in another order. A last bit decides whether a pixel at the edge of a trace
# is ink, and then the trace is another there, if only by a hair.
LARGEST_OF_TFLITE = 1e-3


def check_reloaded(classifier: Classifier, folder: Path, pages: int = 4) -> float:
    """The largest difference of a probability, over all signatures, between Keras and the
    SavedModel reloaded in a process that has TensorFlow and none of our code.

    Raises ValueError above LARGEST_DIFFERENCE and what Keras differs from itself, at most
    LARGEST_NOISE, and if the SavedModel does not load.
    """
    files = drawn_files()
    alone = np.concatenate([keras_answers(classifier, (data,)) for data in files])
    expected = {"alone": alone, "together": keras_answers(classifier, files)}
    noise = np.abs(alone - expected["together"]).max()
    with tempfile.TemporaryDirectory() as scratch:
        for number, data in enumerate(files[:pages]):
            (Path(scratch) / f"{number}.png").write_bytes(data)
        reload = Path(__file__).with_name("reload.py")
        command = [sys.executable, "-I", str(reload), str(folder.resolve()), scratch]
        found = subprocess.run(command, capture_output=True, text=True, cwd=scratch)
    if found.returncode:
        raise ValueError(f"The exported model does not load: {found.stderr[-1000:]}")
    differences = {
        f"{name}, files {how}": np.abs(np.array(p) - expected[how][:pages])
        for how, answers in json.loads(found.stdout).items()
        for name, p in answers.items()
    }
    return _checked(differences, LARGEST_DIFFERENCE + min(noise, LARGEST_NOISE))


def check_tflite(classifier: Classifier, file: Path) -> float:
    """The same for model.tflite, on prepared pages; ValueError above LARGEST_OF_TFLITE."""
    files = drawn_files()
    found = TfliteModel(file).predict(prepared(classifier, files))[0]
    difference = np.abs(found - keras_answers(classifier, files))
    return _checked({file.name: difference}, LARGEST_OF_TFLITE)


def keras_answers(classifier: Classifier, files: tuple[bytes, ...]) -> np.ndarray:
    """Calibrated probabilities (n, 4) of the Keras model for files, compiled as an export is: taken
    step by step its last bits are others."""
    with constants_not_folded():
        raw = np.asarray(classifier.model.predict_on_batch(prepared(classifier, files)))
    return calibrate(raw, classifier.card["temperature"])


@contextmanager
def constants_not_folded() -> Iterator[None]:
    """Graphs run first herein are compiled as the model server and `serving.reload` do it. Folded
    constants give other last bits, of which the fourth root makes hundredths of grey levels, and
    the network 1e-5 of a probability."""
    folded = tf.config.optimizer.get_experimental_options().get("constant_folding", True)
    tf.config.optimizer.set_experimental_options({"constant_folding": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"constant_folding": folded})


def prepared(classifier: Classifier, files: tuple[bytes, ...]) -> np.ndarray:
    """Files as the graph prepares them, float32 (n, height, width, 3).

    Not as numpy does: where a trace only just touches a cell, the fourth root makes some grey
    levels of a last bit's difference, and that is no fault of an export.
    """
    return np.asarray(tf.function(reader(classifier.size))(tf.constant(files))[0])


def _checked(differences: dict[str, np.ndarray], allowed: float) -> float:
    for name, difference in differences.items():
        if not difference.max() <= allowed:  # NaN fails, too
            raise ValueError(
                f"{name} differs from Keras by {difference.max():.2g} in a probability; "
                f"at most {allowed:.0e} is allowed."
            )
    return float(max(difference.max() for difference in differences.values()))
