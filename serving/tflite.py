"""`model.tflite`: the network for phones and small processes, float32, run by XNNPACK.

It takes a prepared page, not a file and not a page of any size: decoding and finding the paper
need operations that TensorFlow Lite lacks. `ecg_tf.classifier.prepare_page` gives one, as `image`,
without TensorFlow.
"""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python.convert import ConverterError

from ecg_tf.classifier import Classifier
from serving.graph import scoring
from serving.saved_model import save

TFLITE = "model.tflite"


def convert(classifier: Classifier, file: Path) -> None:
    """Writes `file` with the signature `serving_default`: `prepared` float32 (1, height, width, 3)
    in 0..255 to `probabilities` (1, 4), calibrated, and `page_score` (1,).

    Raises ValueError for a network with operations that TensorFlow Lite lacks."""
    # One page fixed: with a free first dimension XNNPACK leaves part of the graph to others.
    page = tf.TensorSpec((1, *classifier.size, 3), tf.float32, name="prepared")
    with tempfile.TemporaryDirectory() as scratch:
        # From a SavedModel: converted from the Keras function the network answers NaN.
        save(classifier.model, {"serving_default": (scoring(classifier), page)}, Path(scratch))
        try:
            file.write_bytes(tf.lite.TFLiteConverter.from_saved_model(scratch).convert())
        except ConverterError as error:
            lacking = str(error).strip().splitlines()[-1]
            raise ValueError(
                f"TensorFlow Lite cannot hold this network; export without --tflite. {lacking}"
            ) from error


class TfliteModel:
    """A loaded `model.tflite`; not for several threads at once."""

    def __init__(self, file: Path, threads: int = 1):
        """`threads` work on one page. Raises ValueError for a file that is none."""
        interpreter = Interpreter(str(file), num_threads=threads)
        self._run = interpreter.get_signature_runner("serving_default")

    def predict(self, prepared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (n, 4) and page scores (n,) of prepared pages (n, height, width, 3)."""
        found = [self._run(prepared=page[None]) for page in prepared]
        probabilities = np.concatenate([each["probabilities"] for each in found])
        return probabilities, np.concatenate([each["page_score"] for each in found])
