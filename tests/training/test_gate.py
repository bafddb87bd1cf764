"""The gate's training: what it learns from, what is left out, how its figures are counted."""

import keras
import numpy as np
import pytest

from ecg_tf.models import gate
from ecg_tf.pages.effects import weathered
from ecg_tf.pages.strangers import KINDS
from ecg_tf.training import gate_derived, gate_fit, gate_report, gate_rounds
from ecg_tf.training.gate_foreign import foreign
from ecg_tf.training.gate_sets import Set, kept


def _ink(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, *gate.GRID), dtype=np.uint8)


def _sets() -> dict[str, Set]:
    """Tiny sets of random ink with the names that the real ones have."""
    stems = ["aaa", "bbb", "ccc"]
    names = {
        "real": [f"{copy} {stem} seen" for stem in stems for copy in ("plain", "weathered")],
        "real_near": [f"{kind} {stem}" for stem in stems for kind in ("one_lead", "blanked")],
        "drawn": ["3x4+1 0 seen", "6x2 1 cut", "12x1 2 seen", "3x4+3 3 seen"],
        "drawn_test": ["3x4+1 0 seen", "3x4+1 1 cut"],
        "strangers": list(KINDS),
        "strangers_test": list(KINDS),
        "foreign": ["plot", "digits"],
    }
    sets = {
        name: Set(255 - _ink(len(words), seed), np.array(words))
        for seed, (name, words) in enumerate(names.items())
    }
    return gate_rounds.on_grid(sets)


FOLDS = {"aaa": 0, "bbb": 1, "ccc": 2}


def test_folded_weights_score_as_the_network_does():
    keras.utils.set_random_seed(1)
    net, ink = gate_fit.network(), _ink(6)
    net.compile("sgd", "binary_crossentropy", jit_compile=False)
    pages = ink[..., None].astype(np.float32) / 255.0
    net.fit(pages, np.array([0, 1] * 3), epochs=2, verbose=0)  # moves the normalisation
    expected = np.asarray(net(pages, training=False))[:, 0]
    np.testing.assert_allclose(gate_fit.scores(ink, gate_fit.constants(net)), expected, atol=1e-5)


def test_learns_to_tell_rows_from_columns(monkeypatch):
    ink = np.zeros((8, *gate.GRID), np.uint8)
    ink[:4, 10::12, :], ink[4:, :, 10::12] = 255, 255
    is_page = np.arange(8) < 4
    monkeypatch.setattr(gate_fit, "PICTURES", 256)
    weights = gate_fit.fit(ink, is_page, np.full(8, 1 / 8), epochs=2, seed=0)
    scores = gate_fit.scores(ink, weights)
    assert scores[is_page].min() > scores[~is_page].max()


def test_a_round_sees_neither_its_fold_nor_its_kinds():
    sets = _sets()
    for choice in gate_rounds.choices(real=True)[:3]:
        pages, strangers = gate_rounds.pictures(sets, FOLDS, choice)
        assert sum(len(each.names) for each in pages) == 3 + 4  # drawn and seen; two real pages
        left = {str(name) for each in strangers for name in each.names}
        assert left.isdisjoint(choice.kinds) and left == set(KINDS) - set(choice.kinds)
    assert {kind for choice in gate_rounds.choices(True) for kind in choice.kinds} == set(KINDS)


def test_without_real_pages_none_is_seen():
    sets = _sets()
    pages, strangers = gate_rounds.pictures(sets, FOLDS, gate_rounds.Choice(real=False))
    assert [len(each.names) for each in pages] == [3]
    assert sum(len(each.names) for each in strangers) == len(KINDS) + 4 * 3


@pytest.mark.parametrize(
    ("layout", "never"), [("12x1", ("left", "right")), ("3x4+3", ("top",)), ("6x2", ())]
)
def test_derived_halves_are_never_ones_that_show_every_lead(layout, never):
    """Each quarter of the page has its own darkness, which tells where the half comes from."""
    page = np.zeros((40, 224, 224), np.uint8)
    page[:, :112, :112], page[:, :112, 112:], page[:, 112:, :112] = 180, 120, 60
    halves = gate_derived.derive("half_page", page, [layout] * 40, seed=0)
    sides = {
        "left": {75, 195}, "right": {135, 255}, "top": {75, 135}, "bottom": {195, 255}
    }  # fmt: skip
    found = set()
    for half in halves:
        corners = {int(half[y, x]) for y in (3, -4) for x in (3, -4)}
        found |= {side for side, shades in sides.items() if corners == shades}
    assert found == set(sides) - set(never)


def test_derived_near_misses_keep_the_ink_where_it_belongs():
    page = np.full((1, 224, 224), 255, np.uint8)
    page[0, :56] = 0
    turned = gate_derived.derive("upside_down", page, ["6x2"], seed=0)[0]
    assert turned[-20:].min() == 255 and turned[:20].max() == 0
    aside = gate_derived.derive("sideways", page, ["6x2"], seed=0)[0]
    assert {int(aside[:, 5].min()), int(aside[:, -5].min())} == {0, 255}
    mixed = gate_derived.derive("scrambled", page, ["6x2"], seed=0)[0]
    assert 0 < mixed.mean() < 255


def test_sets_are_drawn_once_and_read_afterwards(tmp_path):
    def pairs():
        calls.append(1)
        yield "one", np.full((80, 90, 3), 255, np.uint8)

    calls = []
    first = kept(tmp_path, "some", pairs())
    again = kept(tmp_path, "some", pairs())
    assert len(calls) == 1 and again.names.tolist() == ["one"]
    np.testing.assert_array_equal(first.pages, again.pages)


def test_foreign_and_weathered_pictures_are_the_same_for_the_same_seed():
    for (kind, first), (_, again) in zip(foreign(1, 3), foreign(1, 3), strict=True):
        np.testing.assert_array_equal(first, again, err_msg=kind)
        changed = [weathered(first, 2, np.random.default_rng(1)) for _ in range(2)]
        np.testing.assert_array_equal(*changed)


def test_figures_count_refusals_by_kind_and_by_the_round_that_left_them_out():
    sets = _sets()
    keep = {name: np.ones(len(each.names)) for name, each in sets.items()}
    refuse = {name: np.zeros(len(each.names)) for name, each in sets.items()}
    record = gate_report.figures(sets, FOLDS, keep, [refuse, *[keep] * 4])
    assert record["real"]["plain"] == {"refused": 1, "of": 3}  # fold 0 alone is asked in round 0
    assert record["strangers"]["blank"]["refused"] == 0
    assert record["strangers_left_out"][KINDS[0]]["refused"] == 1
    assert record["strangers_left_out"][KINDS[1]]["refused"] == 0
    assert record["drawn_paper_found"] == {"3x4+1 severity 0": {"refused": 0, "of": 1}}
    text = gate_report.as_markdown({**record, "command": "x", "parameters": 1})
    assert "| far strangers | 0.0% | 0.0% to 11.7% | 0 of 29 | >= 99 % |" in text
    assert "| blank | far | 0 of 1 | 1 of 1 |" in text
