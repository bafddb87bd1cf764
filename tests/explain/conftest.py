"""A network small enough to train in seconds, with the parts that explanations look for."""

import keras
import numpy as np
import pytest

from ecg_tf.labels import LABELS
from ecg_tf.models.anywhere import Strange
from ecg_tf.models.familiar import FAMILIAR, Familiar
from ecg_tf.models.gate import GRID
from ecg_tf.models.head import classify, page_input
from ecg_tf.models.multiscale import FUSED, SCALE_WEIGHTS, WeightedSum
from ecg_tf.models.traces import READER, ReadTraces, trace_features
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.synthetic import draw

SIZE = (48, 64)  # the input of the small network
READ = (120, 200)  # that of the one that reads traces


def small_network() -> keras.Model:
    """Three convolutions, and one attention over three scales as in the large network."""
    page = page_input(SIZE)
    x = keras.layers.Rescaling(-1 / 255, offset=1.0, name="ink")(page)
    scales = []
    for number, filters in enumerate((8, 12, 16)):
        strides = 2 if number < 2 else 1
        x = keras.layers.Conv2D(filters, 5, strides, padding="same", name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(momentum=0.8, name=f"norm{number}")(x)
        x = keras.layers.Activation("swish", name=f"swish{number}")(x)
        scale = keras.layers.AveragePooling2D(2, name="grid0")(x) if number == 0 else x
        scales.append(keras.layers.Conv2D(16, 1, activation="swish", name=f"to{number}")(scale))
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    share = keras.layers.Dense(3, activation="softmax", name=SCALE_WEIGHTS)(pooled)
    fused = WeightedSum(name=FUSED)([*scales, share])
    pool = keras.layers.GlobalAveragePooling2D(name="pool")(fused)
    return keras.Model(page, classify(pool), name="small")


@pytest.fixture(scope="session")
def drawn_pages() -> tuple[np.ndarray, np.ndarray]:
    """24 drawn pages as network input, float32 (24, *SIZE, 3), and their classes, int (24,)."""
    classes = np.arange(24) % len(LABELS)
    images = [
        draw(seed, LABELS[label], "3x4+1", size=(228, 392), whole=False).image
        for seed, label in enumerate(classes)
    ]
    return np.stack([prepare(image.astype(np.float32), *SIZE) for image in images]), classes


@pytest.fixture(scope="session")
def trained(drawn_pages) -> keras.Model:
    """The small network, trained on the drawn pages until it knows most of them."""
    keras.utils.set_random_seed(0)
    model = small_network()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(*drawn_pages, batch_size=12, epochs=40, verbose=0)
    return model


@pytest.fixture(scope="session")
def reading() -> keras.Model:
    """Untrained: one convolution on the page, and the network on the traces."""
    keras.utils.set_random_seed(2)
    page = page_input(READ)
    ink = keras.layers.Rescaling(-1 / 255, offset=1.0)(page)
    maps = keras.layers.Conv2D(6, 5, 4, activation="relu", name=FUSED)(ink)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    seen = trace_features(ReadTraces(name=READER)(page))
    features = keras.layers.Concatenate(name="features")([pooled, seen])
    return keras.Model(page, classify(features), name="reading")


@pytest.fixture(scope="session")
def read_pages() -> np.ndarray:
    """Two drawn pages as its input, float32 (2, *READ, 3)."""
    images = [draw(seed, None, "3x4+1", size=(360, 600), whole=False).image for seed in (1, 2)]
    return np.stack([prepare(image.astype(np.float32), *READ) for image in images])


@pytest.fixture(scope="session")
def turning() -> keras.Model:
    """Untrained: two parts that take turns on the same maps and signals. Which of them answers is
    told by the ink in the upper left corner, which a page half-way to blank paper has no more."""
    keras.utils.set_random_seed(3)
    page = page_input(READ)
    ink = keras.layers.Rescaling(-1 / 255, offset=1.0)(page)
    maps = keras.layers.Conv2D(6, 5, 4, activation="relu", name=FUSED)(ink)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    signals = ReadTraces(name=READER)(page)
    turn = Familiar(name=FAMILIAR)(page)
    other = Strange(name="strange")(turn)
    home = [pooled, trace_features(signals)]
    parts = [(turn, each) for each in home] + [(other, each) for each in home[::-1]]
    turns = [keras.layers.Multiply(name=f"turn{k}")(pair) for k, pair in enumerate(parts)]
    features = keras.layers.Concatenate(name="features")([*turns, other])
    model = keras.Model(page, classify(features), name="turning")
    kernel = np.zeros((GRID[0], GRID[1], 1), np.float32)
    kernel[:8, :8] = 0.2
    model.get_layer(FAMILIAR).set_weights([kernel.reshape(-1, 1), np.array([-6.0])])
    return model
