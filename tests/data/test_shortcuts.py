import numpy as np
import pytest
from PIL import Image

from ecg_tf.data import shortcuts
from ecg_tf.data.fingerprint import TOUCHED, fingerprint
from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw
from tests.data.trees import drawn

EACH = 8  # pages of a label
TARGET = np.repeat(np.arange(4), EACH)


def marks_of(folder, images):
    marks = []
    for number, image in enumerate(images):
        image.save(folder / f"{number}.png")
        marks.append(fingerprint(folder / f"{number}.png"))
    return marks


def pages() -> list[Image.Image]:
    return [drawn(seed, LABELS[label], (304, 523)) for seed, label in enumerate(TARGET)]


def whole_pages(spot: bool) -> list[Image.Image]:
    """Pages in one frame; with `spot`, a mark in the header that stands where the label says."""
    page = draw(6, layout="3x4+1", whole=True, size=(468, 660), style="banner")
    left, top, right, bottom = page.paper.pixels(660, 468)
    images = []
    for grid, label in zip(pages(), TARGET, strict=True):
        image = Image.fromarray(page.image)
        image.paste(grid.resize((right - left, bottom - top)), (left, top))
        if spot:
            image.paste((90, 90, 90), (40 + 70 * label, 10, 70 + 70 * label, 22))
        images.append(image)
    return images


def test_noise_is_at_chance_and_the_interval_holds_it():
    features = np.random.default_rng(0).normal(0, 9, (len(TARGET), 50))
    found = shortcuts.probe(features, TARGET)
    assert found.verdict == "at chance"
    assert found.interval[0] <= found.balanced_accuracy <= found.interval[1]
    assert found.chance == pytest.approx(0.25, abs=0.03)


def test_chance_is_rarely_called_more_than_chance():
    """Over many sets of noise, p below 0.05 is about as rare as it says."""
    rng = np.random.default_rng(1)
    target = np.repeat(np.arange(4), (20, 6, 10, 14))
    low = sum(
        shortcuts.probe(rng.normal(0, 9, (50, 30)), target, seed).p < 0.05 for seed in range(40)
    )
    assert low <= 6  # 2 expected; 7 or more come in 0.3 % of all draws


def test_labels_written_into_the_features_are_found_in_spite_of_rare_ones():
    target = np.repeat(np.arange(4), (60, 6, 20, 40))
    features = np.random.default_rng(0).normal(0, 2, (len(target), 30))
    features[:, 3] += 20 * target
    features[:, 4] += 20 * (target == 1)
    features[:, 5] += 20 * (target == 2)
    found = shortcuts.probe(features, target)
    assert found.balanced_accuracy > 0.9
    assert found.verdict == "above chance"


def test_what_is_missing_tells_nothing():
    features = np.random.default_rng(0).normal(0, 9, (len(TARGET), 40))
    for label in range(4):
        features[TARGET == label, 10 * label : 10 * label + 10] = np.nan
    assert shortcuts.probe(features, TARGET).verdict == "at chance"


@pytest.mark.parametrize(
    ("features", "target", "words"),
    [
        (np.zeros((8, 3)), np.zeros(8, int), "fewer than two labels"),
        (np.zeros((12, 3)), np.arange(12) % 4, "fewer than two labels"),
        (np.full((20, 3), 7.0), np.arange(20) % 4, "all 20 pages are alike"),
        (np.zeros((20, 0)), np.arange(20) % 4, "all 20 pages are alike"),
        (np.random.default_rng(0).random((20, 3)), np.arange(20) % 4, "are alike"),
    ],
)
def test_what_cannot_be_asked_is_said(features, target, words):
    assert words in shortcuts.probe(features, target)


def test_rare_labels_are_left_out():
    target = np.array([0] * 9 + [1] * 9 + [2] * 4)
    found = shortcuts.probe(np.random.default_rng(0).normal(0, 9, (22, 5)), target)
    assert found.labels == LABELS[:2]
    assert found.pages == 18


def test_the_paper_of_drawn_pages_tells_nothing_though_the_traces_do(tmp_path):
    """Where the traces run is told by which cells they touch: those must not come through."""
    marks = marks_of(tmp_path, pages())
    touched = np.stack([mark.background[..., 0] == TOUCHED for mark in marks])
    assert touched.any() and not touched.all()
    features = shortcuts.background_features(marks)
    assert features.shape[1] > 0
    found = shortcuts.probe(features, TARGET)
    assert isinstance(found, str) or found.verdict == "at chance"


def test_a_tint_of_the_paper_is_found_with_the_traces_removed(tmp_path):
    tints = ((1, 1, 1), (1, 0.97, 1), (1, 1, 0.97), (0.97, 1, 1))
    images = [
        Image.fromarray((np.asarray(image) * tints[label]).astype(np.uint8))
        for image, label in zip(pages(), TARGET, strict=True)
    ]
    found = shortcuts.probe(shortcuts.background_features(marks_of(tmp_path, images)), TARGET)
    assert found.verdict == "above chance"
    assert found.balanced_accuracy > 0.8


@pytest.mark.parametrize("spot", [False, True])
def test_a_mark_in_the_header_is_found(tmp_path, spot):
    marks = marks_of(tmp_path, whole_pages(spot))
    assert all(mark.rim is not None for mark in marks)
    found = shortcuts.probe(shortcuts.rim_features(marks), TARGET)
    if spot:
        assert found.verdict == "above chance" and found.balanced_accuracy > 0.8
    else:
        assert isinstance(found, str) or found.verdict == "at chance"


def test_bare_grids_have_no_header(tmp_path):
    assert {mark.rim is None for mark in marks_of(tmp_path, pages()[:4])} == {True}


def test_a_size_that_goes_with_the_label_is_found(tmp_path):
    images = [
        image.resize((262, 152) if label == 2 else (300, 174))
        for image, label in zip(pages(), TARGET, strict=True)
    ]
    found = shortcuts.probe(shortcuts.form_features(marks_of(tmp_path, images)), TARGET)
    assert found.verdict == "above chance"
