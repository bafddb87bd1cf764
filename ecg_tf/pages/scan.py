"""Effects that leave everything where it is: light, lens, folds, stains, ink, files, pens.

Every function takes an image uint8 (h, w, 3), a severity 1..5 and a generator. Lengths follow the
page's width, so that a severity means the same on a large scan and a small one.
"""

from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ecg_tf.pages.strokes import scribble

COARSE = 24  # cells a side of the maps that shade a page


def _smooth(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A coarse map (n, m) in 0..1 as a smooth one of `size` (height, width), float32."""
    picture = Image.fromarray((np.clip(cells, 0.0, 1.0) * 255).astype(np.uint8))
    wide = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(wide).astype(np.float32) / 255.0


def _field() -> tuple[np.ndarray, np.ndarray]:
    """Coordinates 0..1 of the coarse cells: down and across, each (n, n)."""
    return np.meshgrid(*(np.linspace(0.0, 1.0, COARSE),) * 2, indexing="ij")


def _shade(image: np.ndarray, light: np.ndarray) -> np.ndarray:
    """The image in this light, 0 (dark) to 1, float32 (h, w)."""
    grey = Image.fromarray((np.clip(light, 0.0, 1.0) * 255.0).astype(np.uint8))
    lit = ImageChops.multiply(Image.fromarray(image), Image.merge("RGB", (grey,) * 3))
    return np.array(lit)


def _towards(image: np.ndarray, colour, share: np.ndarray) -> np.ndarray:
    """The image blended towards one colour; share float32 (h, w), 1 is the colour alone."""
    picture = Image.fromarray(image)
    mask = Image.fromarray((np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint8))
    picture.paste(tuple(int(part) for part in colour), (0, 0), mask)
    return np.array(picture)


def shadow(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """The shadow of a hand or a book: a dark side with a soft edge, on uneven light."""
    down, across = _field()
    turn = rng.uniform(0.0, 6.28)
    along = (down - 0.5) * np.sin(turn) + (across - 0.5) * np.cos(turn)
    edge = 1.0 / (1.0 + np.exp(-(along - rng.uniform(-0.3, 0.3)) / rng.uniform(0.01, 0.15)))
    dark = (0.0, 0.10, 0.20, 0.31, 0.43, 0.56)[severity]
    uneven = 1.0 - 0.25 * dark * (along + 0.7)
    return _shade(image, _smooth((1.0 - dark * edge) * uneven, image.shape[:2]))


def glare(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """A lamp mirrored in glossy paper: the trace pales or disappears inside a bright patch."""
    down, across = _field()
    at, wide = rng.uniform(0.1, 0.9, 2), (0.0, 0.05, 0.07, 0.10, 0.13, 0.17)[severity]
    far = ((down - at[0]) / wide) ** 2 + ((across - at[1]) / wide * rng.uniform(0.6, 1.4)) ** 2
    strength = (0.0, 0.4, 0.55, 0.7, 0.82, 0.94)[severity]
    return _towards(image, (255, 255, 255), _smooth(strength * np.exp(-0.5 * far), image.shape[:2]))


def blur(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Out of focus, in parts of the page's width so that it means the same at every size."""
    radius = (0.0, 0.5, 0.8, 1.2, 1.7, 2.3)[severity] * image.shape[1] / 1046 * rng.uniform(0.8, 1)
    return np.array(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def crease(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Folds: thin dark lines with a bright rim across the page, shading on one side."""
    height, width = image.shape[:2]
    light = np.full((height, width), 0.96, np.float32)
    down, across = np.ogrid[:height, :width]
    depth = (0.0, 0.06, 0.11, 0.17, 0.24, 0.32)[severity]
    away = np.linspace(-80.0, 80.0, 1601, dtype=np.float32)  # of a fold, in 1/1046 of the width
    profile = 0.5 * np.exp(-0.5 * ((away - 3.0) / 1.5) ** 2) - np.exp(-0.5 * (away / 1.3) ** 2)
    profile = depth * (profile - 0.3 * np.exp(away / 25.0) * (away < 0.0))
    for _ in range((0, 1, 1, 2, 3, 4)[severity]):
        tilt, at = rng.normal(0.0, 0.06), rng.uniform(0.15, 0.85)
        if rng.random() < 0.5:
            far = (down - at * height) - tilt * across
        else:
            far = (across - at * width) - tilt * down
        spot = np.clip(far * (10.0 * 1046.0 / width) + 800.0, 0, 1600).astype(np.int16)
        light += profile[spot]
    return _shade(image, light)


def stain(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Coffee: brown rings and patches that tint the paper."""
    height, width = image.shape[:2]
    out = image.astype(np.float32)
    tint = np.array([150.0, 105.0, 55.0], np.float32) / 255.0
    strength = (0.0, 0.14, 0.22, 0.31, 0.41, 0.52)[severity]
    for _ in range((0, 1, 1, 2, 2, 3)[severity]):
        radius = width * rng.uniform(0.05, 0.12)
        at = rng.uniform(0.0, 1.0, 2) * (height, width)
        top, left = (max(int(side - 1.4 * radius), 0) for side in at)
        part = out[top : int(at[0] + 1.4 * radius), left : int(at[1] + 1.4 * radius)]
        down, across = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
        far = np.hypot(down - at[0], across - at[1]) / radius
        turn = np.arctan2(down - at[0], across - at[1])
        far = far + 0.025 * np.sin(2 * turn + at[0]) + 0.012 * np.sin(5 * turn + at[1])
        ring = np.exp(-0.5 * ((far - 1.0) / 0.05) ** 2)
        share = strength * np.maximum(ring, 0.45 / (1.0 + np.exp((far - 1.0) / 0.02)))
        part *= 1.0 - share[..., None] * (1.0 - tint)
    return out.clip(0, 255).astype(np.uint8)


def fading(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Old thermal paper: the ink pales, unevenly, and the paper yellows a little."""
    fade = (0.0, 0.18, 0.32, 0.46, 0.58, 0.69)[severity]
    paper = np.median(image[::16, ::16].reshape(-1, 3), axis=0)
    uneven = _smooth(fade * rng.uniform(0.75, 1.0, (5, 7)), image.shape[:2])
    pale = Image.fromarray(_towards(image, paper, uneven))
    yellow = (255, round(255 * (1.0 - 0.03 * fade)), round(255 * (1.0 - 0.14 * fade)))
    return np.array(ImageChops.multiply(pale, Image.new("RGB", pale.size, yellow)))


def jpeg(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Saved with a low JPEG quality."""
    quality = (95, 60, 40, 25, 15, 9)[severity] + int(rng.integers(0, 4))
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file, formats=("JPEG",)))


def marks(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Handwriting: words, underlines, circles, arrows in pen."""
    picture = Image.fromarray(image)
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    pens = ((25, 40, 140), (20, 20, 25), (170, 25, 30), (30, 110, 60))
    for _ in range((0, 1, 2, 3, 5, 8)[severity]):
        colour, thick = pens[int(rng.integers(4))], max(round(width * rng.uniform(0.001, 0.003)), 1)
        x, y = rng.uniform(0.03, 0.8) * width, rng.uniform(0.05, 0.95) * height
        kind = int(rng.integers(4))
        if kind < 2:
            scribble(rng, pen, (x, y), width * rng.uniform(0.008, 0.018), colour, thick)
        elif kind == 2:
            wide, high = rng.uniform(0.03, 0.12, 2) * (width, height)
            pen.ellipse((x, y, x + wide, y + high), outline=colour, width=thick)
        else:
            end = (x + rng.uniform(0.03, 0.2) * width, y + rng.uniform(-0.03, 0.03) * height)
            pen.line((x, y, *end), fill=colour, width=thick)
    return np.array(picture)


def low_resolution(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Fewer pixels, then stretched back to the size it had."""
    share = (1.0, 0.75, 0.6, 0.47, 0.37, 0.29)[severity] * rng.uniform(0.95, 1.05)
    height, width = image.shape[:2]
    wide = share * min(1046 / width, 1.0)  # a large scan has pixels to spare
    picture = Image.fromarray(image)
    small = picture.resize((max(round(width * wide), 32), max(round(height * wide), 32)), 2)
    return np.array(small.resize((width, height), Image.Resampling.BILINEAR))


def noise(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """Grain of a camera in poor light."""
    level = (0.0, 4.0, 8.0, 13.0, 19.0, 27.0)[severity]
    grain = (rng.standard_normal(image.shape[:2], dtype=np.float32) * level).astype(np.int16)
    out = image.astype(np.int16)
    for channel in range(3):  # one grain for all three, shifted: a third of the time
        out[..., channel] += np.roll(grain, int(rng.integers(grain.size)))
    return out.clip(0, 255).astype(np.uint8)
