"""Files to upload: pages, pictures that are none, and hostile ones."""

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image

from ecg_tf.pages.synthetic import draw


@cache
def page(width: int = 700, height: int = 500, seed: int = 104) -> np.ndarray:
    """A drawn page, uint8 (height, width, 3), with 3 x 4 leads and a rhythm strip."""
    size = (height, width)
    return draw(seed, "myocardial_infarction", "3x4+1", size=size, whole=True, style="banner").image


def png(picture: np.ndarray | None = None, **options) -> bytes:
    """A PNG file of a picture, by default of a page."""
    return _file(page() if picture is None else picture, "PNG", **options)


def jpeg(picture: np.ndarray | None = None, quality: int = 88, **options) -> bytes:
    """A JPEG file."""
    return _file(page() if picture is None else picture, "JPEG", quality=quality, **options)


def photo(seed: int = 0) -> bytes:
    """A colourful picture that is no ECG page."""
    rows, columns = np.mgrid[0:300, 0:400]
    colours = [rows % 256, 255 - columns % 256, (rows * columns // (50 + seed)) % 256]
    return jpeg(np.stack(colours, axis=-1).astype(np.uint8))


def bomb(side: int = 20_000) -> bytes:
    """A PNG of a few hundred kilobytes that says it has side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * (3 * side + 1) * 50, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _file(picture: np.ndarray, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()
