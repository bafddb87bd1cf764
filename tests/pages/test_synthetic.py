"""Drawn pages: what the truth says is what the pixels show."""

import json

import numpy as np
import pytest

from ecg_tf.labels import LABELS
from ecg_tf.pages.cases import LOOKALIKES
from ecg_tf.pages.layout import LEADS, WHOLE
from ecg_tf.pages.styles import ASKED_FOR, LAYOUTS, STYLES
from ecg_tf.pages.synthetic import draw, draw_signal

SMALL = (304, 523)


def dark(page, box) -> np.ndarray:
    """The dark pixels of the part of the page in `box`, bool (h, w)."""
    height, width = page.image.shape[:2]
    left, top, right, bottom = box.pixels(width, height)
    return page.image[top:bottom, left:right].max(axis=-1) < 120


@pytest.mark.parametrize("whole", (True, False))
@pytest.mark.parametrize("layout", LAYOUTS + ASKED_FOR)
def test_a_page_and_its_truth(layout, whole):
    page = draw(1, layout=layout, whole=whole)
    assert page.image.dtype == np.uint8 and page.image.ndim == 3
    assert page.label in LABELS and page.layout == layout
    assert page.signal.shape == (5000, 12) and page.fs == 500 and page.waves.shape == (12, 3)
    assert set(LEADS) <= set(page.lead_boxes)
    assert len(page.lead_boxes) == 12 + len(page.strips)
    assert (page.paper == WHOLE) != whole
    outer = page.paper
    for box in page.lead_boxes.values():
        assert outer.left <= box.left < box.right <= outer.right + 1e-9
        assert outer.top <= box.top < box.bottom <= outer.bottom + 1e-9
        assert dark(page, box).any()


@pytest.mark.parametrize("style", STYLES)
def test_every_style_can_be_read_back(style):
    page = draw(4, "normal", "3x4+1", whole=False, style=style)
    box = page.lead_boxes["rhythm"]
    ink = dark(page, box)
    assert page.style == style and 0.005 < ink.mean() < 0.2
    # The column-wise middle of the ink follows the signal.
    part = ink[:, int(ink.shape[1] * 0.06) :]
    columns = np.flatnonzero(part.any(axis=0))
    middle = np.array([np.flatnonzero(part[:, column]).min() for column in columns])
    seconds = (columns + ink.shape[1] - part.shape[1]) / ink.shape[1] * 250.0 / page.speed
    lead = page.signal[:, LEADS.index(page.strips[0])]
    # Within a pixel's width the highest sample is drawn.
    wide = int(250.0 / page.speed / ink.shape[1] * page.fs) + 3
    high = np.lib.stride_tricks.sliding_window_view(np.pad(lead, wide, "edge"), 2 * wide + 1)
    shown = high.max(axis=1)[(seconds * page.fs).astype(int)]
    assert np.corrcoef(-middle, shown)[0, 1] > 0.9


def test_the_same_arguments_give_the_same_bytes():
    for severity in (0, 3):
        one, two = draw(9, severity=severity, size=SMALL), draw(9, severity=severity, size=SMALL)
        assert one.image.tobytes() == two.image.tobytes()
        assert json.dumps(one.truth()) == json.dumps(two.truth())
    assert draw(9, size=SMALL).image.tobytes() != draw(10, size=SMALL).image.tobytes()


def test_random_draws_cover_everything():
    flat = np.zeros((5000, 12), np.float32)
    pages = [
        draw_signal(flat, 500, None, seed, size=(76, 130), filtered=False) for seed in range(150)
    ]
    assert {page.layout for page in pages} == set(LAYOUTS)
    assert {page.style for page in pages} == set(STYLES)
    assert {page.gain for page in pages} == {5.0, 10.0, 20.0}
    assert {page.speed for page in pages} == {25.0, 50.0}
    assert {page.paper == WHOLE for page in pages} == {True, False}
    assert {draw(seed, size=(76, 130)).label for seed in range(12)} == set(LABELS)
    normal = [draw(seed, "normal", size=(76, 130)) for seed in range(60)]
    assert {page.variant for page in normal} == set(LOOKALIKES)


