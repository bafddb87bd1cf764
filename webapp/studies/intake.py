"""From an upload to clean pictures: checked, decoded once, written anew without its metadata.

What is written holds pixels only, so nothing that hid in the file (a name, a place, a script, a
second file behind the first) is kept or shown. The upload itself is not kept.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import Image, JpegImagePlugin

from ecg_tf.pages.read import MAX_BYTES, PageError, read_page

PAGE, VIEW, THUMBNAIL = "page", "view.jpg", "thumbnail.jpg"
VIEW_SIDE, THUMBNAIL_SIDE = 2400, 480  # pixels of the longer side, at most

_decoding = Lock()  # a page of 60 megapixels takes 0.9 GB for seconds: one at a time


@dataclass(frozen=True)
class Taken:
    """What is known of an upload once its pictures are written. `size` in bytes, `sha256` of the
    upload as it came; `width` and `height` in pixels, upright."""

    sha256: str
    size: int
    width: int
    height: int


def write_pictures(upload: BinaryIO, folder: Path) -> Taken:
    """Writes the page (for the model), a view and a thumbnail (for the browser) into `folder`.

    Raises PageError for what is no page, with nothing written, and OSError for a full disk.
    """
    size = upload.seek(0, io.SEEK_END)
    if size > MAX_BYTES:
        raise PageError(
            "too_large",
            f"The file has {size / 1e6:.0f} MB; at most {MAX_BYTES // 1_000_000} MB are taken. "
            "Send a smaller copy.",
        )
    upload.seek(0)
    with _decoding:
        data = upload.read()
        pixels = read_page(data)
        digest, tables = hashlib.sha256(data).hexdigest(), _jpeg_tables(data)
        del data
        page = Image.fromarray(pixels)
        folder.mkdir(parents=True, mode=0o700)
        _write_page(page, tables, folder / PAGE)
        view = _shrunk(page, VIEW_SIDE)
        view.save(folder / VIEW, "JPEG", quality=88)
        _shrunk(view, THUMBNAIL_SIDE).save(folder / THUMBNAIL, "JPEG", quality=80)
    return Taken(digest, size, page.width, page.height)


def read_view(folder: Path) -> np.ndarray:
    """The page as it is shown, uint8 (h, w, 3)."""
    with Image.open(folder / VIEW) as picture:
        return np.asarray(picture)


def _write_page(page: Image.Image, tables: dict | None, path: Path) -> None:
    """Without loss as PNG; a JPEG as JPEG at its own quality, which changes hardly a pixel and is
    twenty times faster and seven times smaller."""
    if tables:
        page.save(path, "JPEG", **tables)
    else:
        page.save(path, "PNG", compress_level=1)


def _jpeg_tables(data: bytes) -> dict | None:
    """How a JPEG was compressed, as Pillow takes it; None for a PNG and for odd tables."""
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
        if picture.format != "JPEG":
            return None
        tables = list(picture.quantization.values())
        subsampling = JpegImagePlugin.get_sampling(picture)
    if not 1 <= len(tables) <= 4 or any(not 1 <= q <= 255 for table in tables for q in table):
        return None
    return {"qtables": tables, "subsampling": subsampling if subsampling in (0, 1, 2) else 0}


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    """The picture with no side longer than `side`."""
    scale = side / max(picture.size)
    if scale >= 1.0:
        return picture
    size = [max(round(length * scale), 1) for length in picture.size]
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
