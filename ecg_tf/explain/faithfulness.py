"""Are the maps true? What is measured of one method on one page, as one flat row of numbers.

The measures are defined where they are computed: `ecg_tf.explain.deletion` (deletion, insertion),
`ecg_tf.explain.pointing` (hits, heat mass, their chance), `ecg_tf.explain.sanity` (weights
shuffled, page shifted, page compressed), `ecg_tf.explain.integrated_gradients` (gap).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np

from ecg_tf.classifier import prepare_page
from ecg_tf.explain.cases import Case
from ecg_tf.explain.deletion import deletion_insertion
from ecg_tf.explain.integrated_gradients import BLANK, integrated_gradients
from ecg_tf.explain.pointing import TRUTHS, hit, mass
from ecg_tf.explain.sanity import (
    compressed,
    correlation,
    rank_correlation,
    shift_correlation,
    shifted,
    shuffled,
)

Method = Callable[[keras.Model, np.ndarray, int], np.ndarray]  # model, page, label -> (h, w)

INTEGRATED = "integrated_gradients"  # the method that has a gap
KEY = ("network", "kind", "page", "method")
FACTS = ("seen", "label", "answer", "p", "p_blank")  # of the page; the rest is of the method
ON_PAGE = ("seconds", "deletion", "insertion", "outside", "outside_chance")
ON_TRUTH = tuple(f"{what}_{truth}" for what in ("hit", "mass", "chance") for truth in TRUTHS)
AGAIN = ("sanity", "shift", "jpeg", "gap")  # each needs the map once more
COLUMNS = (*KEY, *FACTS, *ON_PAGE, *ON_TRUTH, *AGAIN)
BATCH = 8
SEED = 0  # of the shuffled weights


@dataclass(frozen=True)
class Subject:
    """A network under audit; `digest` names its weights."""

    model: keras.Model
    digest: str

    @property
    def size(self) -> tuple[int, int]:
        return tuple(self.model.input_shape[1:3])

    @cached_property
    def unlearned(self) -> keras.Model:
        return shuffled(self.model, SEED)

    @cached_property
    def gap(self) -> Callable:
        """A function of (page, label): how incomplete integrated gradients are."""
        attribute = integrated_gradients(self.model)
        return lambda page, label: float(attribute(page[None], [label])[1][0])

    @cached_property
    def blank(self) -> np.ndarray:
        """The probabilities that blank paper gets, (classes,)."""
        return self.predict(np.full((1, *self.model.input_shape[1:]), BLANK, np.float32))[0]

    def predict(self, pages: np.ndarray) -> np.ndarray:
        """Probabilities (n, classes), as they leave the network, of pages (n, h, w, 3)."""
        parts = [pages[start : start + BATCH] for start in range(0, len(pages), BATCH)]
        return np.concatenate([np.asarray(self.model.predict_on_batch(part)) for part in parts])


def facts(subject: Subject, case: Case) -> dict:
    """What is true of a page whatever the method: KEY but the method, and FACTS."""
    p = subject.predict(case.prepared[None])[0]
    return {
        "network": subject.digest,
        "kind": case.kind,
        "page": case.name,
        "seen": int(case.seen),
        "label": case.label,
        "answer": int(p.argmax()),
        "p": float(p[case.label]),
        "p_blank": float(subject.blank[case.label]),
    }


def measure(subject: Subject, case: Case, name: str, method: Method, again: bool) -> dict:
    """The row of one method on one page, without its `facts`; what does not apply is left out.

    With `again` the map is also computed for shuffled weights and for the page shifted and
    compressed, and the gap of integrated gradients is taken. `seconds` are of processor time, lest
    other work on the machine count.
    """
    started = time.process_time()
    heat = method(subject.model, case.prepared, case.label)
    row = {"method": name, "seconds": time.process_time() - started}
    row["deletion"], row["insertion"] = deletion_insertion(
        subject.predict, case.prepared, heat, case.label
    )
    if case.leads is not None:
        row["outside"] = mass(heat, ~case.leads)
        row["outside_chance"] = float(1.0 - case.leads.mean())
    for truth, inside in case.truths.items():
        row[f"hit_{truth}"] = hit(heat, inside)
        row[f"mass_{truth}"] = mass(heat, inside)
        row[f"chance_{truth}"] = float(inside.mean())
    return row | (_again(subject, case, name, method, heat) if again else {})


def _again(subject: Subject, case: Case, name: str, method: Method, heat: np.ndarray) -> dict:
    """The columns AGAIN."""

    def drawn(page, model=subject.model):
        return method(model, page, case.label)

    row = {
        "sanity": rank_correlation(heat, drawn(case.prepared, subject.unlearned)),
        "shift": shift_correlation(heat, drawn(shifted(case.prepared))),
        "jpeg": correlation(heat, drawn(prepare_page(compressed(case.image), subject.size).image)),
    }
    if name == INTEGRATED:
        row["gap"] = subject.gap(case.prepared, case.label)
    return row
