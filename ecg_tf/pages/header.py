"""The page round the paper: margins, banners, headers and footers as devices print them.

All words are drawn at random and say nothing about the heart, so that they carry no label.
"""

import numpy as np
from PIL import Image, ImageDraw

from ecg_tf.pages.layout import Box
from ecg_tf.pages.strokes import font, scribble
from ecg_tf.pages.styles import Style

PLACES = ("North Valley", "Lakeside", "St. Alban", "Riverbank", "Old Harbour", "Green Hill")
PLACES += ("Eastgate", "Mill Road", "Sunfield", "Westbrook", "Central", "Three Oaks")
KINDS = ("General Hospital", "Heart Centre", "Clinic", "Medical College", "Health Centre")
KINDS += ("Cardiology Department", "District Hospital", "Foundation")
TITLES = ("ECG Report", "12-Lead ECG", "Electrocardiogram", "ECG", "Resting ECG")
NAMES = ("A. Moreau", "J. Okafor", "L. Sand", "M. Ito", "P. Novak", "R. Hale", "S. Iyer", "T. Berg")
DEVICES = ("Model C-12", "CardioLine 3", "HX 1200", "Rest-ECG v2.1", "E-300", "Tracer 7")


def paper_box(rng, style: Style, size: tuple[int, int]) -> Box:
    """Where the paper lies on a whole page of `size` (height, width)."""
    if style.header == "banner":
        side = rng.uniform(0.018, 0.045)
        top = rng.uniform(0.15, 0.21)
        return Box(side, top, 1.0 - rng.uniform(0.015, 0.035), 1.0 - rng.uniform(0.025, 0.06))
    if style.header == "grid":
        return Box(0.0, rng.uniform(0.1, 0.3), 1.0, 1.0 - rng.uniform(0.05, 0.2))
    side = rng.uniform(0.01, 0.05)
    return Box(side, rng.uniform(0.09, 0.2), 1.0 - side, 1.0 - rng.uniform(0.03, 0.09))


def frame(rng, style: Style, size, box: Box, paper: np.ndarray, printed: str) -> np.ndarray:
    """The whole page: margins, texts and the paper in its box. `printed` is the scale line."""
    height, width = size
    page = Image.new("RGB", (width, height), style.margin)
    pen = ImageDraw.Draw(page)
    left, top, right, bottom = box.pixels(width, height)
    if style.header == "banner":
        _banner(rng, pen, width, top)
    else:
        _patient(rng, pen, (left, right), top)
        _footer(rng, pen, (left, right), (bottom, height), printed)
    page.paste(Image.fromarray(paper), (left, top))
    if style.header != "banner" and rng.random() < 0.5:
        pen.rectangle((left - 1, top - 1, right, bottom), outline=style.major)
    if style.notes:
        spot = (rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * top)
        scribble(rng, pen, spot, 0.12 * top, (30, 40, 130))
    return np.array(page)


def write_on_grid(rng, style: Style, box: Box, paper: np.ndarray, printed: str) -> np.ndarray:
    """A paper with the page's texts on its grid, above and below the traces in `box`."""
    page = Image.fromarray(paper)
    pen = ImageDraw.Draw(page)
    left, top, right, bottom = box.pixels(page.width, page.height)
    _patient(rng, pen, (left, right), top)
    _footer(rng, pen, (left, right), (bottom, page.height), printed)
    if style.notes:
        scribble(rng, pen, (rng.uniform(0.3, 0.7) * page.width, top / 2), 0.12 * top, (30, 40, 130))
    return np.array(page)


def _pick(rng, words) -> str:
    return words[int(rng.integers(len(words)))]


