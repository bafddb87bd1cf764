"""The whole state of a training in one file, so that a run killed at any moment goes on.

Written after every epoch under another name, synced, then renamed: a kill leaves the state of the
epoch before. It holds every variable of model and optimizer, those of dropout's random generator
too, so that the resumed run is the uninterrupted one.
"""

import json
import os
from pathlib import Path

import keras
import numpy as np

FILE = "state.npz"


def save(run: Path, model: keras.Model, history: list[dict]) -> None:
    """Writes the state after len(history) epochs. Raises OSError when the disk is full."""
    arrays = {f"v{i}": np.asarray(value) for i, value in enumerate(_variables(model))}
    arrays["history"] = np.frombuffer(json.dumps(history).encode(), dtype=np.uint8)
    part = run / f".{FILE}.part"
    try:
        with open(part, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, run / FILE)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def restore(run: Path, model: keras.Model) -> list[dict]:
    """Puts the saved state into model and optimizer and returns the history; [] if none is there.

    Raises ValueError if the state belongs to another model.
    """
    path = run / FILE
    if not path.exists():
        return []
    with np.load(path) as saved:
        variables = _variables(model)
        shapes = [saved[f"v{i}"].shape for i in range(len(saved.files) - 1)]
        if shapes != [tuple(variable.shape) for variable in variables]:
            raise ValueError(f"{path} holds the state of another model; choose another --out.")
        for i, variable in enumerate(variables):
            variable.assign(saved[f"v{i}"])
        return json.loads(saved["history"].tobytes())


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    metrics = {id(variable) for metric in model.metrics for variable in metric.variables}
    own = [variable for variable in model.variables if id(variable) not in metrics]
    return own + list(model.optimizer.variables)
