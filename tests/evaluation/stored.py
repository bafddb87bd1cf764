"""Small made-up predictions for the tests beside."""

import numpy as np

from ecg_tf.evaluation.predictions import Predictions

META = {
    "model": "cnn",
    "recipe": "paper",
    "protocol": "leak-free",
    "folds": [0, 1],
    "epochs": [3, 5],
    "seed": 0,
    "command": "scripts/train.py cnn",
    "data_sha256": "d" * 64,
    "folds_sha256": "f" * 64,
    "seconds": 1,
}


def simulated(n: int = 40, seed: int = 0, skill: float = 2.0, **meta) -> Predictions:
    """n pages in two folds; the higher the skill, the more often the answer is right."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    logits = generator.normal(size=(n, 4)) + skill * np.eye(4)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(
        np.array([f"page{i:04d}" for i in range(n)]),
        labels,
        np.zeros(n, dtype=int),
        np.arange(n) // 4 % 2,
        probabilities,
        META | meta,
    )


def one_hot(answers: list[int]) -> np.ndarray:
    """Sure answers as probabilities."""
    return np.eye(4)[answers]
