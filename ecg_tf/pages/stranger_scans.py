"""Medical pictures that are no ECG: X-ray-like, tomography-like, ultrasound, microscopy.

Each function takes a random generator, a height and a width, and returns uint8 (h, w, 3).
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ecg_tf.pages.stranger_pictures import cloud, colour, tint


def chest(rng, height, width):
    """A chest X-ray: bright body, dark lungs, ribs, spine, heart."""
    body, pen = _dark(height, width, int(rng.integers(0, 40)))
    x, y = width * rng.uniform(0.46, 0.54), height * 0.55
    wide, tall = width * rng.uniform(0.36, 0.48), height * rng.uniform(0.45, 0.6)
    pen.ellipse((x - wide, y - tall, x + wide, y + 1.3 * tall), fill=int(rng.integers(110, 180)))
    for side in (-1, 1):
        centre = x + side * wide * 0.45
        lung = (centre - wide * 0.32, y - tall * 0.7, centre + wide * 0.32, y + tall * 0.5)
        pen.ellipse(lung, fill=int(rng.integers(30, 80)))
        for rib in range(int(rng.integers(5, 10))):
            level = y - tall * 0.75 + rib * tall * 0.16
            arc = (centre - wide * 0.42, level, centre + wide * 0.42, level + tall * 0.35)
            pen.arc(arc, 180, 360, fill=int(rng.integers(90, 150)), width=max(height // 45, 2))
    pen.rectangle((x - wide * 0.07, y - tall, x + wide * 0.07, y + tall), fill=200)
    pen.ellipse((x - wide * 0.1, y - tall * 0.1, x + wide * 0.4, y + tall * 0.5), fill=190)
    return _film(rng, body, height * 0.012)


def bones(rng, height, width):
    """Bright rods with thick ends, as of a hand, an arm or a leg."""
    film, pen = _dark(height, width, int(rng.integers(0, 30)))
    for _ in range(int(rng.integers(1, 14))):
        start = rng.uniform(0.1, 0.9, 2) * (width, height)
        end = start + rng.normal(0.0, 0.25, 2) * (width, height)
        thick = rng.uniform(0.01, 0.06) * height
        soft = max(int(thick * 3), 1)
        pen.line((*start, *end), fill=int(rng.integers(60, 110)), width=soft)
        pen.line((*start, *end), fill=int(rng.integers(150, 250)), width=max(int(thick), 1))
        for x, y in (start, end):
            pen.ellipse((x - thick, y - thick, x + thick, y + thick), fill=220)
    return _film(rng, film, height * 0.008)


def slice_scan(rng, height, width):
    """A slice of a head or a belly: a bright ring, blobs within; at times a sheet of slices."""
    rows, columns = ((1, 1), (1, 1), (2, 2), (3, 4), (4, 5))[int(rng.integers(5))]
    film, pen = _dark(height, width, 0)
    tall, wide = height / rows, width / columns
    shape = rng.uniform(0.6, 0.9, 2)
    for cell in range(rows * columns):
        x, y = (cell % columns + 0.5) * wide, (cell // columns + 0.5) * tall
        a, b = shape * min(tall, wide) / 2
        pen.ellipse((x - a, y - b, x + a, y + b), fill=230)
        pen.ellipse((x - 0.92 * a, y - 0.92 * b, x + 0.92 * a, y + 0.92 * b), fill=95)
        for _ in range(int(rng.integers(3, 14))):
            u, v = x + rng.uniform(-0.6, 0.6) * a, y + rng.uniform(-0.6, 0.6) * b
            r, s = rng.uniform(0.05, 0.3, 2) * min(a, b)
            pen.ellipse((u - r, v - s, u + r, v + s), fill=int(rng.integers(20, 220)))
    return _film(rng, film, min(tall, wide) * 0.01)


def echo(rng, height, width):
    """An ultrasound sector on black, with chambers, scales and often an ECG line below."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    tip = (width * rng.uniform(0.4, 0.6), height * rng.uniform(0.02, 0.12))
    far = np.hypot(x - tip[0], y - tip[1]) / (height * rng.uniform(0.75, 0.95))
    angle = np.arctan2(x - tip[0], y - tip[1])
    inside = (far < 1.0) & (far > 0.03) & (abs(angle) < rng.uniform(0.5, 0.85))
    speckle = cloud(rng, height, width, 8, 3) * rng.gamma(1.5, 0.6, (height, width))
    chambers = cloud(rng, height, width, int(rng.integers(4, 8)))
    light = inside * speckle * np.clip((chambers - 0.35) * 3.0, 0.05, 1.0)
    image = Image.fromarray(tint(light, (0, 0, 0), (235, 235, 235)))
    pen = ImageDraw.Draw(image)
    if rng.random() < 0.5:  # colour flow
        spot = rng.uniform(0.35, 0.65, 2) * (width, height)
        for _ in range(60):
            u, v = spot + rng.normal(0, 0.05, 2) * (width, height)
            pen.ellipse(
                (u, v, u + 9, v + 9), fill=(230, 60, 20) if rng.random() < 0.5 else (30, 60, 230)
            )
    _screen_words(rng, pen, height, width)
    if rng.random() < 0.6:
        _pulse_line(rng, pen, height * 0.94, width, height * 0.05)
    return np.array(image)


