"""From an upload to pictures: what is written, what is refused, what is left behind."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from ecg_tf.pages.read import PageError, read_page
from tests.webapp.studies import files
from webapp.studies.intake import PAGE, THUMBNAIL, VIEW, write_pictures
from webapp.studies.names import display_name


def take(data: bytes, folder):
    return write_pictures(io.BytesIO(data), folder)


def test_a_png_is_kept_pixel_for_pixel(tmp_path):
    data = files.png()
    taken = take(data, tmp_path / "study")
    assert (taken.width, taken.height, taken.size) == (700, 500, len(data))
    assert taken.sha256 == hashlib.sha256(data).hexdigest()
    assert np.array_equal(read_page((tmp_path / "study" / PAGE).read_bytes()), files.page())
    with Image.open(tmp_path / "study" / THUMBNAIL) as small:
        assert max(small.size) == 480


@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_stays_a_jpeg_and_hardly_a_pixel_changes(tmp_path, subsampling):
    data = files.jpeg(quality=80, subsampling=subsampling)
    take(data, tmp_path / "study")
    kept = (tmp_path / "study" / PAGE).read_bytes()
    assert kept.startswith(b"\xff\xd8\xff")
    assert len(kept) < 1.1 * len(data)
    changed = np.abs(read_page(kept).astype(int) - read_page(data))
    assert changed.mean() < 0.5


def test_nothing_but_pixels_survives(tmp_path):
    secret = b"MUSTER MAXIMILIAN 1944"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    comment = {"exif": exif.tobytes(), "comment": secret, "icc_profile": secret * 10}
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Patient", secret.decode())
    for number, data in enumerate(
        (
            files.jpeg(**comment) + secret,
            files.png(pnginfo=text, exif=exif.tobytes()) + b"<script>" + secret,
        )
    ):
        assert secret in data
        take(data, tmp_path / str(number))
        for path in (tmp_path / str(number)).iterdir():
            kept = path.read_bytes()
            assert secret not in kept
            assert b"Exif" not in kept and b"ICC_PROFILE" not in kept and b"tEXt" not in kept


def test_a_turned_photograph_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right
    lying = np.rot90(files.page())
    taken = take(files.jpeg(np.ascontiguousarray(lying), exif=exif.tobytes()), tmp_path / "study")
    assert (taken.width, taken.height) == (700, 500)
    with Image.open(tmp_path / "study" / VIEW) as view:
        assert np.abs(np.asarray(view).astype(int) - files.page()).mean() < 3


@pytest.mark.parametrize("mode", ["L", "CMYK", "1", "P", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    picture = Image.fromarray(files.page())
    picture = picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    take(buffer.getvalue(), tmp_path / "study")
    for name in (PAGE, VIEW, THUMBNAIL):
        with Image.open(tmp_path / "study" / name) as kept:
            assert kept.mode == "RGB"


def test_a_large_page_is_shown_smaller(tmp_path):
    take(files.jpeg(np.full((100, 5000, 3), 255, np.uint8)), tmp_path / "study")
    with Image.open(tmp_path / "study" / VIEW) as view:
        assert view.size == (2400, 48)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello", "not_an_image"),
        (b"GIF89a" + b"\0" * 100, "unsupported_format"),
        (b"%PDF-1.7", "unsupported_format"),
        (files.png()[:2000], "truncated"),
        (files.jpeg()[:3000], "truncated"),
        (files.bomb(), "too_many_pixels"),
        (files.png(np.zeros((8, 8, 3), np.uint8)), "too_small"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_page_leaves_nothing(tmp_path, data, code):
    with pytest.raises(PageError) as found:
        take(data, tmp_path / "study")
    assert found.value.code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("page.png", "page.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\ward 3.jpg", "ward 3.jpg"),
        ("a\0b.png", "a b.png"),
        ("gnp.\u202eexe.png", "gnp. exe.png"),
        ("\u200b\u200f", "page"),
        ("line\nbreak.png", "line break.png"),
        (None, "page"),
        ("..", "page"),
        ("<script>alert(1)<", "<script>alert(1)<"),
        ("心电图.png", "心电图.png"),
        ("x" * 5000 + ".jpeg", "x" * 114 + "….jpeg"),
    ],
    ids=range(12),
)
def test_names_are_made_harmless(given, shown):
    assert display_name(given) == shown
    assert len(display_name(given)) <= 120
