"""The gate's trainings: what each may see, and what it is then asked.

In round r the real pages of fold r and every fifth kind of stranger are left out, so that each
real page, and each kind, is judged once by a gate that has never seen it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ecg_tf.pages.strangers import FROM_PAGE, KINDS
from ecg_tf.training import gate_derived, gate_fit
from ecg_tf.training.gate_sets import Set

ROUNDS = 5
ONE_STRIP = "3x4+1"  # the layout of the real pages
HARD = 8.0  # how much oftener than others the kinds are drawn that are made from pages


class Choice(NamedTuple):
    """What a training leaves out."""

    fold: int | None = None
    kinds: tuple[str, ...] = ()
    real: bool = True  # whether real pages, and near misses of them, are learned from


def choices(real: bool) -> list[Choice]:
    """One for each round."""
    return [Choice(fold, KINDS[fold::ROUNDS], real) for fold in range(ROUNDS)]


def on_grid(sets: dict[str, Set], seed: int = 0) -> dict[str, Set]:
    """The sets as ink on the gate's grid, and near misses derived from drawn and real pages."""
    found = {name: Set(gate_fit.shrunk(each.pages), each.names) for name, each in sets.items()}
    for base in ("drawn", "real"):
        layouts = [ONE_STRIP if base == "real" else word for word in _words(sets[base], 0)]
        for kind in gate_derived.KINDS:
            ink = gate_derived.derive(kind, sets[base].pages, layouts, seed)
            found[f"{base} {kind}"] = Set(ink, sets[base].names)
    return found


def train(sets: dict[str, Set], folds: dict[str, int], choice: Choice, epochs: int, seed: int):
    """The weights of one training. `folds` says in which fold each real page (by file name) is."""
    pages, strangers = pictures(sets, folds, choice)
    ink = np.concatenate([each.pages for each in pages + strangers])
    is_page = np.zeros(len(ink), bool)
    is_page[: sum(len(each.names) for each in pages)] = True
    odds = np.concatenate([0.5 * _shares(pages), 0.5 * _shares(strangers)])
    return gate_fit.fit(ink, is_page, odds, epochs, seed)


def pictures(sets: dict[str, Set], folds: dict[str, int], choice: Choice):
    """(pages, strangers): two lists of sets to learn from, their names kinds or layouts."""
    seen = {"drawn": np.array(_words(sets["drawn"], 2)) == "seen"}
    strangers = [sets["strangers"]]
    if choice.real:
        inside = np.array([folds[page] != choice.fold for page in _words(sets["real"], 1)])
        seen["real"] = inside & (np.array(_words(sets["real"], 2)) == "seen")
        inside = np.array([folds[page] != choice.fold for page in _words(sets["real_near"], 1)])
        strangers.append(_named(_rows(sets["real_near"], inside), 0))
    pages = [_named(_rows(sets[base], rows), 0) for base, rows in seen.items()]
    for base, rows in seen.items():
        for kind in gate_derived.KINDS:
            ink = sets[f"{base} {kind}"].pages[rows]
            strangers.append(Set(ink, np.full(len(ink), kind)))
    left = [_rows(each, ~np.isin(each.names, choice.kinds)) for each in strangers]
    return pages, left


def ask(sets: dict[str, Set], weights: dict) -> dict[str, np.ndarray]:
    """The scores of every set that is measured."""
    names = ("real", "real_near", "drawn_test", "strangers_test", "foreign")
    return {name: gate_fit.scores(sets[name].pages, weights) for name in names}


def run(sets, folds, epochs: int, seed: int, real: bool, advance: Callable):
    """(weights to ship, its scores, the scores of each round)."""
    rounds = []
    for choice in choices(real):
        rounds.append(ask(sets, train(sets, folds, choice, epochs, seed)))
        advance()
    weights = train(sets, folds, Choice(real=real), epochs, seed)
    advance()
    return weights, ask(sets, weights), rounds


def _words(each: Set, place: int) -> list[str]:
    return [str(name).split()[place] for name in each.names]


def _named(each: Set, place: int) -> Set:
    """The set under one word of its names."""
    return Set(each.pages, np.array(_words(each, place)))


def _rows(each: Set, rows: np.ndarray) -> Set:
    return Set(each.pages[rows], each.names[rows])


def _shares(sets: list[Set]) -> np.ndarray:
    """How often each picture is drawn, summing to 1: every kind alike often, but for FROM_PAGE."""
    names, kind, count = np.unique(
        np.concatenate([each.names for each in sets]), return_inverse=True, return_counts=True
    )
    emphasis = np.where(np.isin(names, list(FROM_PAGE)), HARD, 1.0)
    return emphasis[kind] / (count[kind] * emphasis.sum())