def doppler(rng, height, width):
    """A flow spectrum: bright hills above or below a base line, beat after beat, on black."""
    at = np.linspace(0, rng.uniform(3, 9), width) + rng.random()
    beat = at % 1.0
    hill = np.maximum(np.sin(beat * 6.28), 0) + rng.uniform(0, 0.8) * np.exp(
        -(((beat - 0.7) / 0.08) ** 2)
    )
    hill *= 1.0 + 0.1 * rng.normal(size=width)
    base, reach = height * rng.uniform(0.3, 0.8), height * rng.uniform(0.2, 0.4)
    over = (base - np.arange(height))[:, None] / reach * (1 if rng.random() < 0.5 else -1)
    level = np.clip(hill[None, :] - over, 0, 1) * (over > 0)
    light = level**0.4 * rng.gamma(2.0, 0.35, (height, width))
    image = Image.fromarray(tint(light, (0, 0, 0), colour(rng, 170, 256)))
    pen = ImageDraw.Draw(image)
    pen.line((0, base, width, base), fill=(200, 200, 200))
    _screen_words(rng, pen, height, width)
    _pulse_line(rng, pen, height * 0.93, width, height * 0.05)
    return np.array(image)


def cells(rng, height, width):
    """Round cells under a microscope, or the spots of a retina."""
    image = Image.fromarray(tint(cloud(rng, height, width, 4, 4), colour(rng, 120, 230),
                                 colour(rng, 190, 256)))  # fmt: skip
    pen, skin, core = ImageDraw.Draw(image), colour(rng, 90, 220), colour(rng, 30, 140)
    for _ in range(int(rng.integers(20, 220))):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.01, 0.06) * height
        pen.ellipse((x - r, y - r, x + r, y + r), fill=skin, outline=core)
        pen.ellipse((x - r / 3, y - r / 3, x + r / 3, y + r / 3), fill=core)
    return np.array(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2.0))))


def _dark(height, width, level):
    image = Image.new("L", (width, height), level)
    return image, ImageDraw.Draw(image)


def _film(rng, image, blur: float):
    """Blurred, grained, at times as a negative."""
    grey = np.asarray(image.filter(ImageFilter.GaussianBlur(max(blur, 0.5)))).astype(np.float32)
    height, width = grey.shape
    grey *= 0.75 + 0.4 * cloud(rng, height, width, 5, 4)
    grey += rng.normal(0.0, rng.uniform(1, 10), grey.shape)
    grey = 255.0 - grey if rng.random() < 0.2 else grey
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _screen_words(rng, pen, height, width):
    for row in range(int(rng.integers(2, 8))):
        word = rng.choice(["MI", "TIS", "FR", "Depth", "Gain", "PW", "Vmax"])
        words = f"{word} {rng.integers(1, 99)}"
        pen.text((width * 0.02, height * (0.05 + 0.05 * row)), words, fill=(210, 210, 210))


def _pulse_line(rng, pen, level, width, reach):
    at = np.linspace(0.0, rng.uniform(2, 9), width // 2)
    beat = np.exp(-((((at % 1.0) - 0.5) / 0.02) ** 2)) + 0.2 * np.exp(
        -((((at % 1.0) - 0.8) / 0.06) ** 2)
    )
    path = np.stack([np.arange(width // 2) * 2.0, level - reach * beat], axis=1)
    pen.line(path.ravel().tolist(), fill=(60, 220, 90), width=2)