def test_the_page_round_the_trace_does_not_tell_the_label():
    one, two = (draw(6, label, "3x4+1", whole=True) for label in LABELS[:2])
    differs = (one.image != two.image).any(axis=-1)
    left, top, right, bottom = one.paper.pixels(*one.image.shape[1::-1])
    assert one.paper == two.paper and differs.any()
    differs[top:bottom, left:right] = False
    assert not differs.any()


@pytest.mark.parametrize("size", [(304, 523), (608, 1046), (786, 1106), (400, 400)])
def test_the_size_asked_for(size):
    assert draw(2, size=size, whole=True).image.shape == (*size, 3)
    assert draw(2, size=size, whole=False, severity=0).image.shape == (*size, 3)


def test_abnormal_boxes_lie_on_their_lead_and_on_ink():
    page = draw(3, "myocardial_infarction", "3x4+1", whole=False, style="banner")
    assert page.abnormal
    for key, kind, box in page.abnormal:
        lead = page.lead_boxes[key]
        assert lead.left - 1e-6 <= box.left < box.right <= lead.right + 1e-6
        assert dark(page, box).any(), (key, kind)
    assert {kind for _, kind, _ in page.abnormal} & {"st_elevation", "st_depression"}


def test_a_flattened_page_differs_only_on_its_paper():
    asked = {"label": "myocardial_infarction", "layout": "3x4+1", "whole": True}
    page, flat = draw(3, **asked), draw(3, **asked, flatten=("st",))
    height, width = page.image.shape[:2]
    left, top, right, bottom = page.paper.pixels(width, height)
    differs = (page.image != flat.image).any(axis=-1)
    assert 0 < differs.mean() < 0.1 and page.lead_boxes == flat.lead_boxes
    differs[top:bottom, left:right] = False
    assert not differs.any()


def test_severity_adds_effects():
    assert draw(5, size=SMALL).effects == ()
    for severity in range(1, 6):
        page = draw(5, severity=severity, size=SMALL)
        assert 1 <= len(page.effects) <= 3
        assert max(level for _, level in page.effects) == severity


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"layout": "4x3"}, "layout '4x3' is not known; choose one of 3x4"),
        ({"severity": 6}, "severity is 6; it goes from 0"),
        ({"size": (20, 500)}, r"size is \(20, 500\); a page needs at least"),
        ({"style": "plaid"}, "style 'plaid' is not known"),
        ({"label": "sick"}, "label 'sick' is not known"),
        ({"seed": -1}, "seed is -1; it must be 0 or more"),
    ],
)
def test_wrong_wishes_are_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        draw(**({"seed": 1} | asked))


def test_a_recorded_signal_is_drawn_at_its_own_rate():
    times = np.arange(2500) / 250.0
    wave = np.sin(6.28 * 1.5 * times)[:, None].repeat(12, axis=1).astype(np.float32)
    page = draw_signal(wave, 250, "normal", 1, "12x1", whole=False, size=(608, 1046))
    assert page.label == "normal" and page.fs == 250 and page.waves is None
    assert page.abnormal == () and page.rhythm is None
    other = draw_signal(wave, 250, None, 1, "12x1", whole=False, size=(608, 1046))
    assert other.label is None and np.array_equal(page.image, other.image)
    assert all(dark(page, box).any() for box in page.lead_boxes.values())


@pytest.mark.parametrize(
    ("signal", "label", "message"),
    [
        (np.zeros((5000, 8)), "normal", r"signal is \(5000, 8\) at 500 Hz; need"),
        (np.zeros((100, 12)), "normal", "a second or more"),
        (np.full((5000, 12), np.nan), "normal", "not finite"),
        (np.zeros((5000, 12)), "sick", "label 'sick' is not known"),
    ],
)
def test_signals_that_cannot_be_drawn_are_refused(signal, label, message):
    with pytest.raises(ValueError, match=message):
        draw_signal(signal, 500, label, 1)
