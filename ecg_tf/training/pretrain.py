"""A first training of a network behind the reading, on signals that no page has to be drawn for.

Recordings of other sources and simulated signals are laid out as the reader lays out what it reads
of a page. The home pages' patients are in neither.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

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
from ecg_tf.training.recipes import RECIPES, Recipe


class Plan(NamedTuple):
    """A pretraining: by `recipe`, on each recording printed `prints` times, each time behind other
    filters and by another pen, and on `simulated` simulated signals."""

    recipe: Recipe
    prints: int
    simulated: int


PICTURES = Plan(replace(RECIPES["read"], name="pretraining", epochs=5, batch=32), 2, 4000)
# A small network can look at more signals, more often.
TRACES = Plan(replace(RECIPES["signal"], name="pretraining", epochs=12, batch=32), 4, 16_000)
PLANS = {"traces": TRACES}  # of all other networks: PICTURES
PENS = (0.85, 1.45)  # widths, in those of the usual page
# Of the usual pen, as the reader sees it on a level trace: spread in mV, and amount of ink; and
# what is added to them for each mV that a stroke covers within a sample.
LEVEL_SPREAD, LEVEL_AMOUNT = 0.021, 0.1
STEEP_SPREAD, STEEP_AMOUNT = 0.75, 2.6
FIRST_SEED = 5_000_000  # of the simulated ones; far from those drawn for tests and audits
STREAM = 2  # of the random numbers of simulated signals; a recording has one for each print
SECONDS = 10.0  # of a page
STRIP = LEADS.index("II")


def plan_of(name: str) -> Plan:
    """How the network MODELS[name] is pretrained."""
    return PLANS.get(name, PICTURES)


def network(name: str, seed: int) -> keras.Model:
    """The network MODELS[name] with random weights. Raises ValueError for one that does not read
    the page first."""
    keras.utils.set_random_seed(seed)
    whole = build(name, plan_of(name).recipe.size)
    if READER not in [layer.name for layer in whole.layers]:
        raise ValueError(f"{name} does not read the page first; only those that do are pretrained.")
    return whole


def pretrain(whole: keras.Model, examples: Examples, run: Path, seed: int, callbacks=()) -> None:
    """Trains the part of a network that is behind the reading. A run that was killed goes on from
    what lies in `run`."""
    reader = whole.get_layer(READER).output
    model = keras.Model(reader, whole.output, name=f"{whole.name}_signals")
    run.mkdir(parents=True, exist_ok=True)
    fit(model, plan_of(whole.name).recipe, examples, None, run, seed, callbacks)


def signal_set(folder: Path, plan: Plan) -> Examples:
    """The recordings in `folder` whose label is known, and simulated signals, as `plan` wants them.
    Raises what `recordings` raises."""
    pairs = list(_signals(folder, plan))
    target = np.array([target for _, target in pairs], np.float32)
    signals = np.stack([signal for signal, _ in pairs])
    return Examples(signals, np.arange(len(pairs)), target, weights_of(target), SIGNALS)


def as_read(signal: np.ndarray, fs: float, pen: float = 1.0) -> np.ndarray:
    """A signal (samples, 12) in mV at `fs` Hz as `ecg_tf.pages.columns.SHAPE`, float32, as if
    printed by a pen `pen` times as wide as usual. What a recording shorter than 10 s lacks is
    level."""
    samples = columns.COLUMNS * columns.SAMPLES
    at, known = np.arange(samples) * (SECONDS / samples), np.arange(len(signal)) / fs
    leads = np.stack([np.interp(at, known, lead, right=0.0) for lead in signal.T], axis=1)
    parts = leads.reshape(columns.COLUMNS, columns.SAMPLES, len(LEADS))
    shown = [parts[column, :, LEADS.index(lead)] for row in ROWS for column, lead in enumerate(row)]
    shown += [part[:, STRIP] for part in parts]
    heights = np.stack(shown, axis=1)
    covered = _covered(heights)
    spreads = np.hypot(pen * LEVEL_SPREAD, STEEP_SPREAD * covered)
    amounts = np.minimum(pen * (LEVEL_AMOUNT + STEEP_AMOUNT * covered), 1.0)
    kinds = [heights - np.median(heights, axis=0), spreads, amounts]
    return np.concatenate(kinds, axis=1).astype(np.float32)


def _covered(heights: np.ndarray) -> np.ndarray:
    """How many mV (samples, n) a stroke through `heights` covers within each sample: half of the
    way from the sample before and half of that to the next."""
    ends = np.pad(heights, ((1, 1), (0, 0)), mode="edge")
    way = np.stack([heights, (ends[:-2] + heights) / 2, (heights + ends[2:]) / 2])
    return way.max(axis=0) - way.min(axis=0)


def _signals(folder: Path, plan: Plan) -> Iterator[tuple[np.ndarray, tuple[float, ...]]]:
    def printed(rng, signal: np.ndarray, fs: float) -> np.ndarray:
        return as_read(as_printed(rng, signal, fs), fs, rng.uniform(*PENS))

    for number, recording in enumerate(recordings(folder)):
        target = target_of(recording)
        for copy in range(plan.prints) if target else ():
            rng = np.random.default_rng([number, copy, 4])
            yield printed(rng, recording.signal, recording.fs), target
    for number in range(plan.simulated):
        label = LABELS[number % len(LABELS)]
        drawn = simulate(FIRST_SEED + number, label)
        rng = np.random.default_rng([number, STREAM, 4])
        yield printed(rng, drawn.signal, drawn.fs), certain(label)
