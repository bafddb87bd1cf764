"""The signals of a page as a small picture, for networks that are made to look at pictures.

A page shrunk to 224 x 224 hardly shows a Q wave. Here the page is read first
(`ecg_tf.models.traces`), and what was read is laid out as bands of one height: the leads in
Cabrera's order, so that neighbours look at the same wall of the heart, and the four quarters of
the rhythm strip below them. Red is the signal itself, green its median beat, blue how far the beats
differ from it, all in mV.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from ecg_tf.models.beats import likeness, measurements
from ecg_tf.models.beats_found import BEFORE, beats_at, find_beats, median_beat
from ecg_tf.models.head import FEATURES, classify, page_input
from ecg_tf.models.traces import READER, ReadTraces
from ecg_tf.pages.columns import COLUMNS, SAMPLES, SIGNALS
from ecg_tf.pages.layout import LEADS, ROWS

SIZE = (64, 128)  # height, width
PICTURE = "picture"  # the layer that lays signals out
CABRERA = ("aVL", "I", "aVR", "II", "aVF", "III", *LEADS[6:])  # aVR is shown upside down
BY_ROW = [lead for row in ROWS for lead in row]  # the order of signals, before the strip's quarters
ORDER = np.array([*(BY_ROW.index(lead) for lead in CABRERA), *range(len(LEADS), SIGNALS)])
TURNED = np.where(np.arange(SIGNALS) == BY_ROW.index("aVR"), -1.0, 1.0).astype(np.float32)
BEATS, STRIP_BEATS = 8, 24  # at most, in 2.5 s and in 10 s
BAND = SIZE[0] // SIGNALS  # rows of the picture for each signal


@keras.saving.register_keras_serializable("ecg_tf")
class Picture(keras.layers.Layer):
    """Signals (n, *SHAPE) of `ecg_tf.pages.columns` to RGB 0..255, (n, *SIZE, 3): 127.5 is 0 mV,
    and heights are bounded by a tanh."""

    def call(self, signals):
        heights = ops.cast(signals[..., :SIGNALS], "float32")
        rows = ops.reshape(heights[..., : len(LEADS)], (-1, SAMPLES, len(ROWS), COLUMNS))
        # The three leads of a column show the same beats.
        columns = ops.reshape(ops.transpose(rows, (0, 3, 1, 2)), (-1, SAMPLES, len(ROWS)))
        quarters = ops.transpose(heights[..., len(LEADS) :], (0, 2, 1))
        strip = ops.reshape(quarters, (-1, COLUMNS * SAMPLES, 1))
        beats, unlike = (
            ops.concatenate([_of_leads(leads), _of_strip(whole)], axis=-1)
            for leads, whole in zip(_beat(columns, BEATS), _beat(strip, STRIP_BEATS), strict=True)
        )
        channels = [_laid_out(each) for each in (heights * TURNED, beats * TURNED, unlike)]
        return 127.5 * (1.0 + ops.tanh(ops.stack(channels, axis=-1)))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *SIZE, 3)


def read_first(make: Callable) -> Callable:
    """A function like `make`, one of those that build a model for pages, whose model reads the
    page, larger, and looks at the picture of what it read: one flat graph."""

    def model(size=(448, 1120), weights=None):
        page = page_input(size)
        signals = ReadTraces(name=READER, dtype="float32")(page)
        network = make(size=SIZE, weights=weights)
        seen = network.call(Picture(name=PICTURE, dtype="float32")(signals))
        return keras.Model(page, seen, name=f"{network.name}_read")

    return model


def with_beats(make: Callable) -> Callable:
    """A function like `read_first(make)`, whose model measures the beats, too
    (`ecg_tf.models.beats`), and classifies by both; `ecg_tf.models.joined.join` gives it its
    weights."""

    def model(size=(448, 1120), weights=None):
        page = page_input(size)
        signals = ReadTraces(name=READER, dtype="float32")(page)
        network = make(size=SIZE, weights=weights)
        seeing = keras.Model(network.input, network.get_layer(FEATURES).input)
        seen = seeing.call(Picture(name=PICTURE, dtype="float32")(signals))
        both = [seen, likeness(measurements(signals))]
        features = keras.layers.Concatenate(name="features")(both)
        return keras.Model(page, classify(features), name=f"{network.name}_read_beats")

    return model


def _beat(leads, most: int):
    """The median beat of each lead, 0 before its QRS complex, and how far the beats differ from
    it: each (n, BEFORE + AFTER, leads), in mV."""
    windows, seen = beats_at(leads, *find_beats(leads, most))
    usual = median_beat(windows, seen)
    off = ops.sum(seen * ops.square(windows - usual[:, None]), axis=1)
    off = ops.sqrt(off / ops.maximum(ops.sum(seen, axis=1), 1.0) + 1e-8)
    level = ops.median(usual[:, BEFORE - 12 : BEFORE - 7], axis=1, keepdims=True)
    return usual - level, off


def _of_leads(beats):
    """(n * COLUMNS, length, 3) as (n, length, 12), row by row as in `ROWS`."""
    length = beats.shape[1]
    parts = ops.reshape(beats, (-1, COLUMNS, length, len(ROWS)))
    return ops.reshape(ops.transpose(parts, (0, 2, 3, 1)), (-1, length, len(LEADS)))


def _of_strip(beats):
    """The strip has one median beat, (n, length, 1); it takes the place of all four quarters."""
    return ops.repeat(beats, COLUMNS, axis=-1)


def _laid_out(signals):
    """Signals (n, samples, SIGNALS) as bands in the picture's order: (n, *SIZE)."""
    wide = ops.matmul(_stretch(signals.shape[1]), ops.take(signals, ORDER, axis=-1))
    return ops.repeat(ops.transpose(wide, (0, 2, 1)), BAND, axis=1)


def _stretch(length: int) -> np.ndarray:
    """The matrix (width, length) that interpolates between samples."""
    at = (np.arange(SIZE[1]) + 0.5) * length / SIZE[1] - 0.5
    distance = np.abs(np.clip(at, 0, length - 1)[:, None] - np.arange(length))
    return np.maximum(1.0 - distance, 0.0).astype(np.float32)
