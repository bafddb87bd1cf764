"""Functions of a Keras model -> a SavedModel, each traced once.

`keras.export.ExportArchive` traces everything twice: to find the variables, and again while it
saves.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf


def save(
    model: keras.Model, signatures: dict[str, tuple[Callable, tf.TensorSpec]], folder: Path
) -> None:
    """Writes `folder` with `signatures`, name to (function of `model`, input). The functions are
    of TensorFlow ops alone, without conditions or loops of Python on tensors."""
    module = tf.Module()
    module.weights = [each.value for each in model.variables]
    traced = {
        name: tf.function(function, input_signature=[spec], autograph=False).get_concrete_function()
        for name, (function, spec) in signatures.items()
    }
    tf.saved_model.save(module, str(folder), signatures=traced)
