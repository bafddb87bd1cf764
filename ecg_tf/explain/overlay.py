"""A heat map laid over the page it belongs to, as a picture that a person can read.

Needs neither TensorFlow nor Keras.
"""

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFont

from ecg_tf.pages.layout import RHYTHM, TERRITORY, Box

WIDTHS = (1000, 2400)  # pixels; narrower pages are enlarged, wider ones shrunk
TALLEST = 2400  # pixels; the page is shrunk to it, so that a long strip stays a picture
# Anchors from no heat to most, RGB. Lightness falls evenly (CIE L* 100 to 60) while the hue goes
# from yellow to magenta, so that the order is seen by colour-blind eyes and on a grey print too;
# the colours multiply the page, and its ink stays far darker than any of them.
SHADES = ((255, 255, 255), (255, 224, 135), (253, 186, 112), (246, 145, 112), (224, 106, 146))
SATURATION = 0.3  # part of the paper's colour that is kept, lest its grid be taken for heat
EDGE = (30, 60, 130)
INK = (25, 25, 35)
FAINT = (95, 95, 110)
WARNING = "research use only"


def overlay(
    page: np.ndarray,
    heat: np.ndarray,
    paper: Box,
    title: str,
    subtitle: str = "",
    leads: Mapping[str, Box] | None = None,
    hottest: tuple[str, ...] = (),
) -> Image.Image:
    """The page under its heat map, with a strip of text and a colour scale above it, RGB.

    `page` uint8 (h, w, 3), of any size; `heat` float (h', w') in 0..1, covering `paper`; `leads`
    the boxes of the page, of which those named in `hottest` are outlined. Raises ValueError for
    a page or map of another shape, and for a name in `hottest` without a box.
    """
    leads = leads or {}
    _check(page, heat, leads, hottest)
    picture = _to_size(Image.fromarray(page))
    plain = picture.convert("L")
    picture = _tinted(picture, heat, paper)
    for lead in hottest:
        _outline(picture, plain, leads[lead].pixels(*picture.size), _named(lead))
    strip = _strip(max(picture.width, WIDTHS[0]), title, subtitle)
    whole = Image.new("RGB", (strip.width, strip.height + picture.height), "white")
    whole.paste(strip, (0, 0))
    whole.paste(picture, ((strip.width - picture.width) // 2, strip.height))
    return whole


def to_png(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def colours(heat: np.ndarray) -> np.ndarray:
    """Heat 0..1 of any shape as colours, uint8 (..., 3), white for none, in 256 levels."""
    level = np.linspace(0, len(SHADES) - 1, 256)
    mixed = [np.interp(level, range(len(SHADES)), channel) for channel in zip(*SHADES, strict=True)]
    table = np.stack(mixed, axis=-1).round().astype(np.uint8)
    return table[(255.0 * np.clip(heat, 0.0, 1.0) + 0.5).astype(np.uint8)]


def _check(page, heat, leads, hottest) -> None:
    if page.ndim != 3 or page.shape[2] != 3 or page.dtype != np.uint8:
        raise ValueError(f"A page is uint8 (h, w, 3); got {page.dtype} {page.shape}.")
    if np.ndim(heat) != 2 or 0 in np.shape(heat):
        raise ValueError(f"A heat map has two dimensions; got shape {np.shape(heat)}.")
    missing = [lead for lead in hottest if lead not in leads]
    if missing:
        raise ValueError(f"There is no box for {', '.join(missing)} to outline.")


def _to_size(picture: Image.Image) -> Image.Image:
    scale = min(max(picture.width, WIDTHS[0]), WIDTHS[1]) / picture.width
    scale = min(scale, TALLEST / picture.height)
    if scale == 1.0:
        return picture
    size = [max(round(side * scale), 1) for side in picture.size]
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _tinted(picture: Image.Image, heat: np.ndarray, paper: Box) -> Image.Image:
    """The picture multiplied with the colours of the heat inside the paper."""
    left, top, right, bottom = paper.pixels(*picture.size)
    size = (max(right - left, 1), max(bottom - top, 1))
    smooth = Image.fromarray(np.asarray(heat, np.float32)).resize(size, Image.Resampling.BICUBIC)
    under = picture.crop((left, top, left + size[0], top + size[1]))
    under = ImageEnhance.Color(under).enhance(SATURATION)
    result = picture.copy()
    result.paste(ImageChops.multiply(under, Image.fromarray(colours(smooth))), (left, top))
    return result


def _named(lead: str) -> str:
    return "rhythm strip" if lead == RHYTHM else f"{lead} · {TERRITORY[lead]}"


def _outline(picture: Image.Image, plain: Image.Image, box, name: str) -> None:
    """Draws one lead box, its name on a plate in the corner that hides the least ink."""
    pen = ImageDraw.Draw(picture)
    line = max(picture.width // 600, 2)
    left, top, right, bottom = box[0] + line, box[1] + line, box[2] - line, box[3] - line
    if right <= left or bottom <= top:
        return
    font = _font(picture.width / 75)
    wide, high = round(font.getlength(name)), font.getbbox("Ay")[3]  # the same for every name
    pad = high // 3
    width, height = wide + 3 * pad, high + 2 * pad
    corners = [(x, y) for y in (bottom - height, top) for x in (right - width, left)]
    x, y = max(corners, key=lambda at: _lightness(plain, at, width, height))
    pen.rounded_rectangle((x, y, x + width, y + height), 3 * line, fill=EDGE)
    pen.rounded_rectangle((left, top, right, bottom), 3 * line, outline=EDGE, width=line)
    pen.text((x + 1.5 * pad, y + 0.7 * pad), name, "white", font)


def _lightness(plain: Image.Image, at, width: int, height: int) -> float:
    """Minus the part 0..1 of a patch of the page that is dark."""
    patch = np.asarray(plain.crop((*at, at[0] + width, at[1] + height)))
    return -float(np.mean(patch < 128))


def _strip(width: int, title: str, subtitle: str) -> Image.Image:
    """The strip above the page: answer and note at the left, scale and warning at the right."""
    unit = width / 75
    strip = Image.new("RGB", (width, round(4.7 * unit)), "white")
    pen = ImageDraw.Draw(strip)
    right, span = width - unit, 14 * unit
    room = right - span - 3 * unit
    pen.text((unit, 0.6 * unit), title, INK, _fitted(title, 1.6 * unit, room))
    pen.text((unit, 2.95 * unit), subtitle, FAINT, _fitted(subtitle, unit, room))
    small = _font(unit)
    pen.text((right, 0.6 * unit), WARNING, INK, small, anchor="ra")
    shape = (round(0.9 * unit), round(span))
    bar = colours(np.broadcast_to(np.linspace(0, 1, shape[1]), shape))
    x, y = round(right - span), round(2.1 * unit)
    strip.paste(Image.fromarray(bar), (x, y))
    pen.rectangle((x, y, x + shape[1] - 1, y + shape[0] - 1), outline=FAINT)
    pen.text((x, 3.25 * unit), "none", FAINT, small)
    pen.text((right, 3.25 * unit), "most", FAINT, small, anchor="ra")
    pen.line((0, strip.height - 1, width, strip.height - 1), FAINT)
    return strip


def _fitted(text: str, size: float, room: float):
    """The font at `size`, or smaller where the text would be wider than `room`."""
    wide = _font(size).getlength(text)
    return _font(size if wide <= room else max(size * room / wide, 6.0))


def _font(size: float):
    return ImageFont.load_default(size)
