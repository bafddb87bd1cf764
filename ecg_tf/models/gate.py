"""The gate: how surely a prepared picture is a whole 12-lead ECG page.

A small convolutional network on the ink, apart from the classifier, so that either can be
retrained without the other. It is a function of constants in `keras.ops`: it has no variables, and
any graph can call it. `scripts/train_gate.py` makes its weights.
"""

from functools import cache
from pathlib import Path

import numpy as np
from keras import ops

from ecg_tf.pages.pooling import pool_matrix

WEIGHTS = Path(__file__).resolve().parents[1] / "weights" / "gate.npz"
GRID = (112, 112)  # rows and columns that the network sees, whatever the size of the input
LEAST_SCORE = 0.5  # a picture with a lower score is refused


def page_score(pages):
    """The probability of being a 12-lead ECG page, float32 (n,) in 0..1.

    `pages` is float32 (n, h, w, 1 or more) in 0..255 as `ecg_tf.pages.ink.lay_out` makes them, each
    in its own layout; h and w are free. Upside down, half a page and the like count as no page.
    """
    return score_ink(shrink(pages), load_weights())


def shrink(pages):
    """The ink of pages (n, h, w, 3), 0..1, on the gate's grid: float32 (n, *GRID).

    Pooled with the power mean of `prepare`, so that the size of the input makes no difference.
    """
    dark = 1.0 - ops.cast(pages[..., 0], "float32") / 255.0
    shape = ops.shape(dark)
    down = pool_matrix(shape[1], GRID[0], xp=ops)
    across = pool_matrix(shape[2], GRID[1], xp=ops)
    dark = ops.square(ops.square(ops.clip(dark, 0.0, 1.0)))
    dark = ops.matmul(ops.matmul(down, dark), ops.transpose(across))
    return ops.sqrt(ops.sqrt(dark))


def score_ink(ink, weights: dict[str, np.ndarray]):
    """The network: ink float32 (n, *GRID) to scores (n,).

    `weights` holds kernels and biases: convolutions "conv1", "conv2", ... that halve the maps,
    each with a rectifier, then two dense layers.
    """
    maps = ink[..., None]
    for number in range(1, depth(weights) + 1):
        maps = ops.conv(
            maps, weights[f"conv{number}"], strides=2, padding="same", data_format="channels_last"
        )
        maps = ops.relu(maps + weights[f"conv{number}_bias"])
    flat = ops.reshape(maps, (-1, weights["hidden"].shape[0]))
    hidden = ops.relu(ops.matmul(flat, weights["hidden"]) + weights["hidden_bias"])
    return ops.sigmoid(ops.matmul(hidden, weights["out"]) + weights["out_bias"])[:, 0]


def depth(weights: dict[str, np.ndarray]) -> int:
    """How many convolutions there are."""
    return sum(name.startswith("conv") and not name.endswith("bias") for name in weights)


@cache
def load_weights(path: Path = WEIGHTS) -> dict[str, np.ndarray]:
    """The gate's weights, float32 arrays by name.

    Raises FileNotFoundError with the command that makes them where they are missing.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}; make it with scripts/train_gate.py.")
    with np.load(path) as file:
        return {name: file[name].astype(np.float32) for name in file.files}
