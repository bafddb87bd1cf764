import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from ecg_tf.data.fingerprint import fingerprint
from ecg_tf.data.near import SAME, near_pairs
from ecg_tf.data.overlay import similarity
from ecg_tf.data.views import pack, unpack
from ecg_tf.labels import LABELS
from ecg_tf.pages.read import PageError
from ecg_tf.pages.synthetic import draw
from tests.data.trees import drawn

SIZE = (456, 784)
WHITE = (255, 255, 255)


def straight(text, function, items):
    return map(function, items)


def saved(folder, image: Image.Image, name="copy.jpg", **save):
    path = folder / name
    image.save(path, **save)
    return path


def pairs_of(marks) -> list[tuple[int, int]]:
    views = [view for mark in marks for view in mark.views]
    owners = np.array([k for k, mark in enumerate(marks) for _ in mark.views], int)
    loose = np.array([k > 0 for mark in marks for k in range(len(mark.views))], bool)
    return [pair[:2] for pair in near_pairs(views, owners, loose, straight)]


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Fingerprints of eight different pages of one template, each label twice."""
    folder = tmp_path_factory.mktemp("others")
    return [
        fingerprint(saved(folder, drawn(seed, LABELS[seed % 4], SIZE), f"{seed}.png"))
        for seed in range(8)
    ]


def shifted(image: Image.Image) -> Image.Image:
    moved = Image.new("RGB", image.size, WHITE)
    moved.paste(image, (9, -6))
    return moved


def cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 50, height // 50, width - width // 100, height - height // 50))


COPIES = {
    "JPEG": lambda image: image,
    "half the size": lambda image: image.resize((392, 228)),
    "twice the size": lambda image: image.resize((1568, 912)),
    "squeezed": lambda image: image.resize((640, 456)),
    "shifted": shifted,
    "shifted around": lambda image: Image.fromarray(np.roll(np.asarray(image), (-4, 8), (0, 1))),
    "cropped": cropped,
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.6),
    "grey": lambda image: image.convert("L"),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "rotated": lambda image: image.rotate(0.7, Image.Resampling.BICUBIC, fillcolor=WHITE),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_changed_copy_is_found_among_pages_of_one_template(tmp_path, others, name):
    for index in (0, 3):
        image = COPIES[name](drawn(index, LABELS[index % 4], SIZE))
        copy = fingerprint(saved(tmp_path, image, quality=60))
        assert pairs_of([*others, copy]) == [(index, 8)]


def test_different_pages_of_one_template_are_not_near(others):
    assert pairs_of(others) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_a_whole_page_and_its_grid_are_one(tmp_path, seed):
    page = draw(seed, layout="3x4+1", whole=True, size=(624, 880), style="banner")
    whole = Image.fromarray(page.image)
    grid = whole.crop(page.paper.pixels(*whole.size))
    marks = [
        fingerprint(saved(tmp_path, whole, "whole.png")),
        fingerprint(saved(tmp_path, grid, "grid.jpg", quality=80)),
    ]
    assert pairs_of(marks) == [(0, 1)]


def test_whole_pages_with_one_header_are_not_near(tmp_path):
    marks = []
    for seed in (1, 2, 3):
        page = draw(seed, layout="3x4+1", whole=True, size=(624, 880), style="banner").image.copy()
        header = draw(9, layout="3x4+1", whole=True, size=(624, 880), style="banner")
        page[: int(header.paper.top * 624)] = header.image[: int(header.paper.top * 624)]
        marks.append(fingerprint(saved(tmp_path, Image.fromarray(page), f"{seed}.png")))
    assert pairs_of(marks) == []


def test_many_copies_are_tied_together_without_comparing_all_of_them(tmp_path, others):
    image = drawn(0, LABELS[0], SIZE)
    copies = [
        fingerprint(saved(tmp_path, image, f"{quality}.jpg", quality=quality))
        for quality in range(50, 70, 2)
    ]
    assert len(pairs_of([*others, *copies])) == len(copies)


def test_pages_without_traces_have_no_view_and_are_near_nothing(tmp_path):
    marks = [
        fingerprint(saved(tmp_path, Image.new("RGB", (300, 200), colour), f"{colour}.png"))
        for colour in ("white", "pink", "pink")
    ]
    assert [mark.views for mark in marks] == [(), (), ()]
    assert pairs_of(marks) == []


def test_files_that_cannot_be_read_come_back_as_errors(tmp_path):
    whole = io.BytesIO()
    drawn(1, size=SIZE).save(whole, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    found = fingerprint(tmp_path / "cut.jpg")
    assert isinstance(found, PageError) and found.code == "truncated"
    assert fingerprint(tmp_path / "none.jpg").code == "not_found"


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "RGBA"])
def test_unusual_modes_are_read(tmp_path, others, mode):
    kind = "jpg" if mode == "CMYK" else "png"
    image = drawn(2, LABELS[2], SIZE).convert(mode)
    assert pairs_of([*others, fingerprint(saved(tmp_path, image, f"copy.{kind}"))]) == [(2, 8)]


def test_a_page_turned_by_its_exif_tag_is_the_same_page(tmp_path, others):
    image = drawn(1, LABELS[1], SIZE)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    path = saved(tmp_path, image.transpose(Image.Transpose.ROTATE_90), exif=exif)
    assert pairs_of([*others, fingerprint(path)]) == [(1, 8)]


def test_a_view_survives_packing(others):
    packed = others[0].views[0].packed
    assert pack(unpack(packed)) == packed
    assert len(packed) < 10_000
    assert similarity((packed, packed)) == pytest.approx(1)


def test_the_real_pages_differ_and_their_whole_pages_are_found(data):
    """No two of the real grids are near; each whole page is near its own grid and no other."""
    paths = sorted((data / "grid").rglob("*.jpg")) + sorted((data / "whole").rglob("*.jpg"))
    marks = [fingerprint(path) for path in paths]
    views = [view for mark in marks for view in mark.views]
    owners = np.array([k for k, mark in enumerate(marks) for _ in mark.views], int)
    loose = np.array([k > 0 for mark in marks for k in range(len(mark.views))], bool)
    scores = []

    def run(text, function, items):
        results = list(map(function, items))
        scores.extend(results if function is similarity else [])
        return results

    found = [(paths[i], paths[j]) for i, j, _ in near_pairs(views, owners, loose, run)]
    assert all(grid.name == whole.name and grid != whole for grid, whole in found)
    assert len(found) == len(list((data / "whole").rglob("*.jpg")))
    assert max(score for score in scores if score < SAME) < SAME - 0.03
