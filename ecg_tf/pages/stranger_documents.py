"""Printed and written pages that are no ECG: text, tables, forms, notes, music, codes.

Each function takes a random generator, a height and a width, and returns uint8 (h, w, 3).
"""

import numpy as np
from PIL import Image, ImageDraw

from ecg_tf.pages.stranger_pictures import colour, objects
from ecg_tf.pages.strokes import font, scribble

LETTERS = "eeeeettttaaaooiinnsshhrrdlcumwfgypbvkjxqz"
SHEETS = ((255, 255, 255), (252, 250, 244), (245, 238, 220), (235, 235, 235), (225, 235, 245))


def text(rng, height, width):
    """Lines of words in one to three columns, any size, dark on light or light on dark."""
    image, pen, ink = _sheet(rng, height, width)
    size = int(rng.choice([8, 10, 12, 14, 18, 24, 36, 60]))
    columns = int(rng.choice([1, 1, 1, 2, 3]))
    margin = rng.uniform(0.0, 0.14) * width
    gap, leading = 0.03 * width, rng.uniform(1.15, 2.2)
    wide = (width - 2 * margin - gap * (columns - 1)) / columns
    for column in range(columns):
        left = margin + column * (wide + gap)
        _paragraphs(rng, pen, ink, (left, margin), (left + wide, height - margin), size, leading)
    if rng.random() < 0.3:
        title = font(int(height * rng.uniform(0.03, 0.09)))
        pen.text((width / 2, margin / 2), _words(rng, 3), fill=ink, font=title, anchor="mt")
    return np.array(image)


def newspaper(rng, height, width):
    """Columns of small print round pictures and headings."""
    image, pen, ink = _sheet(rng, height, width)
    columns = int(rng.integers(2, 6))
    wide = width / columns
    for column in range(columns):
        y = height * 0.12
        while y < height:
            tall = rng.uniform(0.08, 0.35) * height
            left = column * wide + 4
            if rng.random() < 0.25:
                picture = objects(rng, max(int(tall), 8), max(int(wide) - 8, 8))
                image.paste(Image.fromarray(picture), (int(left), int(y)))
            else:
                _paragraphs(rng, pen, ink, (left, y), (left + wide - 8, y + tall), 9, 1.3)
            y += tall + 8
    pen.text((width / 2, 4), _words(rng, 3), fill=ink, font=font(int(height * 0.08)), anchor="mt")
    return np.array(image)


def table(rng, height, width):
    """Rows and columns of short entries, ruled or not."""
    image, pen, ink = _sheet(rng, height, width)
    rows, columns = int(rng.integers(3, 40)), int(rng.integers(2, 12))
    margin = rng.uniform(0.0, 0.1) * min(height, width)
    tall, wide = (height - 2 * margin) / rows, (width - 2 * margin) / columns
    face, ruled = font(int(min(tall * 0.6, wide * 0.22))), rng.random()
    numbers = rng.random() < 0.6
    for row in range(rows + 1):
        y = margin + row * tall
        if row == 0 or ruled < 0.7:
            pen.line((margin, y, width - margin, y), fill=ink, width=int(rng.integers(1, 3)))
        for column in range(columns):
            if row < rows and rng.random() < 0.92:
                entry = f"{rng.normal(0, 99):.1f}" if numbers and column else _words(rng, 1)
                pen.text((margin + column * wide + 3, y + tall * 0.2), entry, fill=ink, font=face)
    for column in range(columns + 1):
        x = margin + column * wide
        if ruled < 0.5:
            pen.line((x, margin, x, height - margin), fill=ink)
    return np.array(image)


def form(rng, height, width):
    """Labels with lines and boxes to fill in, some filled in by hand."""
    image, pen, ink = _sheet(rng, height, width)
    size = int(rng.integers(9, 20))
    y = 10.0
    while y < height - 30:
        x = width * 0.04
        while x < width * 0.8:
            label = _words(rng, 1) + ":"
            pen.text((x, y), label, fill=ink, font=font(size))
            start = x + font(size).getlength(label) + 6
            x = start + rng.uniform(0.1, 0.4) * width
            if rng.random() < 0.5:
                pen.line((start, y + size, x, y + size), fill=ink)
            else:
                pen.rectangle((start, y - 2, x, y + size + 3), outline=ink)
            if rng.random() < 0.5:
                scribble(rng, pen, (start + 4, y + size * 0.6), size * 0.7, (30, 40, 130), 1)
            x += 12
        y += size * rng.uniform(1.6, 3.2)
    return np.array(image)


