"""PNG and JPEG bytes to an RGB page, or one of a few named errors that a person can act on."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MAX_BYTES = 200_000_000
MAX_PIXELS = 60_000_000
MIN_SIDE = 32


class PageError(ValueError):
    """A file that cannot become a page. `code` is stable for programs, `message` is for people."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


def read_page(data: bytes) -> np.ndarray:
    """The page as uint8 (height, width, 3), upright, transparency on white.

    Raises PageError with one of the codes `empty`, `too_large`, `not_an_image`,
    `unsupported_format`, `too_many_pixels`, `too_small`, `truncated`. File size, format and the
    number of pixels are checked before anything is decoded.
    """
    if len(data) == 0:
        raise PageError("empty", "The file is empty (0 bytes); send a PNG or JPEG picture.")
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    image = _open(data)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PageError(
            "too_many_pixels",
            f"The picture has {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} "
            "megapixels are read. Send a smaller copy.",
        )
    if min(width, height) < MIN_SIDE:
        raise PageError(
            "too_small",
            f"The picture is {width} x {height} pixels; each side must have at least {MIN_SIDE}.",
        )
    try:
        image.load()
        return np.asarray(_rgb(ImageOps.exif_transpose(image)))
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error, zlib.error, ...
        raise PageError(
            "truncated",
            "The picture is damaged or cut off before its end; send the whole file again.",
        ) from error


def read_file(path: str | Path) -> np.ndarray:
    """The page in a file, as `read_page` gives it.

    Raises PageError as `read_page` does, and with the codes `not_found`, `not_a_file` and
    `no_permission`. The size is checked before the file is read.
    """
    return read_page(read_bytes(path))


def read_bytes(path: str | Path) -> bytes:
    """The bytes of a file of at most MAX_BYTES. Raises PageError."""
    path = Path(path)
    try:
        if not path.exists():
            reason = "is a link to nothing" if path.is_symlink() else "does not exist"
            raise PageError("not_found", f"The file {reason}; check the path.")
        if not path.is_file():
            raise PageError("not_a_file", "This is not an ordinary file; name a PNG or JPEG file.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(size)
        return path.read_bytes()
    except PermissionError:
        raise PageError(
            "no_permission", "The file may not be read; change its permissions."
        ) from None
    except OSError as error:
        raise PageError("not_found", f"The file cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        if isinstance(error, PageError):
            raise
        raise PageError("not_found", "The path holds a NUL character; check it.") from error


def _too_large(size: int) -> PageError:
    megabytes = MAX_BYTES // 1_000_000
    return PageError(
        "too_large",
        f"The file has {size / 1e6:.0f} MB; at most {megabytes} MB are read. Send a smaller copy.",
    )


def _open(data: bytes) -> Image.Image:
    """The picture's header, nothing decoded. Raises PageError."""
    if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise _foreign(data)
    try:
        # We set a limit of our own, below the one at which Pillow begins to warn.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    except Image.DecompressionBombError as error:
        raise PageError(
            "too_many_pixels",
            f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels; send a smaller copy.",
        ) from error
    except Exception as error:  # a header cut off or wrong: several kinds, see read_page
        raise PageError(
            "truncated",
            "The picture is damaged or cut off in its header; send the whole file again.",
        ) from error


def _foreign(data: bytes) -> PageError:
    """The error for bytes that are neither PNG nor JPEG."""
    kinds = (
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"%PDF", "PDF"),
        (b"\x00\x00\x01\x00", "ICO"),
    )
    name = next((kind for magic, kind in kinds if data.startswith(magic)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        name = "WebP"
    if data[4:8] == b"ftyp":
        name = "HEIC, AVIF or video"
    if data[128:132] == b"DICM":
        name = "DICOM"
    if name:
        return PageError(
            "unsupported_format", f"This is a {name} file; save the page as PNG or JPEG."
        )
    return PageError("not_an_image", "This is not a picture; send a PNG or JPEG file.")


def _rgb(image: Image.Image) -> Image.Image:
    """Any mode that PNG and JPEG can have as RGB, transparency on white."""
    if image.mode.startswith("I") or image.mode == "F":
        # 16-bit grey: Pillow would clip at 255, we keep the high byte.
        grey = np.asarray(image).astype("int64")
        return Image.fromarray((grey >> 8).clip(0, 255).astype("uint8")).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
