import numpy as np
import pytest

from ecg_tf.pages.effects import apply_effect
from ecg_tf.pages.layout import LEADS, RHYTHM, WHOLE, Box
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.read import read_file
from ecg_tf.pages.synthetic import draw


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    inner = max(width, 0) * max(height, 0)
    area = sum((box.right - box.left) * (box.bottom - box.top) for box in (a, b))
    return inner / (area - inner)


@pytest.mark.parametrize("whole", [True, False])
def test_the_paper_of_drawn_pages_is_found(whole):
    found = []
    for seed in range(20):
        page = draw(seed, layout="3x4+1", whole=whole, size=(608, 1046))
        box = Box(*map(float, find_paper(page.image.astype(np.float32))))
        found.append(overlap(box, page.paper))
    assert np.mean(np.array(found) > 0.9) >= 0.9, np.round(found, 2)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("effect", ["shadow", "rotation", "perspective"])
def test_the_paper_of_photographed_pages_is_found(effect, whole):
    """The pages at hand have pink margins or none; grey paper in a white margin is not told."""
    for seed in range(3):
        page = draw(seed, layout="3x4+1", whole=whole, size=(330, 560), style="banner")
        if whole and min(page.image[0, 0]) > 230:
            continue
        page = apply_effect(page, effect, 3, np.random.default_rng(seed))
        box = Box(*map(float, find_paper(page.image.astype(np.float32))))
        assert overlap(box, page.paper) > 0.85, (seed, box, page.paper)


def test_the_paper_is_the_whole_page_under_any_shadow():
    page = np.full((200, 300, 3), 250, np.float32)
    page[::10] = page[:, ::10] = (240, 220, 220)
    for edge in (0.02, 0.1):
        light = 1.0 - 0.4 / (1.0 + np.exp(-(np.linspace(0, 1, 200) - 0.4) / edge))
        assert find_paper(page * light.astype(np.float32)[:, None, None]) == WHOLE


def test_the_leads_of_drawn_pages_are_found():
    right = total = 0
    for seed in range(20):
        page = draw(seed, layout="3x4+1", size=(608, 1046))
        layout = find_layout(page.image)
        total += 1
        names = set(layout.leads) == {*LEADS, RHYTHM}
        right += names and min(overlap(layout.leads[n], page.lead_boxes[n]) for n in LEADS) > 0.5
    assert right / total >= 0.8


def test_a_layout_that_is_not_known_is_said_to_be_another():
    page = draw(3, layout="12x1", size=(608, 1046)).image
    found = find_layout(page[: len(page) * 5 // 6])
    assert not found.leads
    assert "lines of traces were found" in found.reason


def test_a_blank_page_has_no_trace():
    found = find_layout(np.full((300, 500, 3), 255, np.uint8))
    assert found.leads == {} and "no trace" in found.reason
    assert found.paper == (0, 0, 1, 1)


def test_real_pages(data):
    for kind, paper in (("whole", Box(0.0344, 0.1845, 0.9801, 0.958)), ("grid", Box(0, 0, 1, 1))):
        for file in sorted((data / kind).glob("*/*"))[:: 1 if kind == "whole" else 15]:
            layout = find_layout(read_file(file))
            assert set(layout.leads) == {*LEADS, RHYTHM}
            assert overlap(layout.paper, paper) > 0.985
            first = Box(0.037, 0.02, 0.2715, 0.266).within(layout.paper)
            assert overlap(layout.leads["I"], first) > 0.85


def test_boxes():
    box = Box(0.25, 0.5, 0.75, 1.0)
    assert box.pixels(200, 100) == (50, 50, 150, 100)
    assert Box(0, 0, 0.5, 0.5).within(box) == (0.25, 0.5, 0.5, 0.75)
