import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ecg_tf.pages import read
from ecg_tf.pages.read import PageError, read_file, read_page


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(mode: str = "RGB", size=(64, 48)) -> Image.Image:
    ramp = np.linspace(0, 255, size[0] * size[1] * 3).reshape(size[1], size[0], 3)
    return Image.fromarray(ramp.astype("uint8")).convert(mode)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA"])
def test_png_of_every_mode_becomes_rgb(mode):
    page = read_page(encoded(picture(mode)))
    expected = np.asarray(picture(mode).convert("RGB"))
    assert page.shape == (48, 64, 3) and page.dtype == np.uint8
    np.testing.assert_array_equal(page, expected)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_of_every_mode_becomes_rgb(mode):
    page = read_page(encoded(picture(mode), "JPEG", quality=95))
    expected = np.asarray(picture(mode).convert("RGB"), dtype=int)
    assert np.abs(page.astype(int) - expected).mean() < 4


def test_16_bit_grey_keeps_its_high_byte():
    deep = (np.arange(64 * 48).reshape(48, 64) * 21).astype("uint16")
    page = read_page(encoded(Image.fromarray(deep)))
    np.testing.assert_array_equal(page[..., 0], deep >> 8)


def test_transparency_becomes_white():
    clear = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    assert read_page(encoded(clear)).min() == 255
    half = Image.new("RGBA", (64, 48), (0, 0, 0, 128))
    assert abs(int(read_page(encoded(half))[0, 0, 0]) - 127) <= 1


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, -1)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))],
)
def test_exif_orientation_is_honoured(orientation, corner):
    image = Image.new("RGB", (64, 48), "white")
    image.paste("black", (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = read_page(encoded(image, "JPEG", exif=exif, quality=95))
    assert page.shape[:2] == ((48, 64) if orientation < 5 else (64, 48))
    assert page[corner].max() < 40


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


BAD = {
    "no bytes": (b"", "empty"),
    "text": (b"this is no picture", "not_an_image"),
    "one byte": (b"\xff", "not_an_image"),
    "GIF": (encoded(picture("P"), "GIF"), "unsupported_format"),
    "BMP": (encoded(picture(), "BMP"), "unsupported_format"),
    "TIFF": (encoded(picture(), "TIFF"), "unsupported_format"),
    "WebP": (encoded(picture(), "WEBP"), "unsupported_format"),
    "PDF": (b"%PDF-1.7\n", "unsupported_format"),
    "DICOM": (b"\0" * 128 + b"DICM", "unsupported_format"),
    "HEIC": (b"\0\0\0\x18ftypheic", "unsupported_format"),
    "signature of PNG alone": (b"\x89PNG\r\n\x1a\n", "truncated"),
    "signature of JPEG alone": (b"\xff\xd8\xff", "truncated"),
    "half a PNG": (half(encoded(picture(size=(640, 480)))), "truncated"),
    "half a JPEG": (half(encoded(picture(size=(640, 480)), "JPEG")), "truncated"),
    "PNG without pixels": (png_header(64, 64), "truncated"),
    "bomb of 13,000 x 13,000": (png_header(13_000, 13_000), "too_many_pixels"),
    "bomb of 2 ** 31 pixels a side": (png_header(2**31 - 1, 2**31 - 1), "too_many_pixels"),
    "a stripe": (encoded(picture(size=(640, 8))), "too_small"),
    "broken checksum": (encoded(picture())[:-20] + b"\0" * 20, "truncated"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_bytes_get_a_named_error(name):
    data, code = BAD[name]
    with pytest.raises(PageError) as caught:
        read_page(data)
    assert caught.value.code == code
    assert caught.value.message.endswith((".", "."))
    assert "Traceback" not in caught.value.message


def test_pixels_are_counted_before_decoding(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PageError, match="13000 x 13000"):
        read_page(png_header(13_000, 13_000))


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.png"
    with open(path, "wb") as file:
        file.truncate(read.MAX_BYTES + 1)
    with pytest.raises(PageError, match="at most 200 MB") as caught:
        read_file(path)
    assert caught.value.code == "too_large"


def test_paths_that_are_no_file(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    for name, code in [
        ("missing.png", "not_found"),
        ("link.png", "not_found"),
        ("nul\0.png", "not_found"),
        (".", "not_a_file"),
        ("x" * 300 + ".png", "not_found"),
    ]:
        with pytest.raises(PageError) as caught:
            read_file(tmp_path / name)
        assert caught.value.code == code, name