def handwriting(rng, height, width):
    """Lines of looped writing on plain, ruled or squared paper."""
    image, pen, ink = _sheet(rng, height, width)
    step = rng.uniform(0.03, 0.14) * height
    paper, line = rng.random(), colour(rng, 150, 235)
    for place in np.arange(step, max(height, width), step if paper < 0.6 else step / 3):
        if paper < 0.8:
            pen.line((0, place, width, place), fill=line)
        if 0.6 < paper < 0.8:
            pen.line((place, 0, place, height), fill=line)
    for y in np.arange(step, height, step):
        x = rng.uniform(0.02, 0.15) * width
        while x < rng.uniform(0.6, 0.98) * width:
            scribble(rng, pen, (x, y - step * 0.2), step * 0.5, ink, int(rng.integers(1, 4)))
            x += rng.uniform(3.0, 5.5) * step
    return np.array(image)


def sheet_music(rng, height, width):
    """Staves of five lines with notes, stems, beams and bars."""
    image, pen, ink = _sheet(rng, height, width)
    staves = int(rng.integers(2, 13))
    pitch = height / staves
    gap = pitch * rng.uniform(0.07, 0.14)
    left, right = width * rng.uniform(0.0, 0.08), width * rng.uniform(0.92, 1.0)
    for staff in range(staves):
        top = (staff + 0.3) * pitch
        for line in range(5):
            pen.line((left, top + line * gap, right, top + line * gap), fill=ink)
        for x in np.arange(left, right, (right - left) / int(rng.integers(3, 7))):
            pen.line((x, top, x, top + 4 * gap), fill=ink, width=2)
        x = left + 4 * gap
        while x < right - 2 * gap:
            y = top + rng.integers(-2, 10) * gap / 2
            pen.ellipse((x, y - gap / 2, x + 1.3 * gap, y + gap / 2), fill=ink)
            pen.line((x + 1.3 * gap, y, x + 1.3 * gap, y - 3 * gap), fill=ink, width=2)
            if rng.random() < 0.3:
                pen.line((x + gap, y - 3 * gap, x + 4 * gap, y - 3 * gap), fill=ink, width=4)
            x += rng.uniform(1.8, 5.0) * gap
    return np.array(image)


def code_squares(rng, height, width):
    """A square code of black and white modules with three corner marks, bars, or a crossword."""
    image, pen, ink = _sheet(rng, height, width)
    kind = rng.random()
    side = min(height, width) * rng.uniform(0.4, 1.0)
    left, top = (width - side) * rng.random(), (height - side) * rng.random()
    if kind < 0.25:
        x = left
        while x < left + side:
            thick = rng.integers(1, 5) * max(side / 200, 1.0)
            pen.rectangle((x, top, x + thick, top + side * 0.6), fill=ink)
            x += thick + rng.integers(1, 5) * max(side / 200, 1.0)
        return np.array(image)
    n = int(rng.integers(21, 60)) if kind < 0.75 else int(rng.integers(8, 20))
    module = side / n
    for row, column in np.argwhere(rng.random((n, n)) < (0.5 if kind < 0.75 else 0.25)):
        x, y = left + column * module, top + row * module
        pen.rectangle((x, y, x + module, y + module), fill=ink)
    if kind < 0.75:
        for u, v in ((0, 0), (n - 7, 0), (0, n - 7)):
            for inset, shade in ((0, ink), (1, (255, 255, 255)), (2, ink)):
                a, b = left + (u + inset) * module, top + (v + inset) * module
                reach = (7 - 2 * inset) * module
                pen.rectangle((a, b, a + reach, b + reach), fill=shade)
    else:
        for place in np.arange(n + 1) * module:
            pen.line((left + place, top, left + place, top + side), fill=ink)
            pen.line((left, top + place, left + side, top + place), fill=ink)
    return np.array(image)


def _sheet(rng, height, width):
    """(image, pen, ink): an empty sheet and a colour to write on it."""
    dark = rng.random() < 0.12
    paper = colour(rng, 0, 60) if dark else SHEETS[int(rng.integers(len(SHEETS)))]
    ink = colour(rng, 170, 256) if dark else colour(rng, 0, 110)
    image = Image.new("RGB", (width, height), paper)
    return image, ImageDraw.Draw(image), ink


def _words(rng, n: int) -> str:
    words = ("".join(rng.choice(list(LETTERS), int(rng.integers(2, 10)))) for _ in range(n))
    return " ".join(words).capitalize()


def _paragraphs(rng, pen, ink, start, stop, size: int, leading: float) -> None:
    """Fills the rectangle from `start` to `stop` with lines of words."""
    face, y = font(size), start[1]
    per_line = max(int((stop[0] - start[0]) / (size * 2.9)), 1)
    lines = [_words(rng, per_line) for _ in range(7)]
    while y + size < stop[1]:
        line = lines[int(rng.integers(len(lines)))]
        last = rng.random() < 0.15
        pen.text((start[0], y), line[: len(line) // 2] if last else line, fill=ink, font=face)
        y += size * leading * (1.6 if last else 1.0)
