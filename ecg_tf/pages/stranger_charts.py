"""Charts and sound waves.

Each function takes a random generator, a height and a width, and returns uint8 (h, w, 3).
"""

import numpy as np
from PIL import Image, ImageDraw

from ecg_tf.pages.stranger_pictures import cloud, colour
from ecg_tf.pages.strokes import font

GROUNDS = ((255, 255, 255), (255, 255, 255), (245, 245, 245), (234, 234, 242), (25, 28, 36))


def line_chart(rng, height, width):
    """One to six series between two axes, at times with a grid and a legend."""
    image, pen, ink = ground(rng, height, width)
    box = _axes(rng, pen, ink, (0, 0, width, height))
    for series in range(int(rng.integers(1, 7))):
        stroke = colour(rng, 0, 200)
        _series(rng, pen, box, stroke, int(rng.integers(1, 6)))
        if rng.random() < 0.4:
            y = box[1] + 14 * series
            pen.line((box[2] - 60, y, box[2] - 40, y), fill=stroke, width=3)
            pen.text((box[2] - 36, y - 5), f"s{series}", fill=ink)
    return np.array(image)


def panels(rng, height, width):
    """A sheet of small line charts with titles."""
    image, pen, ink = ground(rng, height, width)
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    tall, wide = height / rows, width / columns
    stroke = colour(rng, 0, 160)
    for cell in range(rows * columns):
        left, top = cell % columns * wide, cell // columns * tall
        box = _axes(rng, pen, ink, (left, top, left + wide, top + tall))
        _series(rng, pen, box, stroke, int(rng.integers(1, 4)))
    return np.array(image)


