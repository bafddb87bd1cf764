"""Effects: severity 0 does nothing, worse is worse, and boxes go where their pixels go."""

import numpy as np
import pytest

from ecg_tf.pages.effects import ALL_EFFECTS, MOVING, apply_effect, distort
from ecg_tf.pages.layout import Box
from ecg_tf.pages.synthetic import draw
from ecg_tf.pages.warp import move_box

RESIZING = ("crop", "table")


@pytest.fixture(scope="module")
def page():
    return draw(11, "myocardial_infarction", "3x4+1", size=(152, 262), whole=True)


def rng(seed: int = 0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", ALL_EFFECTS)
def test_severity_zero_changes_nothing(page, name):
    image, matrix = distort(page.image, name, 0, rng())
    np.testing.assert_array_equal(image, page.image)
    np.testing.assert_array_equal(matrix, np.eye(3))


@pytest.mark.parametrize("name", ALL_EFFECTS)
def test_every_severity_gives_a_picture_and_the_same_one_again(page, name):
    for severity in range(1, 6):
        image, matrix = distort(page.image, name, severity, rng(severity))
        again, _ = distort(page.image, name, severity, rng(severity))
        assert image.dtype == np.uint8 and image.ndim == 3 and matrix.shape == (3, 3)
        assert image.shape == page.image.shape or name in RESIZING
        assert image.shape != page.image.shape or not np.array_equal(image, page.image)
        np.testing.assert_array_equal(image, again)


@pytest.mark.parametrize("name", [name for name in ALL_EFFECTS if name not in RESIZING])
def test_worse_is_worse(page, name):
    def damage(severity):
        pictures = [distort(page.image, name, severity, rng(seed))[0] for seed in range(4)]
        return np.mean([np.abs(picture.astype(int) - page.image).mean() for picture in pictures])

    assert 0 < damage(1) < damage(3) < damage(5)


def test_a_crop_takes_more_the_worse_it_is(page):
    left = [distort(page.image, "crop", severity, rng())[0].size for severity in (1, 3, 5)]
    assert page.image.size > left[0] > left[1] > left[2] > 0.7 * page.image.size


def test_more_of_the_table_is_seen_the_worse_it_is(page):
    pictures = [distort(page.image, "table", severity, rng())[0].size for severity in (1, 3, 5)]
    assert page.image.size < pictures[0] < pictures[1] < pictures[2] < 3 * page.image.size


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("severity", (1, 3, 5))
def test_a_box_follows_what_it_holds(name, severity):
    image = np.full((304, 523, 3), 255, np.uint8)
    image[140:160, 250:280] = (255, 0, 0)
    box = Box(250 / 523, 140 / 304, 280 / 523, 160 / 304)
    for seed in range(5):
        moved, matrix = distort(image, name, severity, rng(seed))
        height, width = moved.shape[:2]
        red = (moved[..., 0] > 200) & (moved[..., 1] < 100)
        rows, columns = np.nonzero(red)
        found = move_box(box, matrix, image.shape[:2], (height, width)).pixels(width, height)
        seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        np.testing.assert_allclose(found, seen, atol=2)


def test_boxes_out_of_sight_are_dropped(page):
    shift = np.array([[1, 0, -400.0], [0, 1, 0], [0, 0, 1]])
    assert move_box(Box(0.1, 0.1, 0.3, 0.3), shift, (304, 523), (304, 523)) is None
    assert move_box(Box(0.9, 0.1, 1.0, 0.3), shift, (304, 523), (304, 523)) is not None


def test_a_page_remembers_its_effects_and_moves_all_its_boxes(page):
    turned = apply_effect(apply_effect(page, "shadow", 2, rng()), "rotation", 5, rng())
    assert turned.effects == (("shadow", 2), ("rotation", 5))
    assert turned.lead_boxes.keys() == page.lead_boxes.keys()
    assert all(turned.lead_boxes[lead] != page.lead_boxes[lead] for lead in page.lead_boxes)
    assert turned.paper != page.paper and len(turned.abnormal) == len(page.abnormal)
    for box in (turned.paper, *turned.lead_boxes.values(), *(spot[2] for spot in turned.abnormal)):
        assert 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1


def test_nothing_is_mirrored_or_strongly_turned():
    for name in MOVING:
        for seed in range(20):
            _, matrix = distort(np.zeros((100, 160, 3), np.uint8), name, 5, rng(seed))
            assert np.linalg.det(matrix) > 0
            assert abs(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))) < 10


@pytest.mark.parametrize(
    ("name", "severity", "message"),
    [("fog", 1, "effect 'fog' is not known"), ("blur", 6, "severity is 6"), ("blur", -1, "is -1")],
)
def test_unknown_effects_and_severities_are_refused(page, name, severity, message):
    with pytest.raises(ValueError, match=message):
        distort(page.image, name, severity, rng())
