"""What the part for other printers learns from: which recordings, drawn how, kept where."""

from types import SimpleNamespace

import numpy as np
import pytest

from ecg_tf.pages.other_layouts import FORMS
from ecg_tf.pages.recordings import Recording
from ecg_tf.training import drawn_set as training
from ecg_tf.training.drawn_set import (
    HOME,
    LOOKS,
    OTHER,
    PHOTOGRAPHED,
    REARRANGED,
    UNKNOWN_AGE,
    Drawing,
    drawings,
    drawn_set,
    image_of,
)


def recording(name="1", label="normal", loose=None, mi="0") -> Recording:
    signal = np.sin(np.arange(5000) / 40)[:, None] * np.ones(12)
    facts = {"mi_any": mi, "set": "small"}
    return Recording(signal.astype(np.float32), 500.0, name, f"p{name}", label, loose, facts)


@pytest.fixture
def records(monkeypatch):
    """Four recordings, of which one says nothing, and four simulated signals."""
    found = [
        recording("1"),
        recording("2", None, "abnormal_heartbeat"),
        recording("3", None, None),
        recording("4", None, None, "1"),
    ]
    monkeypatch.setattr(training, "recordings", lambda folder: iter(found))
    monkeypatch.setattr(training, "SIMULATED", 4)
    return found


def test_every_recording_with_a_label_is_drawn_on_every_paper(records):
    found = list(drawings(None))
    named = [(each.recording.record_id, each.look) for each in found if each.recording]
    assert named == [(name, look) for name in "124" for look in LOOKS]
    assert [each.sure for each in found] == [True] * 4 + [False] * 8 + [True] * 4
    assert found[4].target == (0.0, 0.0, 0.0, 1.0) and found[8].target == UNKNOWN_AGE
    assert all(sum(each.target) == 1.0 for each in found)
    assert [each.look for each in found[-4:]] == list(LOOKS)


def test_a_drawing_is_the_same_every_time_and_another_on_each_paper():
    record = recording()
    pages = [image_of(Drawing(3, look, (1.0, 0.0, 0.0, 0.0), True, record)) for look in LOOKS]
    again = image_of(Drawing(3, PHOTOGRAPHED, (1.0, 0.0, 0.0, 0.0), True, record))
    np.testing.assert_array_equal(pages[PHOTOGRAPHED], again)
    assert pages[HOME].shape == pages[OTHER].shape == (*training.CROP, 3)
    assert np.abs(pages[HOME].astype(int) - pages[OTHER]).mean() > 1.0


def test_rearranged_pages_have_letters_on_the_grid_or_a_layout_that_is_laid_out_anew(monkeypatch):
    asked = []

    def draw(seed, label, **look):
        asked.append(look)
        return SimpleNamespace(image=None)

    monkeypatch.setattr(training, "draw", draw)
    for number in range(200):
        image_of(Drawing(1_200_000 + number, REARRANGED, (0.0, 1.0, 0.0, 0.0), True))
    letters = [look for look in asked if look["style"] == "printout"]
    assert 60 < len(letters) < 100  # of 200, where 0.4 are meant
    assert {look["layout"] for look in letters} == {"3x4+1"}
    assert all(look["whole"] for look in letters)
    others = [look for look in asked if look not in letters]
    assert {look["layout"] for look in others} == {form.name for form in FORMS} - {"3x4"}
    assert {look["severity"] for look in asked} == {0, 1, 2, 3}
    assert {look["whole"] for look in others} == {False, True}


def test_a_simulated_page_has_the_label_of_its_target(monkeypatch):
    asked = []

    def draw(seed, label, **look):
        asked.append((seed, label, look["style"]))
        return SimpleNamespace(image=None)

    monkeypatch.setattr(training, "draw", draw)
    image_of(Drawing(1_200_000, HOME, (0.0, 1.0, 0.0, 0.0), True))
    assert asked == [(1_200_000, "myocardial_infarction", "banner")]


def test_the_set_is_written_once_and_read_afterwards(records, tmp_path, monkeypatch):
    def read(home, drawing):
        return (
            np.full((2, 3), drawing.look, np.float16),
            np.zeros((4, 4), np.float16),
            np.full(5, drawing.number % 7, np.float32),
            np.array(drawing.look != REARRANGED),
            np.array(0.9, np.float32),
        )

    monkeypatch.setattr(training, "_read", read)
    file = tmp_path / "kept" / "drawn.npz"
    found = drawn_set(tmp_path, tmp_path / "home", file, lambda text, work, items: map(work, items))
    assert len(found.signals) == 16 and found.target.shape == (16, 4)
    assert found.source.tolist() == ["small"] * 12 + ["simulated"] * 4
    assert found.name[:12:4].tolist() == ["1", "2", "4"] and found.patient[0] == "p1"
    assert found.look.tolist() == [0, 1, 2, 3] * 4
    assert found.legible.tolist() == [True, True, True, False] * 4
    np.testing.assert_array_equal(found.signals[:, 0, 0], found.look)

    def never(text, work, items):
        raise AssertionError("drawn again")

    again = drawn_set(tmp_path, tmp_path / "home", file, never)
    for name, one in found._asdict().items():
        np.testing.assert_array_equal(getattr(again, name), one)
    assert [each.name for each in file.parent.iterdir()] == ["drawn.npz"]


@pytest.mark.parametrize("look", (OTHER, REARRANGED))
def test_a_page_is_read_as_the_networks_and_the_gate_read_it(tmp_path, look):
    import keras

    from ecg_tf.classifier import is_legible, prepare_page
    from ecg_tf.models import build
    from ecg_tf.models.gate import page_score, shrink
    from ecg_tf.models.joined import POOL
    from ecg_tf.pages.columns import read_columns

    network = build("effnet_msa_traces", training.SIZE)
    network.save_weights(tmp_path / "home.weights.h5")
    drawing = Drawing(1_200_005, look, (1.0, 0.0, 0.0, 0.0), True)
    found = training._read(tmp_path / "home.weights.h5", drawing)
    signals, ink, pooled, legible, score = found
    prepared = prepare_page(image_of(drawing), training.SIZE)
    assert (prepared.other.form > 0) == (look == REARRANGED)  # two columns of six
    page = prepared.image[None]
    pool = keras.Model(network.input, network.get_layer(POOL).output)
    np.testing.assert_allclose(signals, np.asarray(read_columns(page))[0], atol=0.01)
    np.testing.assert_allclose(ink, np.asarray(shrink(page))[0], atol=0.001)
    np.testing.assert_allclose(pooled, np.asarray(pool(page))[0], atol=1e-4)
    assert legible and bool(is_legible(network, page)[0])
    assert score == pytest.approx(float(page_score(prepared.own[None])[0]), abs=1e-5)
