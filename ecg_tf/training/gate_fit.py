"""Trains the gate's network and turns it into the few arrays that `ecg_tf.models.gate` reads."""

import keras
import numpy as np
from keras import layers

from ecg_tf.data.augment import DRAWS, augment
from ecg_tf.models import gate

WIDTHS = (8, 16, 24, 32, 32)  # channels after each convolution; each halves the maps
HIDDEN = 24
EPOCHS = 20
PICTURES = 4096  # drawn at random for each epoch
BATCH = 64
RATE = 3e-3
SMOOTHING = 0.02  # of the labels, so that scores stay off 0 and 1


def network() -> keras.Model:
    """Ink (n, *GRID, 1) to a score (n, 1)."""
    x = ink = layers.Input((*gate.GRID, 1))
    for number, width in enumerate(WIDTHS, 1):
        size = 5 if number == 1 else 3
        x = layers.Conv2D(
            width, size, strides=2, padding="same", use_bias=False, name=f"conv{number}"
        )(x)
        x = layers.BatchNormalization(momentum=0.95, name=f"norm{number}")(x)
        x = layers.ReLU()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(HIDDEN, activation="relu", name="hidden")(x)
    return keras.Model(ink, layers.Dense(1, activation="sigmoid", name="out")(x))


def fit(ink: np.ndarray, is_page: np.ndarray, odds: np.ndarray, epochs: int, seed: int) -> dict:
    """The trained weights by name, float32.

    `ink` is uint8 (n, *GRID), 255 is full ink; `is_page` bool (n,); `odds` float (n,), summing to
    1, says how often a picture is drawn.
    """
    keras.utils.set_random_seed(seed)
    net = network()
    data = Batches(ink, is_page, odds, seed)
    rate = keras.optimizers.schedules.CosineDecay(RATE, len(data) * epochs)
    net.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.BinaryCrossentropy(label_smoothing=SMOOTHING),
        jit_compile=False,  # XLA makes small networks slow on a CPU
    )
    net.fit(data, epochs=epochs, verbose=0)
    return constants(net)


class Batches(keras.utils.PyDataset):
    """Batches of (ink, is_page) drawn by `odds`; every picture is changed a little each time."""

    def __init__(self, ink, is_page, odds, seed: int):
        super().__init__()
        self.ink, self.is_page, self.odds = ink, is_page, odds
        self.seed, self.epoch = seed, 0

    def __len__(self) -> int:
        return PICTURES // BATCH

    def __getitem__(self, step: int):
        random = np.random.default_rng([self.seed, self.epoch, step])
        rows = random.choice(len(self.ink), BATCH, p=self.odds)
        draws = random.random((BATCH, len(DRAWS)), dtype=np.float32)
        noise = random.standard_normal((BATCH, *gate.GRID), dtype=np.float32)
        changed = augment(255 - self.ink[rows], draws, noise)[..., :1]
        return 1.0 - np.asarray(changed) / 255.0, self.is_page[rows].astype(np.float32)

    def on_epoch_end(self) -> None:
        self.epoch += 1


def constants(net: keras.Model) -> dict[str, np.ndarray]:
    """The network's weights as `gate.score_ink` wants them, normalisation folded into kernels."""
    found = {}
    for number in range(1, len(WIDTHS) + 1):
        (kernel,) = net.get_layer(f"conv{number}").get_weights()
        norm = net.get_layer(f"norm{number}")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        found[f"conv{number}"] = kernel * scale
        found[f"conv{number}_bias"] = beta - mean * scale
    for name in ("hidden", "out"):
        found[name], found[f"{name}_bias"] = net.get_layer(name).get_weights()
    return {name: array.astype(np.float32) for name, array in found.items()}


def shrunk(pages: np.ndarray) -> np.ndarray:
    """Prepared pages uint8 (n, h, w) as the gate's ink, uint8 (n, *GRID)."""
    parts = [
        np.asarray(gate.shrink(pages[start : start + 64, ..., None].astype(np.float32)))
        for start in range(0, len(pages), 64)
    ]
    return np.round(255.0 * np.concatenate(parts)).astype(np.uint8)


def scores(ink: np.ndarray, weights: dict) -> np.ndarray:
    """Scores float32 (n,) of ink uint8 (n, *GRID)."""
    parts = [
        np.asarray(gate.score_ink(ink[start : start + 256].astype(np.float32) / 255.0, weights))
        for start in range(0, len(ink), 256)
    ]
    return np.concatenate(parts)
