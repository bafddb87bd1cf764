import numpy as np
import pytest

from ecg_tf.pages.columns import SAMPLES, SHAPE, SIGNALS, find_lines, read_columns
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.layout import ROWS
from tests.pages.test_trace import HEIGHTS, LINES, page

SIZE = (448, 1120)
ORDER = [name for row in ROWS for name in row]


def read(image: np.ndarray) -> np.ndarray:
    """(samples, kind, signal) of one page."""
    prepared = prepare(image.astype(np.float32), *SIZE)
    return np.asarray(read_columns(prepared[None]))[0].reshape(SAMPLES, 3, SIGNALS)


def test_waves_go_up_and_down_where_they_were_drawn():
    """The mean height of a column is half that of an R wave drawn from the baseline to its tip."""
    heights = read(page(HEIGHTS, lines=False, letters=False))[:, 0]
    for number, name in enumerate(ORDER):
        drawn = HEIGHTS[("I II III aVR aVL aVF V1 V2 V3 V4 V5 V6").split().index(name)]
        signal = heights[40:180, number]  # away from where leads meet
        tip = signal[np.abs(signal).argmax()]
        assert np.sign(tip) == np.sign(drawn), name
        assert 0.3 * abs(drawn) < abs(tip) < 1.2 * abs(drawn), name


def test_blank_paper_has_no_signal_and_no_ink():
    found = np.asarray(read_columns(np.full((1, *SIZE, 3), 255.0, np.float32)))
    assert found.shape == (1, *SHAPE) and np.isfinite(found).all()
    kinds = found.reshape(SAMPLES, 3, SIGNALS)
    assert np.abs(kinds[:, 0]).max() == 0 and kinds[:, 2].max() < 0.01


def test_lines_are_found_where_they_are():
    prepared = prepare(page(HEIGHTS).astype(np.float32), *SIZE)
    dark = 1 - prepared[None, ..., 0] / 255
    first, spacing = (float(np.asarray(each)[0]) for each in find_lines(dark))
    assert first == pytest.approx(LINES[0] / 608, abs=0.02)
    assert spacing == pytest.approx((LINES[3] - LINES[0]) / 3 / 608, abs=0.01)


def test_a_page_moved_down_reads_alike():
    image = page(HEIGHTS, lines=False, letters=False)
    moved = np.roll(image, 12, axis=0)
    still, down = read(image)[:, 0], read(moved)[:, 0]
    likeness = [np.corrcoef(still[:, k], down[:, k])[0, 1] for k in range(SIGNALS)]
    assert min(likeness) > 0.9