def bar_chart(rng, height, width):
    """Bars, standing or lying, single or in groups, or a histogram."""
    image, pen, ink = ground(rng, height, width)
    left, top, right, bottom = _axes(rng, pen, ink, (0, 0, width, height))
    n, groups = int(rng.integers(3, 40)), int(rng.integers(1, 4))
    fills = [colour(rng, 20, 220) for _ in range(groups)]
    lying = rng.random() < 0.35
    start, length = (top, bottom - top) if lying else (left, right - left)
    slot = length / n
    for place in range(n * groups):
        value = rng.uniform(0.05, 1.0)
        a = start + slot * (place // groups + 0.1 + 0.8 * (place % groups) / groups)
        b = a + 0.8 * slot / groups
        if lying:
            spot = (left, a, left + value * (right - left), b)
        else:
            spot = (a, bottom - value * (bottom - top), b, bottom)
        pen.rectangle(spot, fill=fills[place % groups])
    return np.array(image)


def scatter(rng, height, width):
    """Clouds of points, or a box plot."""
    image, pen, ink = ground(rng, height, width)
    box = _axes(rng, pen, ink, (0, 0, width, height))
    size = np.array([box[2] - box[0], box[3] - box[1]])
    for _ in range(int(rng.integers(1, 5))):
        fill, r = colour(rng, 0, 200), rng.uniform(1.5, 7.0)
        centre, spread = rng.uniform(0.2, 0.8, 2), rng.uniform(0.03, 0.25, 2)
        for x, y in (centre + rng.normal(0, 1, (int(rng.integers(10, 250)), 2)) * spread) * size:
            pen.ellipse((box[0] + x - r, box[1] + y - r, box[0] + x + r, box[1] + y + r), fill=fill)
    return np.array(image)


def pie_chart(rng, height, width):
    """One to four pies or rings."""
    image, pen, ink = ground(rng, height, width)
    n = int(rng.integers(1, 5))
    for pie in range(n):
        r = 0.42 * min(height, width / n)
        x, y = width * (pie + 0.5) / n, height / 2
        cuts = np.concatenate([[0], np.sort(rng.uniform(0, 360, int(rng.integers(1, 9)))), [360]])
        for start, stop in zip(cuts[:-1], cuts[1:], strict=True):
            pen.pieslice((x - r, y - r, x + r, y + r), start, stop, colour(rng, 20, 240), ink)
        if rng.random() < 0.4:
            pen.ellipse((x - r / 2, y - r / 2, x + r / 2, y + r / 2), fill=GROUNDS[0])
        pen.text((x, 6), f"group {pie}", fill=ink, font=font(16), anchor="mt")
    return np.array(image)


def waveform(rng, height, width):
    """Sound: one to four tracks, mirrored about their middle."""
    image, pen, ink = ground(rng, height, width)
    tracks, step = int(rng.integers(1, 5)), int(rng.choice([1, 1, 2, 6]))
    stroke = colour(rng, 0, 180)
    for track in range(tracks):
        middle, reach = height * (track + 0.5) / tracks, height * 0.48 / tracks
        n = width // step + 1
        loud = cloud(rng, 2, n, int(rng.integers(4, 30)), 4)[0] ** rng.uniform(0.6, 3.0)
        loud = loud * rng.uniform(0.2, 1.0, n)
        for place, tall in enumerate(loud * reach):
            x = place * step
            pen.line((x, middle - tall, x, middle + tall), fill=stroke, width=max(step - 2, 1))
        pen.line((0, middle, width, middle), fill=ink)
    return np.array(image)


def candles(rng, height, width):
    """Prices: a candle a day, with volumes below."""
    image, pen, ink = ground(rng, height, width)
    left, top, right, bottom = _axes(rng, pen, ink, (0, 0, width, height))
    n = int(rng.integers(20, 140))
    walk = np.cumsum(rng.normal(0, 1, n + 1))
    walk = (walk - walk.min()) / max(np.ptp(walk), 1e-6) * 0.6 + 0.05
    wide = (right - left) / n
    for day in range(n):
        x, up = left + day * wide, walk[day + 1] > walk[day]
        ends = bottom - np.sort(walk[day : day + 2])[::-1] * (bottom - top)
        fill = (30, 150, 90) if up else (200, 50, 50)
        pen.line((x + wide / 2, ends[0] - 9, x + wide / 2, ends[1] + 9), fill=fill)
        pen.rectangle((x + 1, ends[0], x + max(wide - 1, 2), ends[1] + 1), fill=fill)
        pen.rectangle((x + 1, bottom - rng.uniform(2, 0.15 * height), x + wide, bottom), fill=fill)
    return np.array(image)


def ground(rng, height, width):
    """(image, pen, ink): the empty sheet of a chart."""
    ground = GROUNDS[int(rng.integers(len(GROUNDS)))]
    image = Image.new("RGB", (width, height), ground)
    return image, ImageDraw.Draw(image), (20, 20, 20) if ground[0] > 128 else (220, 220, 220)


def _axes(rng, pen, ink, room):
    """Axes with ticks, numbers and at times a grid; (left, top, right, bottom) inside them."""
    wide, tall = room[2] - room[0], room[3] - room[1]
    left, right = room[0] + rng.uniform(0.06, 0.14) * wide, room[2] - 0.04 * wide
    top, bottom = room[1] + 0.08 * tall, room[3] - rng.uniform(0.08, 0.16) * tall
    face = font(int(np.clip(tall / 25, 7, 18)))
    ticks, grid = int(rng.integers(3, 10)), rng.random() < 0.5
    for tick in range(ticks + 1):
        y, x = bottom - tick * (bottom - top) / ticks, left + tick * (right - left) / ticks
        pen.line((left - 5, y, right if grid else left, y), fill=(190, 190, 190) if grid else ink)
        pen.line((x, bottom + 5, x, top if grid else bottom), fill=(190, 190, 190) if grid else ink)
        pen.text((left - 8, y), str(tick * 10), fill=ink, font=face, anchor="rm")
        pen.text((x, bottom + 7), str(tick), fill=ink, font=face, anchor="mt")
    pen.line((left, top, left, bottom, right, bottom), fill=ink, width=2)
    if rng.random() < 0.4:
        pen.rectangle((left, top, right, bottom), outline=ink)
    pen.text(((left + right) / 2, room[1] + 2), "Results by year", fill=ink, font=face, anchor="mt")
    return left, top, right, bottom


def _series(rng, pen, box, stroke, thick: int) -> None:
    """One curve: a walk, waves, noise, a trend, steps or a bell."""
    left, top, right, bottom = box
    n = int(rng.choice([6, 12, 30, 120, 400]))
    x, kind = np.linspace(0, 1, n), int(rng.integers(6))
    if kind == 0:
        y = np.cumsum(rng.normal(0, 1, n))
    elif kind == 1:
        y = np.sin(x * rng.uniform(3, 90) + rng.random()) * np.exp(-x * rng.uniform(0, 3))
    elif kind == 2:
        y = rng.normal(0, 1, n)
    elif kind == 3:
        y = x ** rng.uniform(0.3, 4) * rng.choice([-1, 1]) + rng.normal(0, 0.05, n)
    elif kind == 4:
        y = np.round(4 * np.sin(x * rng.uniform(3, 30)))
    else:
        y = np.exp(-(((x - rng.random()) / rng.uniform(0.03, 0.3)) ** 2))
    y = (y - y.min()) / max(np.ptp(y), 1e-6) * rng.uniform(0.3, 0.95)
    path = np.stack([left + x * (right - left), bottom - (y + 0.02) * (bottom - top)], axis=1)
    pen.line(path.ravel().tolist(), fill=stroke, width=thick, joint="curve")
