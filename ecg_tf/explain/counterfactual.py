"""What if it were not there: the same drawn page with and without a change of an infarction.

A test of a model, not of a page: only of a drawn page is the other one known that differs in
nothing else (the same beats, noise and paper). On it the probability of infarction has to fall.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw

LABEL = "myocardial_infarction"
LAYOUT = "3x4+1"


@dataclass(frozen=True)
class Pairs:
    """The probability of infarction, float64 (n,), on pages `before` and `after` a change was taken
    out; `answered` bool (n,): whether infarction was the answer before."""

    before: np.ndarray
    after: np.ndarray
    answered: np.ndarray

    @property
    def fell(self) -> np.ndarray:
        """Whether the probability fell, bool (n,)."""
        return self.after < self.before


def compare(
    answer: Callable[[np.ndarray], np.ndarray],
    seeds: Iterable[int],
    flatten: tuple[str, ...] = ("st",),
) -> Pairs:
    """What `answer`, a function of a page uint8 (h, w, 3) to probabilities (4,), makes of drawn
    infarctions and of the same pages without the changes in `flatten`: "st" puts the ST segment
    back to the baseline, "t" and "q" the T wave and the QRS complex to what they were.

    Raises ValueError for unknown changes, and where there are no seeds.
    """
    place = LABELS.index(LABEL)
    found = []
    for seed in seeds:
        pair = draw_pair(seed, flatten)
        before, after = (np.asarray(answer(page), np.float64) for page in pair)
        found.append((before[place], after[place], before.argmax() == place))
    if not found:
        raise ValueError("Pairs are needed to compare; got no seeds.")
    before, after, answered = map(np.array, zip(*found, strict=True))
    return Pairs(before, after, answered)


def draw_pair(seed: int, flatten: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A drawn infarction and the same page without the changes in `flatten`, uint8 (h, w, 3)."""
    with_it = draw(seed, LABEL, LAYOUT, whole=False)
    return with_it.image, draw(seed, LABEL, LAYOUT, whole=False, flatten=flatten).image
