"""A network that measures the beats of a page and compares them with those of known pages.

Nothing is trained by gradients: the measurements (`ecg_tf.models.measurements`) have no weights,
and what follows them is kernel logistic regression, fitted by `ecg_tf.training.kernel`.
"""

import keras
from keras import ops

from ecg_tf.models.head import classify, page_input
from ecg_tf.models.measurements import MEASUREMENTS, measure
from ecg_tf.models.traces import READER, ReadTraces
from ecg_tf.pages.columns import SHAPE

LANDMARKS = 256  # pages that others are compared with
LIKENESS = "likeness"  # the layer that compares


@keras.saving.register_keras_serializable("ecg_tf")
class Measure(keras.layers.Layer):
    """Signals (n, *SHAPE) to measurements (n, MEASUREMENTS)."""

    def call(self, signals):
        return measure(signals)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], MEASUREMENTS)


@keras.saving.register_keras_serializable("ecg_tf")
class Likeness(keras.layers.Layer):
    """How like each landmark the measurements are: (n, m) to (n, landmarks), each in 0..1.

    Measurements are taken as distances from their usual value in usual deviations, bounded by a
    tanh, so that a wild one counts no more than a large one. The likeness is Gaussian in the
    distance: exp(-d^2 / width).
    """

    def __init__(self, landmarks: int = LANDMARKS, **kwargs):
        super().__init__(**kwargs)
        self.count = landmarks

    def build(self, input_shape):
        m = input_shape[-1]
        self.usual = self.add_weight(name="usual", shape=(m,), initializer="zeros")
        self.deviation = self.add_weight(name="deviation", shape=(m,), initializer="ones")
        self.landmarks = self.add_weight(
            name="landmarks", shape=(self.count, m), initializer="random_uniform"
        )
        self.width = self.add_weight(
            name="width", shape=(), initializer=keras.initializers.Constant(m / 4)
        )

    def bounded(self, measurements):
        """Measurements as they are compared, each in -1..1."""
        return ops.tanh((measurements - self.usual) / self.deviation)

    def call(self, measurements):
        found, known = self.bounded(measurements), self.landmarks
        square = ops.sum(found * found, axis=1, keepdims=True) + ops.sum(known * known, axis=1)
        distance = ops.maximum(square - 2.0 * ops.matmul(found, ops.transpose(known)), 0.0)
        return ops.exp(-distance / self.width)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.count)

    def get_config(self):
        return super().get_config() | {"landmarks": self.count}


def beats(size=(448, 1120), weights=None):
    """The network from the page on. It has no backbone: ValueError for `weights` but None."""
    if weights is not None:
        raise ValueError(f"beats has no backbone that could take the weights {weights!r}.")
    page = page_input(size)
    signals = ReadTraces(name=READER, dtype="float32")(page)
    return keras.Model(page, classify(likeness(measurements(signals))), name="beats")


def beat_network(prefix: str = "", landmarks: int = LANDMARKS):
    """The same from the signals (n, *SHAPE) on; layers of one name are the same layers."""
    signals = keras.Input(SHAPE, name="signals")
    seen = likeness(measurements(signals), prefix, landmarks)
    return keras.Model(signals, classify(seen), name="beat_signals")


def measurements(signals):
    """What is measured on signals: (n, MEASUREMENTS)."""
    return Measure(name="measurements", dtype="float32")(signals)


def likeness(measured, prefix: str = "", landmarks: int = LANDMARKS):
    """How like each landmark what was measured is, (n, landmarks). The layer's name begins with
    `prefix`."""
    return Likeness(landmarks, name=prefix + LIKENESS, dtype="float32")(measured)
