import subprocess
import sys

import numpy as np
import pytest

from ecg_tf.explain.explain import explain_maps, explain_page
from ecg_tf.explain.maps import explainer
from ecg_tf.labels import LABELS
from ecg_tf.pages.layout import Box
from ecg_tf.pages.read import read_file
from ecg_tf.pages.synthetic import draw
from tests.explain.conftest import SIZE

SURE = dict(zip(LABELS, (0.02, 0.9, 0.05, 0.03), strict=True))


@pytest.fixture(scope="module")
def maps(trained):
    return explainer(trained, steps=8)


def _spot(row, column):
    heat = np.zeros((20, 40), np.float32)
    heat[int(20 * row), int(40 * column)] = 1.0
    return heat


def test_a_drawn_page_is_explained(maps, trained):
    page = draw(3, "abnormal_heartbeat", "3x4+1", whole=True)
    found = explain_page(maps, page.image, SIZE)
    assert list(found.pictures) == ["gradcam_traces", "gradcam", "integrated_gradients"]
    assert all(picture.width == page.image.shape[1] for picture in found.pictures.values())
    assert len(found.layout.leads) == 13
    assert found.evidence.label in LABELS and 0.25 <= found.evidence.confidence <= 1.0
    assert len(found.evidence.scale_weights) == 3
    assert [each.method for each in found.evidence.attention] == [
        "Grad-CAM with traces",
        "integrated gradients",
    ], "Grad-CAM by itself is part of the first"
    assert "research use only" in found.text


def test_the_class_explained_is_that_of_the_probabilities_given(maps):
    page = draw(3, "normal", "3x4+1", whole=False).image
    seen = []

    def spy(pages, classes=None):
        seen.append(classes)
        return maps(pages, classes)

    found = explain_page(spy, page, SIZE, SURE)
    assert found.evidence.label == LABELS[1] and found.evidence.confidence == 0.9
    assert seen[0].tolist() == [1]


def test_maps_from_the_wire_are_placed_on_the_paper_they_cover():
    page = draw(5, "normal", "3x4+1", whole=True)
    found = explain_maps(page.image, {"gradcam": _spot(0.4, 0.6)}, SURE, paper=page.paper)
    box = page.lead_boxes["V2"]
    assert found.evidence.attention[0].hottest == ("V2",)
    blue = np.argwhere((np.asarray(found.pictures["gradcam"]) == (30, 60, 130)).all(axis=2))
    strip = found.pictures["gradcam"].height - page.image.shape[0]
    height, width = page.image.shape[:2]
    edges = np.array([box.top, box.left, box.bottom, box.right]) * ([height, width] * 2)
    outline = [*(blue.min(axis=0) - [strip, 0]), *(blue.max(axis=0) - [strip, 0])]
    np.testing.assert_allclose(outline, edges, atol=0.03 * width)


def test_an_unknown_layout_is_said_and_names_no_lead():
    page = draw(5, "normal", "12x1", whole=False).image
    page = page[: len(page) * 5 // 6]
    found = explain_maps(page, {"gradcam": _spot(0.4, 0.9)}, SURE)
    assert "the right third" in found.text and "the layout was not recognised: " in found.text
    assert found.evidence.attention[0].hottest == ()


@pytest.mark.parametrize("layout", ["3x4+3", "6x2", "6x2+1", "12x1"])
def test_a_page_of_another_layout_is_said_to_be_laid_out_anew(layout):
    page = draw(5, "normal", layout, whole=False).image
    found = explain_maps(page, {"gradcam": _spot(0.4, 0.9)}, SURE)
    assert found.layout.form == layout
    assert f"has the layout {layout}; the model saw 2.5 seconds of each lead" in found.text
    assert found.evidence.attention[0].leads


def test_without_a_map_there_is_no_explanation():
    with pytest.raises(ValueError, match="at least one measured heat map"):
        explain_maps(np.full((64, 64, 3), 255, np.uint8), {}, SURE)


def test_what_the_portal_uses_imports_no_tensorflow():
    code = (
        "import sys; import ecg_tf.explain.explain, ecg_tf.explain.overlay, "
        "ecg_tf.explain.rationale, ecg_tf.explain.attention; "
        "print(sorted({'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["whole", "grid"])
def test_real_pages_get_their_leads_named(data, kind):
    files = sorted((data / kind).glob("*/*.jpg"))[::9][:4]
    assert files
    for file in files:
        page = read_file(file)
        layout = explain_maps(page, {"gradcam": np.ones((5, 5))}, SURE).layout
        box, paper = layout.leads["aVF"], layout.paper
        row = ((box.top + box.bottom) / 2 - paper.top) / (paper.bottom - paper.top)
        column = ((box.left + box.right) / 2 - paper.left) / (paper.right - paper.left)
        found = explain_maps(page, {"gradcam": _spot(row, column)}, SURE, Box(*paper))
        assert found.evidence.attention[0].hottest == ("aVF",)
        assert "attended most to aVF (inferior)" in found.text
        assert found.pictures["gradcam"].width == page.shape[1]
