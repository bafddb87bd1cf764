"""Page, traces and beats in one network: the thumbnail of the page, the signals read off it in
full, and what is measured on their beats.

The parts are trained apart, each by its own recipe, and joined by `join`: the last layer then
holds all last layers, so that the scores of the classes are the weighted sum of theirs.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from ecg_tf.models.beats import likeness, measurements
from ecg_tf.models.head import HEAD, classify, page_input
from ecg_tf.models.multiscale import fused_maps
from ecg_tf.models.parts import give_weights
from ecg_tf.models.traces import READER, ReadTraces, trace_features
from ecg_tf.pages.pooling import pool_matrix

THUMBNAIL = (224, 224)
POOL = "pool"  # the layer that sums up the maps of the thumbnail


@keras.saving.register_keras_serializable("ecg_tf")
class Thumbnail(keras.layers.Layer):
    """Pages (n, h, w, 3) to (n, *THUMBNAIL, 3), pooled as `ecg_tf.pages.ink.prepare` does."""

    def call(self, pages):
        dark = 1.0 - pages[..., 0] / 255.0
        down = pool_matrix(dark.shape[1], THUMBNAIL[0])
        across = pool_matrix(dark.shape[2], THUMBNAIL[1])
        dark = ops.matmul(ops.matmul(down, ops.square(ops.square(dark))), across.T)
        # The slope of a root has no bound at 0.
        grey = 255.0 * (1.0 - ops.sqrt(ops.sqrt(ops.clip(dark, 1e-16, 1.0))))
        return ops.stack([grey, grey, grey], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *THUMBNAIL, 3)


def effnet_msa_traces(size=(448, 1120), weights=None):
    """EfficientNet-B0 with multi-scale attention on a thumbnail, and two networks on the traces:
    one that convolves them, and one that measures their beats."""
    page = page_input(size)
    signals = ReadTraces(name=READER, dtype="float32")(page)
    seen = seen_on_page(page, signals, measurements(signals), weights)
    features = keras.layers.Concatenate(name="features")(seen)
    return keras.Model(page, classify(features), name="effnet_msa_traces")


def seen_on_page(page, signals, measured, weights=None) -> list:
    """What the three parts see: the thumbnail's maps pooled, (n, 128), the traces, (n, 64), and
    likenesses of beats, (n, landmarks)."""
    maps = fused_maps(Thumbnail(name="thumbnail", dtype="float32")(page), weights)
    pooled = keras.layers.GlobalAveragePooling2D(name=POOL)(maps)
    return [pooled, trace_features(signals), likeness(measured)]


def join(joined: keras.Model, parts: Sequence[keras.Model], shares: Sequence[float]) -> None:
    """Gives `joined` the weights of its parts, in the order of what it sees.

    The scores of the classes become the sum of the parts' scores, each times its share: the
    probabilities are the weighted geometric mean of theirs. Raises ValueError if the shares do
    not sum to 1.
    """
    if abs(sum(shares) - 1.0) > 1e-6:
        raise ValueError(f"The shares {tuple(shares)} sum to {sum(shares):g}; they must sum to 1.")
    heads = [part.get_layer(HEAD).get_weights() for part in parts]
    for part in parts:
        give_weights(part, joined, leave=HEAD)
    weighted = list(zip(shares, heads, strict=True))
    kernel = np.concatenate([share * kernel for share, (kernel, _) in weighted])
    bias = sum(share * bias for share, (_, bias) in weighted)
    joined.get_layer(HEAD).set_weights([kernel, bias])