def _banner(rng, pen: ImageDraw.ImageDraw, width: int, top: int) -> None:
    """A name in heavy letters, a title between two rules, a mark at the left."""
    colour = ((224, 32, 40), (200, 40, 60), (30, 80, 160), (20, 120, 90), (60, 60, 60))
    accent = colour[int(rng.choice(5, p=[0.4, 0.25, 0.15, 0.1, 0.1]))]
    name = f"{_pick(rng, PLACES)} {_pick(rng, KINDS)}"
    face = font(round(top * rng.uniform(0.2, 0.27)))
    middle = width * rng.uniform(0.45, 0.58)
    pen.text((middle, top * 0.2), name, fill=(10, 10, 10), font=face, anchor="mm", stroke_width=1)
    title, small = _pick(rng, TITLES), font(round(top * 0.19))
    line, half = top * 0.61, small.getlength(title) / 2 + 8
    thick = max(top // 45, 1)
    pen.line((width * 0.18, line, middle - half, line), fill=accent, width=thick)
    pen.line((middle + half, line, width, line), fill=accent, width=thick)
    pen.text((middle, line), title, fill=accent, font=small, anchor="mm", stroke_width=1)
    if rng.random() < 0.7:
        _mark(rng, pen, (width * 0.115, top * 0.5), top * 0.25, accent)


def _mark(rng, pen: ImageDraw.ImageDraw, at, size: float, colour) -> None:
    """A logo: a heart, a ring with a cross, or rays."""
    x, y = at
    kind = int(rng.integers(3))
    if kind == 0:
        turn = np.linspace(0.0, 6.28, 40)
        across = 16 * np.sin(turn) ** 3
        up = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
        path = np.stack([x + across * size / 17, y - up * size / 17], axis=1)
        pen.polygon(path.ravel().tolist(), fill=colour)
    elif kind == 1:
        pen.ellipse((x - size, y - size, x + size, y + size), outline=colour, width=3)
        pen.rectangle((x - size / 5, y - size / 1.7, x + size / 5, y + size / 1.7), fill=colour)
        pen.rectangle((x - size / 1.7, y - size / 5, x + size / 1.7, y + size / 5), fill=colour)
    else:
        for turn in np.arange(0.0, 6.28, 6.28 / 12):
            end = (x + size * np.cos(turn), y + size * np.sin(turn))
            pen.line((x, y, *end), fill=colour, width=3)


def _patient(rng, pen: ImageDraw.ImageDraw, across, top: int) -> None:
    """Two or three columns of patient-like and device-like lines, made up."""
    face = font(round(min(max(top * 0.15, 8), 17)))
    day = f"{rng.integers(1, 29):02d}-{rng.integers(1, 13):02d}-{rng.integers(2001, 2027)}"
    lines = [
        f"ID: {rng.integers(10**5, 10**7)}",
        f"Name: {_pick(rng, NAMES)}" if rng.random() < 0.6 else "Name: ____________",
        f"{rng.integers(18, 95)} years   {_pick(rng, ('M', 'F', 'Male', 'Female'))}",
        f"{day}  {rng.integers(24):02d}:{rng.integers(60):02d}",
        f"{_pick(rng, PLACES)} {_pick(rng, KINDS)}",
        f"Room {rng.integers(1, 60)}   Tech {rng.integers(100, 999)}",
        f"Order {rng.integers(10**4, 10**6)}",
        _pick(rng, ("Unconfirmed", "Reviewed by: ________", "Technician copy", "")),
    ]
    rng.shuffle(lines)
    columns = int(rng.integers(2, 4))
    rows = -(-len(lines) // columns)
    pitch = min(top * 0.9 / rows, face.size * 1.5)
    for place, line in enumerate(lines):
        x = across[0] + (across[1] - across[0]) * (place // rows) / columns + 6
        pen.text((x, top * 0.06 + (place % rows) * pitch), line, fill=(25, 25, 30), font=face)


def _footer(rng, pen: ImageDraw.ImageDraw, across, down, printed: str) -> None:
    """The scale, the filters and the device, under the paper."""
    room = down[1] - down[0]
    face = font(round(min(max(room * 0.5, 7), 14)))
    filters = _pick(rng, ("0.05-150 Hz", "0.5-40 Hz", "AC 50 Hz  0.15-35 Hz", "F 60~ 0.5-100 Hz"))
    text = f"{printed}   {filters}   {_pick(rng, DEVICES)}"
    pen.text((across[0] + 6, down[0] + room * 0.2), text, fill=(40, 40, 45), font=face)
