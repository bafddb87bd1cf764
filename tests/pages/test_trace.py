import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_tf.pages.layout import LEADS, ROWS
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.read import read_file
from ecg_tf.pages.synthetic import draw
from ecg_tf.pages.trace import read_traces

WIDTH, HEIGHT = 1046, 608
LEFT, LEAD = 40, 246  # pixels before the first lead, and of a lead
LINES = (88, 239, 389, 540)
MV = LEAD / 2.5 / 2.5  # pixels a millivolt: 25 mm/s and 10 mm/mV


def wave(seconds: np.ndarray, height: float) -> np.ndarray:
    """Beats of a second: a narrow R wave and a round T wave, mV."""
    t = (seconds - 0.5) % 1.0
    return height * np.exp(-((np.minimum(t, 1 - t) / 0.02) ** 2)) + 0.2 * np.exp(
        -(((t - 0.3) / 0.06) ** 2)
    )


def page(heights, scale: int = 1, lines: bool = True, letters: bool = True) -> np.ndarray:
    """A clean page whose lead k has R waves of heights[k] mV, and heights[12] for the strip."""
    image = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), "white")
    pen = ImageDraw.Draw(image)
    for x in range(0, WIDTH, 10):
        pen.line([(x * scale, 0), (x * scale, HEIGHT * scale)], (240, 215, 215))
    boxes = [
        (name, LEFT + column * LEAD, LEAD, LINES[row], heights[LEADS.index(name)])
        for row, names in enumerate(ROWS)
        for column, name in enumerate(names)
    ]
    boxes.append(("II", LEFT, 4 * LEAD, LINES[3], heights[12]))
    for name, left, width, line, height in boxes:
        x = np.arange(0, width, 0.25)
        y = line - MV * wave(x / (LEAD / 2.5), height)
        points = [((left + a) * scale, b * scale) for a, b in zip(x, y, strict=True)]
        pen.line(points, "black", 2 * scale)
        if letters:
            pen.text(((left + 1) * scale, (line - 16) * scale), name, "black", font_size=11 * scale)
    for column in (1, 2, 3) if lines else ():
        x = (LEFT + column * LEAD) * scale
        pen.line([(x, 65 * scale), (x, 410 * scale)], "black", 2 * scale)
    return np.asarray(image)


HEIGHTS = (0.8, 1.2, 0.5, -0.9, 0.4, 0.7, -1.1, -1.3, 1.0, 1.5, 1.4, 0.9, 1.2)


def peaks(signal: np.ndarray, height: float) -> np.ndarray:
    """The tips of the R waves at 0.5, 1.5, ... s."""
    tips = [signal[at - 8 : at + 8] for at in range(50, len(signal), 100)]
    return np.array([tip.max() if height > 0 else tip.min() for tip in tips])


def test_shapes_and_units():
    found = read_traces(page(HEIGHTS))
    assert found.leads.shape == (12, 250) and found.leads.dtype == np.float32
    assert found.rhythm.shape == (1000,) and found.rhythm.dtype == np.float32


@pytest.mark.parametrize(("scale", "lines"), [(1, True), (1, False), (2, True)])
def test_amplitudes_come_back(scale, lines):
    found = read_traces(page(HEIGHTS, scale, lines))
    for signal, height in zip([*found.leads, found.rhythm], HEIGHTS, strict=True):
        assert peaks(signal, height) == pytest.approx(height, abs=0.12)


def test_column_lines_and_letters_hardly_change_the_signal():
    clean = read_traces(page(HEIGHTS, lines=False, letters=False))
    printed = read_traces(page(HEIGHTS))
    difference = np.abs(printed.leads - clean.leads)
    assert np.median(difference) < 0.02
    assert difference[:, 40:].max() < 0.3  # after the letters
    assert difference.max() < 0.6


def test_a_wave_that_reaches_into_the_next_row_stays_its_own():
    heights = list(HEIGHTS)
    heights[LEADS.index("V2")] = -2.6  # down to 0.5 mV below the middle between the rows
    heights[LEADS.index("V3")] = 0.4
    found = read_traces(page(heights))
    assert peaks(found.leads[LEADS.index("V2")], -1) == pytest.approx(-2.6, abs=0.2)
    assert found.leads[LEADS.index("V3")].max() < 0.7


def likeness(found: np.ndarray, true: np.ndarray) -> float:
    """The best correlation within 0.03 s: boxes are only found to the width of a cell."""
    true = np.interp((np.arange(250) + 0.5) / 250 * len(true), np.arange(len(true)), true)
    return max(np.corrcoef(found[20:-20], np.roll(true, lag)[20:-20])[0, 1] for lag in range(-3, 4))


def test_drawn_pages_give_their_signals_back():
    found = []
    for seed in (0, 1):
        made = draw(seed, layout="3x4+1", whole=False, style="banner")
        traces = read_traces(made.image)
        for column, names in enumerate(zip(*ROWS, strict=True)):
            start, stop = (int(2.5 * edge * made.fs) for edge in (column, column + 1))
            for lead in map(LEADS.index, names):
                found.append(likeness(traces.leads[lead], made.signal[start:stop, lead]))
    assert np.median(found) > 0.85


def test_a_page_without_layout_is_refused_with_the_reason():
    blank = np.full((300, 500, 3), 255, np.uint8)
    with pytest.raises(ValueError, match="cannot be read: no trace was found"):
        read_traces(blank)


def test_a_layout_that_is_known_need_not_be_found_again():
    drawn = page(HEIGHTS)
    assert (read_traces(drawn, find_layout(drawn)).leads == read_traces(drawn).leads).all()


def test_real_pages_have_traces_of_plausible_size(data):
    paths = sorted((data / "grid").rglob("*.jpg"))[::130]
    for path in paths:
        found = read_traces(read_file(path))
        assert 0.2 < np.ptp(found.rhythm) < 6, path
        assert (np.ptp(found.leads, axis=1) > 0.05).all(), path
        # III = II - I, whatever the heart does: three boxes read independently agree.
        limb = found.leads[LEADS.index("II")] - found.leads[LEADS.index("I")]
        assert np.corrcoef(limb[40:], found.leads[LEADS.index("III")][40:])[0, 1] > 0.6, path
