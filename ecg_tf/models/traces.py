"""A network that reads the traces off the page and looks at them as signals.

The reading (`ecg_tf.pages.columns`) has no weights, so training reads each page once and runs
`signal_network` alone; `traces` is the same layers behind the reading.
"""

import keras
from keras import ops

from ecg_tf.models.head import classify, page_input
from ecg_tf.pages.columns import SAMPLES, SHAPE, SIGNALS, read_columns

READER = "read_traces"  # the layer that has no weights
LEADS = 12
LEAD_STAGES = ((48, 2), (64, 2), (96, 2), (128, 2))  # channels and stride of each block
STRIP_STAGES = ((24, 4), (32, 2), (48, 2), (64, 2))


@keras.saving.register_keras_serializable("ecg_tf")
class ReadTraces(keras.layers.Layer):
    """Pages (n, h, w, 3) to signals (n, *SHAPE)."""

    def call(self, pages):
        return read_columns(pages)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *SHAPE)


@keras.saving.register_keras_serializable("ecg_tf")
class TakeLeads(keras.layers.Layer):
    """The 12 leads of signals: (n, SAMPLES, 36)."""

    def call(self, signals):
        kinds = ops.reshape(signals, (-1, SAMPLES, 3, SIGNALS))
        return ops.reshape(kinds[..., :LEADS], (-1, SAMPLES, 3 * LEADS))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], SAMPLES, 3 * LEADS)


@keras.saving.register_keras_serializable("ecg_tf")
class TakeStrip(keras.layers.Layer):
    """The rhythm strip of signals, its quarters in a row again: (n, 4 * SAMPLES, 3)."""

    def call(self, signals):
        kinds = ops.reshape(signals, (-1, SAMPLES, 3, SIGNALS))
        quarters = ops.transpose(kinds[..., LEADS:], (0, 3, 1, 2))
        return ops.reshape(quarters, (-1, (SIGNALS - LEADS) * SAMPLES, 3))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], (SIGNALS - LEADS) * SAMPLES, 3)


def traces(size=(448, 1120), weights=None):
    """The network from the page on. It has no backbone: ValueError for `weights` but None."""
    if weights is not None:
        raise ValueError(f"traces has no backbone that could take the weights {weights!r}.")
    page = page_input(size)
    signals = ReadTraces(name=READER, dtype="float32")(page)
    return keras.Model(page, classify(trace_features(signals)), name="traces")


def signal_network(prefix: str = ""):
    """The same from the signals (n, *SHAPE) on; layers of one name are the same layers."""
    signals = keras.Input(SHAPE, name="signals")
    return keras.Model(signals, classify(trace_features(signals, prefix)), name="signals")


def trace_features(signals, prefix: str = ""):
    """What the network sees in signals: (n, 64). Its layers' names begin with `prefix`."""
    leads = TakeLeads(name=f"{prefix}leads")(signals)
    strip = TakeStrip(name=f"{prefix}strip")(signals)
    seen = [
        *_tower(leads, f"{prefix}leads", 48, LEAD_STAGES),
        *_tower(strip, f"{prefix}strip", 24, STRIP_STAGES),
    ]
    x = keras.layers.Concatenate(name=f"{prefix}trace_features")(seen)
    x = keras.layers.Dropout(0.5, name=f"{prefix}trace_dropout")(x)
    return keras.layers.Dense(64, activation="relu", name=f"{prefix}trace_dense")(x)


def _tower(x, name: str, width: int, stages):
    """A residual network along time: its mean and its largest responses."""
    x = keras.layers.Conv1D(width, 9, padding="same", name=f"{name}_stem")(x)
    for number, (channels, stride) in enumerate(stages, 1):
        x = _residual(x, channels, stride, f"{name}{number}")
    return (
        keras.layers.GlobalAveragePooling1D(name=f"{name}_mean")(x),
        keras.layers.GlobalMaxPooling1D(name=f"{name}_most")(x),
    )


def _residual(x, channels: int, stride: int, name: str):
    def convolve(y, number, stride):
        y = keras.layers.Conv1D(
            channels, 7, stride, "same", use_bias=False, name=f"{name}_conv{number}"
        )(y)
        return keras.layers.BatchNormalization(name=f"{name}_bn{number}")(y)

    y = keras.layers.Activation("relu", name=f"{name}_relu1")(convolve(x, 1, stride))
    y = convolve(keras.layers.SpatialDropout1D(0.1, name=f"{name}_dropout")(y), 2, 1)
    x = keras.layers.Conv1D(channels, 1, stride, "same", name=f"{name}_skip")(x)
    y = keras.layers.Add(name=f"{name}_add")([x, y])
    return keras.layers.Activation("relu", name=f"{name}_relu2")(y)
