import numpy as np
import pytest

from ecg_tf.pages.follow import follow

ROWS, SAMPLES, COLUMNS = 400, 80, 2
FIRST, SPACING = 0.125, 0.25  # lines at the rows 50, 150, 250, 350


def flat() -> np.ndarray:
    """Four flat traces, three rows thick."""
    ink = np.zeros((ROWS, SAMPLES), np.float32)
    for line in range(4):
        ink[49 + 100 * line : 52 + 100 * line] = 1.0
    return ink


def edges(ink: np.ndarray):
    """Edges of each line's path in rows, (lines, samples), and the sample that each holds."""
    one = np.ones(1, np.float32)
    top, bottom, held = follow(ink[None], FIRST * one, SPACING * one, 4, COLUMNS)
    line = (FIRST + SPACING * np.arange(4))[:, None]
    rows = [(np.asarray(each)[0] * SPACING + line) * ROWS for each in (top, bottom)]
    return *rows, np.asarray(held)[0]


def test_flat_traces_are_found():
    top, bottom, held = edges(flat())
    np.testing.assert_allclose(top, np.repeat([[49], [149], [249], [349]], SAMPLES, 1), atol=0.01)
    np.testing.assert_allclose(bottom - top, 3, atol=0.01)
    assert (held == np.arange(SAMPLES)).all()


def test_a_spike_up_to_the_line_above_stays_its_own():
    ink = flat()
    ink[45:152, 20] = 1.0  # from the second line up, over the first one
    ink[49:52, 19:22] = 1.0
    top, bottom, _ = edges(ink)
    others = [k for k in range(SAMPLES) if k != 20]
    np.testing.assert_allclose(top[0][others], 49, atol=0.01)
    np.testing.assert_allclose(top[1][others], 149, atol=0.01)
    assert top[1][20] == pytest.approx(45, abs=0.01)
    assert bottom[1][20] == pytest.approx(152, abs=0.01)


def test_letters_beside_the_trace_are_left_alone():
    ink = flat()
    ink[120:135, 5:9] = 1.0
    top, _, _ = edges(ink)
    np.testing.assert_allclose(top[1], 149, atol=0.01)


def test_samples_without_ink_hold_the_one_before():
    ink = flat()
    ink[:, 10:14] = 0.0
    ink[:, 0] = 0.0
    _, _, held = edges(ink)
    assert (held[:, 10:14] == 9).all() and (held[:, 0] == 1).all()


def test_a_line_between_columns_is_no_trace():
    ink = flat()
    ink[40:260, 40] = 1.0
    top, bottom, held = edges(ink)
    np.testing.assert_allclose(bottom - top, 3, atol=0.01)
    assert (held[:, 39] == 38).all() and (held[:, 40] == 42).all()  # pieces are held apart


def test_faint_and_dark_pages_give_the_same_path():
    ink = flat()
    ink[100:152, 30] = 1.0
    for dark, faint in zip(edges(ink), edges(0.01 * ink), strict=True):
        np.testing.assert_array_equal(dark, faint)


def test_blank_paper_gives_finite_edges():
    assert all(np.isfinite(each).all() for each in edges(np.full((ROWS, SAMPLES), 1e-6)))
