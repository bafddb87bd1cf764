"""What the audit keeps of a page: a few kilobytes, so that ten thousand pages fit in memory."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from scipy.ndimage import maximum_filter

from ecg_tf.data.views import View, view_of
from ecg_tf.pages.ink import ink
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.pooling import pool
from ecg_tf.pages.read import MAX_PIXELS, MIN_SIDE, PageError, read_bytes, read_page

SIDE = 500  # pixels; a page is decoded at the smallest scale that leaves its short side as long
BACKGROUND = (32, 48)  # cells of the paper without its traces
RIM = (32, 48)  # cells of the page outside its paper
BARE = 0.97  # part of the page from which on the paper leaves no header and margins to speak of
FAINT = 0.02  # ink from which on a pixel counts as part of a trace
REACH = 0.027  # of the height, at most 16 pixels: the block over which JPEG spreads a colour
TOUCHED = 0  # the colour of a cell of background that holds a trace


@dataclass(frozen=True)
class Fingerprint:
    """One page, made small. Colours are uint8.

    `views` are the traces: those of the paper first and, where header or margins were cut away,
    those of the page as it is; empty for a page without traces. `background` (32, 48, 3) is the
    paper, cells with a trace TOUCHED; `rim` (32, 48, 3) header and margins, the paper blanked,
    None for a bare grid. `form` is (height, width, 1 for PNG) of the file.
    """

    views: tuple[View, ...]
    background: np.ndarray
    rim: np.ndarray | None
    form: tuple[int, int, int]


def fingerprint(path: Path) -> Fingerprint | PageError:
    """The fingerprint of a file, or why there is none (returned, so that it crosses processes)."""
    try:
        data = read_bytes(path)
        page, form = small_page(data)
    except PageError as error:
        return error
    # Each colour in a piece of its own: numpy works along short last axes ten times slower.
    page = np.ascontiguousarray(page.transpose(2, 0, 1), np.float32).transpose(1, 2, 0)
    box = tuple(float(edge) for edge in find_paper(page))
    dark = ink(page)
    whole = (box[2] - box[0]) * (box[3] - box[1]) < BARE
    background = _background(_cut(page, box), _cut(dark, box))
    rim = _rim(page, box) if whole else None
    return Fingerprint(_views(dark, box, whole), background, rim, form)


def small_page(data: bytes) -> tuple[np.ndarray, tuple[int, int, int]]:
    """(page, form): uint8 (h, w, 3) at a reduced scale, and the size and format of the file.

    JPEG is reduced while it is decoded, which saves most of the time. Raises PageError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of too many pixels goes the other way
            image = Image.open(io.BytesIO(data), formats=("JPEG",))
        form = (image.height, image.width, 0)
        if image.mode in ("RGB", "L") and MIN_SIDE <= min(image.size) and _pixels(image):
            image.draft("RGB", (SIDE, SIDE))
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB")), form
    except Exception:  # PNG, damaged or unusual: `read_page` reads it or says why not
        pass
    page = read_page(data)
    form = (*page.shape[:2], int(data.startswith(b"\x89PNG")))
    factor = max(1, min(page.shape[:2]) // SIDE)
    return np.asarray(Image.fromarray(page).reduce(factor)), form


def _pixels(image: Image.Image) -> bool:
    return image.width * image.height <= MAX_PIXELS


def _cut(page: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    """The part of a page (h, w, ...) inside a box of fractions, cut at whole pixels outwards."""
    height, width = page.shape[:2]
    left, top, right, bottom = box
    rows = slice(int(top * height), int(np.ceil(bottom * height)))
    return page[rows, int(left * width) : int(np.ceil(right * width))]


def _views(dark: np.ndarray, box: tuple[float, ...], whole: bool) -> tuple[View, ...]:
    paper = view_of(_cut(dark, box))
    page = view_of(dark) if whole and paper else None
    return tuple(view for view in (paper, page) if view)


def _background(paper: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """uint8 (32, 48, 3): the colour, 1..255, of each cell of the paper that no trace comes near.

    A cell with a trace in it is TOUCHED altogether: the mean of its other pixels would tell where
    the trace runs, by the grid lines that it hides, and JPEG leaves ripples around a trace.
    """
    reach = int(np.clip(REACH * dark.shape[0], 4, 16))
    near = maximum_filter((dark > FAINT).astype(np.uint8), 2 * reach + 1).astype(np.float32)
    touched = pool(near, *BACKGROUND) > 0
    colour = np.clip(np.round(_pool_colours(paper, BACKGROUND)), 1, 255)
    return np.where(touched[..., None], TOUCHED, colour).astype(np.uint8)


def _rim(page: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    """uint8 (32, 48, 3): the page with its paper, and a cell more on each side, blanked."""
    cells = _pool_colours(page, RIM)
    left, top, right, bottom = box
    rows = slice(max(0, int(top * RIM[0]) - 1), int(np.ceil(bottom * RIM[0])) + 1)
    cells[rows, max(0, int(left * RIM[1]) - 1) : int(np.ceil(right * RIM[1])) + 1] = 255
    return np.round(cells).astype(np.uint8)


def _pool_colours(page: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.stack([pool(page[..., channel], *size) for channel in range(3)], axis=-1)
