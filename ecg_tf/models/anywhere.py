"""One network for pages of any printer: the joined network of the printer that it learnt from, and
beside it a part for all others, which learnt from drawn pages. `familiar` tells whose turn it is.

Both look at the same thumbnail and read the same traces; each has weights of its own behind them.
"""

import keras
import numpy as np

from ecg_tf.models.beats import likeness, measurements
from ecg_tf.models.familiar import FAMILIAR, Familiar
from ecg_tf.models.head import HEAD, classify, page_input
from ecg_tf.models.joined import seen_on_page
from ecg_tf.models.parts import give_weights
from ecg_tf.models.traces import READER, ReadTraces, trace_features

PREFIX = "elsewhere_"  # of the names of the layers of the part for other printers
LANDMARKS = 768
NEVER = -50.0  # logit of a page that is not familiar


@keras.saving.register_keras_serializable("ecg_tf")
class Strange(keras.layers.Layer):
    """1 - familiar."""

    def call(self, familiar):
        return 1.0 - familiar

    def compute_output_shape(self, input_shape):
        return input_shape


def anywhere(size=(448, 1120), weights=None):
    """The network from the page on; `weights` are those of its backbone."""
    page = page_input(size)
    signals = ReadTraces(name=READER, dtype="float32")(page)
    measured = measurements(signals)
    home = seen_on_page(page, signals, measured, weights)
    other = [home[0], *elsewhere_features(signals, measured)]
    familiar = Familiar(name=FAMILIAR, dtype="float32")(page)
    strange = Strange(name="strange", dtype="float32")(familiar)
    turns = [*((familiar, each) for each in home), *((strange, each) for each in other)]
    parts = [
        keras.layers.Multiply(name=f"turn{number}", dtype="float32")([turn, each])
        for number, (turn, each) in enumerate(turns)
    ]
    features = keras.layers.Concatenate(name="features")([*parts, strange])
    return keras.Model(page, classify(features), name="anywhere")


def elsewhere_features(signals, measured):
    """What the part for other printers sees in the traces: (n, 64) and (n, LANDMARKS)."""
    return trace_features(signals, PREFIX), likeness(measured, PREFIX, LANDMARKS)


def widen(
    wide: keras.Model, home: keras.Model, networks, page_head, shares, familiar, sharpness=1.0
) -> None:
    """Gives `wide`, as `anywhere` made it, its weights.

    `home` is the joined network. The part for other printers is that of two `networks` on signals
    (traces, beats) and of `page_head`, kernel and bias on what `home` sees on the thumbnail; its
    scores are the sum of theirs times `shares`, in the order page, traces, beats, and all of it
    times `sharpness`. `familiar` are the weights of `Familiar`. ValueError for shares that do not
    sum to 1.
    """
    if abs(sum(shares) - 1.0) > 1e-6:
        raise ValueError(f"The shares {tuple(shares)} sum to {sum(shares):g}; they must sum to 1.")
    for part in (home, *networks):
        give_weights(part, wide, leave=HEAD)
    wide.get_layer(FAMILIAR).set_weights(familiar)
    heads = [page_head, *(part.get_layer(HEAD).get_weights() for part in networks)]
    weighted = [(sharpness * share, head) for share, head in zip(shares, heads, strict=True)]
    kernel, bias = home.get_layer(HEAD).get_weights()
    other = sum(share * each for share, (_, each) in weighted)
    kernels = [kernel, *(share * each for share, (each, _) in weighted), [other - bias]]
    wide.get_layer(HEAD).set_weights([np.concatenate(kernels), bias])


def answer_as_elsewhere(wide: keras.Model) -> None:
    """Makes `wide` answer every page by the part for other printers, in place, and without what it
    sees on the thumbnail: that network has learnt from pages of the known printer, so that without
    it the answer to such a page is of one that has never seen its like."""
    kernel, bias = wide.get_layer(FAMILIAR).get_weights()
    wide.get_layer(FAMILIAR).set_weights([np.zeros_like(kernel), np.full_like(bias, NEVER)])
    kernel, bias = wide.get_layer(HEAD).get_weights()
    sizes = [wide.get_layer(f"turn{number}").output.shape[-1] for number in range(4)]
    kernel[sum(sizes[:3]) : sum(sizes)] = 0.0
    wide.get_layer(HEAD).set_weights([kernel, bias])
