"""The pictures of an explanation: the heat as a layer over the page, and the overlay to keep."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from ecg_tf.explain.overlay import colours, overlay, to_png
from ecg_tf.explain.rationale import percent
from ecg_tf.labels import DISPLAY
from ecg_tf.pages.layout import Box
from webapp.studies.intake import read_view

LAYER_SIDE = 1200  # pixels of the longer side of a layer, at most
REPORT_WIDTH = 1500  # pixels of the overlay in the report: 200 dots an inch


def write_heat(
    heat: np.ndarray, box: Box, page: tuple[int, int], folder: Path, method: str
) -> None:
    """Writes the heat, float (h, w) in 0..1 over `box`, twice: as it came, in 256 grey levels,
    and as a layer for a page of (height, width): the colours of the heat, white elsewhere."""
    grey = Image.fromarray(np.round(255.0 * heat).astype(np.uint8))
    grey.save(_heat(folder, method), "PNG")
    layer(heat, box, page).save(layer_path(folder, method), "PNG", optimize=True)


def layer(heat: np.ndarray, box: Box, page: tuple[int, int]) -> Image.Image:
    """The heat's colours in the shape of the page; multiplied with the page they tint it."""
    scale = min(1.0, LAYER_SIDE / max(page))
    width, height = max(round(scale * page[1]), 1), max(round(scale * page[0]), 1)
    left, top, right, bottom = box.pixels(width, height)
    size = (max(right - left, 1), max(bottom - top, 1))
    smooth = Image.fromarray(np.asarray(heat, np.float32)).resize(size, Image.Resampling.BICUBIC)
    whole = Image.new("RGB", (width, height), "white")
    whole.paste(Image.fromarray(colours(np.asarray(smooth))), (left, top))
    return whole.quantize(128, dither=Image.Dither.NONE)


def layer_path(folder: Path, method: str) -> Path:
    """Where the layer of a method is."""
    return folder / f"{method}-layer.png"


def overlay_png(folder: Path, probabilities: dict, explanation: dict, method: str) -> bytes:
    """The page under its heat with a strip of text, as a PNG file. Raises OSError where the
    study's files are gone."""
    return to_png(overlay_picture(folder, probabilities, explanation, method))


def overlay_jpeg(folder: Path, probabilities: dict, explanation: dict, method: str) -> bytes:
    """The same for a report: smaller, as a JPEG file."""
    picture = overlay_picture(folder, probabilities, explanation, method)
    if picture.width > REPORT_WIDTH:
        size = REPORT_WIDTH, max(round(picture.height * REPORT_WIDTH / picture.width), 1)
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def overlay_picture(folder: Path, probabilities: dict, explanation: dict, method: str):
    """The overlay of one method, RGB."""
    label = explanation["label"]
    seen = explanation["maps"][method]
    with Image.open(_heat(folder, method)) as grey:
        heat = np.asarray(grey, np.float32) / 255.0
    second = sorted(probabilities, key=lambda each: -probabilities[each])[1]
    return overlay(
        read_view(folder),
        heat,
        Box(*explanation["box"]),
        title=f"{DISPLAY[label]}   {percent(probabilities[label])} confidence",
        subtitle=f"{seen['subtitle']}     second answer: {DISPLAY[second]}, "
        f"{percent(probabilities[second])}",
        leads={lead: Box(*edges) for lead, edges in explanation["leads"].items()},
        hottest=tuple(seen["hottest"]),
    )


def _heat(folder: Path, method: str) -> Path:
    return folder / f"{method}.png"
