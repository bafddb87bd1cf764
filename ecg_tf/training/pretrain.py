"""A first training of a network behind the reading, on signals that no page has to be drawn for.

Recordings of other sources and simulated signals are laid out as the reader lays out what it reads
of a page. The home pages' patients are in neither.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ecg_tf.data.pipeline import SIGNALS, Examples
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.models.traces import READER
from ecg_tf.pages import columns
from ecg_tf.pages.layout import LEADS, ROWS
from ecg_tf.pages.recordings import as_printed, recordings
from ecg_tf.pages.signals import simulate
from ecg_tf.training.drawn_set import certain, target_of
from ecg_tf.training.elsewhere import weights_of
from ecg_tf.training.fit import fit
from ecg_tf.training.recipes import RECIPES

RECIPE = replace(RECIPES["read"], name="pretraining", epochs=5, batch=32)
PRINTS = 2  # times that a recording is printed, each behind other filters
SIMULATED = 4000
FIRST_SEED = 5_000_000  # of the simulated ones; far from those drawn for tests and audits
SECONDS = 10.0  # of a page
STRIP = LEADS.index("II")


def network(name: str, seed: int) -> keras.Model:
    """The network MODELS[name] with random weights. Raises ValueError for one that does not read
    the page first."""
    keras.utils.set_random_seed(seed)
    whole = build(name, RECIPE.size)
    if READER not in [layer.name for layer in whole.layers]:
        raise ValueError(f"{name} does not read the page first; only those that do are pretrained.")
    return whole


def pretrain(whole: keras.Model, examples: Examples, run: Path, seed: int, callbacks=()) -> None:
    """Trains the part of a network that is behind the reading. A run that was killed goes on from
    what lies in `run`."""
    reader = whole.get_layer(READER).output
    model = keras.Model(reader, whole.output, name=f"{whole.name}_signals")
    run.mkdir(parents=True, exist_ok=True)
    fit(model, RECIPE, examples, None, run, seed, callbacks)


def signal_set(folder: Path, simulated: int = SIMULATED) -> Examples:
    """The recordings in `folder` whose label is known, PRINTS times, and `simulated` signals.
    Raises what `recordings` raises."""
    pairs = list(_signals(folder, simulated))
    target = np.array([target for _, target in pairs], np.float32)
    signals = np.stack([signal for signal, _ in pairs])
    return Examples(signals, np.arange(len(pairs)), target, weights_of(target), SIGNALS)


def as_read(signal: np.ndarray, fs: float) -> np.ndarray:
    """A signal (samples, 12) in mV at `fs` Hz as `ecg_tf.pages.columns.SHAPE`, float32.

    Heights alone, which is what `ecg_tf.models.picture` looks at; spreads and amounts are 0, and
    so is what a recording shorter than 10 s lacks.
    """
    samples = columns.COLUMNS * columns.SAMPLES
    at, known = np.arange(samples) * (SECONDS / samples), np.arange(len(signal)) / fs
    leads = np.stack([np.interp(at, known, lead, right=0.0) for lead in signal.T], axis=1)
    parts = leads.reshape(columns.COLUMNS, columns.SAMPLES, len(LEADS))
    shown = [parts[column, :, LEADS.index(lead)] for row in ROWS for column, lead in enumerate(row)]
    shown += [part[:, STRIP] for part in parts]
    heights = np.stack(shown, axis=1)
    found = np.zeros(columns.SHAPE, np.float32)
    found[:, : columns.SIGNALS] = heights - np.median(heights, axis=0)
    return found


def _signals(folder: Path, simulated: int) -> Iterator[tuple[np.ndarray, tuple[float, ...]]]:
    for number, recording in enumerate(recordings(folder)):
        target = target_of(recording)
        for copy in range(PRINTS) if target else ():
            rng = np.random.default_rng([number, copy, 4])
            yield as_read(as_printed(rng, recording.signal, recording.fs), recording.fs), target
    for number in range(simulated):
        label = LABELS[number % len(LABELS)]
        drawn = simulate(FIRST_SEED + number, label)
        rng = np.random.default_rng([number, PRINTS, 4])
        yield as_read(as_printed(rng, drawn.signal, drawn.fs), drawn.fs), certain(label)
