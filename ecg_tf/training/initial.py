"""Weights that a training begins from, under their names: networks with one backbone share them."""

from pathlib import Path

import keras
import numpy as np

LEAST = 0.5  # part of a network's weights that a file has to hold


def save_weights(model: keras.Model, file: Path) -> None:
    """Writes the weights under their names, for networks with the same backbone too."""
    named = {each.path: np.asarray(each) for each in model.trainable_variables}
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"part-{file.name}")
    np.savez(part, **named)
    part.replace(file)


def begin_from(model: keras.Model, file: Path) -> None:
    """Gives the model those weights of `file` that have the name and shape of its own.

    The statistics of batch normalisation are not among them; a recipe that settles takes its own.
    Raises FileNotFoundError, and ValueError where less than LEAST of the model is in the file.
    """
    with np.load(file) as stored:
        named = dict(stored)
    fitting = [
        each
        for each in model.trainable_variables
        if each.path in named and named[each.path].shape == tuple(each.shape)
    ]
    size = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
    part = sum(int(np.prod(each.shape)) for each in fitting) / size
    if part < LEAST:
        raise ValueError(
            f"{file} holds {part:.0%} of the weights of {model.name}, not {LEAST:.0%}."
        )
    for each in fitting:
        each.assign(named[each.path])
