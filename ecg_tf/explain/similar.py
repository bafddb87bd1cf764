"""Similar cases: the drawn pages that lie nearest to a page in the network's own space.

The space is what goes into the last layer. An index holds seeds, not pictures: what is shown is
drawn again from its seed, so no page of a patient can ever be shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import keras
import numpy as np

from ecg_tf.labels import LABELS
from ecg_tf.models.familiar import FAMILIAR
from ecg_tf.models.head import HEAD
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.synthetic import DrawnPage, draw

LAYOUT = "3x4+1"
BATCH = 8


@dataclass(frozen=True)
class Index:
    """Drawn pages by `seeds` int (n,), and where they lie: `features` float32 (n, width), in
    standard deviations from the mean page, `mean` and `spread` (width,)."""

    seeds: np.ndarray
    features: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Similar:
    """A drawn page and its `distance` from the page asked for: the root of the mean square, in
    standard deviations; 0 for the same page, about 1.4 for one drawn at random."""

    seed: int
    label: str
    territory: str | None
    distance: float


def build_index(model: keras.Model, seeds: Iterable[int]) -> Index:
    """The index of the pages drawn from `seeds`, whose labels take turns.

    Raises ValueError for fewer than two seeds.
    """
    seeds = np.array(list(seeds))
    if len(seeds) < 2:
        raise ValueError(f"An index needs at least two pages; got {len(seeds)}.")
    size = model.input_shape[1:3]
    parts = [
        _features(model, np.stack([prepare(_floats(seed), *size) for seed in part]))
        for part in np.array_split(seeds, -(-len(seeds) // BATCH))
    ]
    features = np.concatenate(parts)
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0.0, spread, np.inf)  # what never differs says nothing
    return Index(seeds, (features - mean) / spread, mean, spread)


def nearest(index: Index, model: keras.Model, page: np.ndarray, count: int = 3) -> list[Similar]:
    """The `count` drawn pages most like a prepared page, float32 (h, w, 3), nearest first."""
    here = (_features(model, page[None])[0] - index.mean) / index.spread
    away = np.sqrt(np.mean((index.features - here) ** 2, axis=1))
    found = []
    for place in np.argsort(away, kind="stable")[:count]:
        seed = int(index.seeds[place])
        case = redraw(seed)
        found.append(Similar(seed, case.label, case.territory, float(away[place])))
    return found


def redraw(seed: int) -> DrawnPage:
    """The page of an index that was drawn from `seed`."""
    return draw(seed, LABELS[seed % len(LABELS)], LAYOUT, whole=False)


def _floats(seed: int) -> np.ndarray:
    return redraw(int(seed)).image.astype(np.float32)


def _features(model: keras.Model, pages: np.ndarray) -> np.ndarray:
    """What goes into the last layer, float32 (n, width). Of a network whose parts take turns
    (`ecg_tf.models.anywhere`) as if it knew no printer, for that part has learnt from drawn pages.
    """
    held = [each.output for each in model.layers if each.name == FAMILIAR]
    network = keras.Model([model.input, *held], model.get_layer(HEAD).input)
    nothing = [np.zeros((len(pages), *each.shape[1:]), np.float32) for each in held]
    return np.asarray(network([pages, *nothing], training=False))
