import keras
import numpy as np
import pytest

from ecg_tf.pages.effects import distort
from ecg_tf.pages.ink import Prepared, lay_out, on_page
from ecg_tf.pages.layout import WHOLE
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.other_layouts import nothing
from ecg_tf.pages.synthetic import draw
from ecg_tf.pages.tilt import find_tilt, straighten, tilt_back
from ecg_tf.pages.warp import move_box

SIZE = (448, 1120)


def turned(seed: int, severity: int, **options):
    """A drawn page, laid askew, and the matrix that says where everything went."""
    page = draw(seed, "normal", "3x4+1", size=(786, 1106), **options)
    image, matrix = distort(page.image, "rotation", severity, np.random.default_rng(seed))
    return page, image, matrix


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("severity", [2, 3, 4])
def test_the_tilt_is_that_of_the_page(seed, severity):
    _, image, matrix = turned(seed, severity, whole=True)
    found = lay_out(image.astype(np.float32), *SIZE)
    true = matrix[1, 0] / matrix[0, 0] * found.aspect  # the sine by the cosine of the turn
    assert found.tilt == pytest.approx(true, abs=0.02)


@pytest.mark.parametrize("layout", ["3x4+1", "3x4+3", "6x2", "12x1"])
def test_a_straight_page_stays_as_it_is(layout):
    for seed in (1, 2):
        page = draw(seed, None, layout, size=(786, 1106))
        assert lay_out(page.image.astype(np.float32), *SIZE).tilt == 0.0


def test_blank_and_black_pages_are_straight():
    for level in (0.0, 1.0):
        assert find_tilt(np.full(SIZE, level, np.float32)) == 0.0


def test_a_page_laid_straight_is_straight():
    for seed in (1, 3):
        _, image, _ = turned(seed, 4, whole=False)
        found = lay_out(image.astype(np.float32), *SIZE)
        dark = 1.0 - found.image[..., 0] / 255.0
        assert find_tilt(dark) == 0.0


def test_numpy_and_the_graph_lay_pages_alike():
    for seed, severity in ((1, 0), (2, 3), (3, 5)):
        _, image, _ = turned(seed, severity)
        page = image.astype(np.float32)
        one, other = lay_out(page, *SIZE), lay_out(page, *SIZE, keras.ops)
        assert float(one.tilt) == float(other.tilt)
        assert np.abs(one.image - np.asarray(other.image)).mean() < 0.01


@pytest.mark.parametrize("tilt", [-0.1, 0.03, 0.16])
def test_a_map_goes_back_to_where_it_came_from(tilt):
    heat = np.zeros((120, 300), np.float32)
    heat[50:70, 40:60] = heat[80:90, 200:230] = 1.0
    there = tilt_back(heat, np.float32(tilt), np.float32(1.6))
    again = straighten(there, np.float32(tilt), np.float32(1.6))
    assert np.corrcoef(heat.ravel(), again.ravel())[0, 1] > 0.95
    shifted = [np.argwhere(each > 0.5).mean(axis=0) for each in (heat[:, :100], there[:, :100])]
    down = tilt * (50 / 300 - 0.5) * 120
    assert shifted[1][0] - shifted[0][0] == pytest.approx(down, abs=1.0)
    assert on_page(heat, Prepared(None, WHOLE, 0.0, 1.6, nothing(), None)) is heat


def test_the_lead_boxes_follow_a_page_askew():
    for seed in (1, 2, 3):
        page, image, matrix = turned(seed, 3, whole=False)
        layout = find_layout(image)
        assert layout.leads, layout.reason
        for lead, box in layout.leads.items():
            true = move_box(page.lead_boxes[lead], matrix, image.shape[:2], image.shape[:2])
            middles = [((b.left + b.right) / 2, (b.top + b.bottom) / 2) for b in (box, true)]
            np.testing.assert_allclose(*middles, atol=0.04, err_msg=lead)
