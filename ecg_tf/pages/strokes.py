"""Lines and letters: anti-aliased traces, lead names, scribbles."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

OVER = 2  # traces are drawn at twice the size and averaged down

# Plotter letters: strokes on a grid 4 wide, 6 high, y downwards.
PLOTTER = {
    "I": [((2, 0), (2, 6))],
    "V": [((0, 0), (2, 6), (4, 0))],
    "a": [((4, 3), (1, 2.6), (0, 4.4), (1, 6), (4, 5)), ((4, 2.6), (4, 6))],
    "R": [((0, 6), (0, 0), (3, 0), (4, 1.5), (3, 3), (0, 3)), ((2, 3), (4, 6))],
    "L": [((0, 0), (0, 6), (4, 6))],
    "F": [((0, 6), (0, 0), (4, 0)), ((0, 3), (3, 3))],
    "1": [((1, 1), (2, 0), (2, 6))],
    "2": [((0, 1), (1, 0), (3, 0), (4, 1.4), (0, 6), (4, 6))],
    "3": [((0, 0), (4, 0), (2, 2.4), (4, 4), (3, 6), (0, 5.6))],
    "4": [((3, 6), (3, 0), (0, 4), (4, 4))],
    "5": [((4, 0), (0.6, 0), (0, 2.6), (3, 2.4), (4, 4), (3, 6), (0, 5.6))],
    "6": [((4, 0), (1, 2), (0, 4.4), (1, 6), (3, 6), (4, 4.4), (3, 3), (0, 4))],
}


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.ImageFont:
    """Pillow's own font, so that no font file is needed."""
    return ImageFont.load_default(max(size, 6))


def curve(mask: ImageDraw.ImageDraw, x: np.ndarray, y: np.ndarray, width: float) -> None:
    """Draws a polyline given in page pixels on a mask `OVER` times as large."""
    points = np.empty((len(x), 2), np.float32)
    points[:, 0], points[:, 1] = x * OVER, y * OVER
    mask.line(points.ravel().tolist(), fill=255, width=max(round(width * OVER), 1))


def write(mask: ImageDraw.ImageDraw, text: str, at, height: float, letters: str) -> None:
    """Draws a lead's name, its lower left corner at page pixels `at`, on the mask."""
    x, y = at[0] * OVER, at[1] * OVER
    height *= OVER
    if letters == "plotter":
        for letter in text:
            for stroke in PLOTTER[letter]:
                path = [(x + u * height / 7, y - height + v * height / 6) for u, v in stroke]
                mask.line(path, fill=230, width=max(round(height / 9), 1))
            x += height * (0.45 if letter == "I" else 0.85)
        return
    face = font(round(height * 1.25))
    bold = 1 if letters == "bold" else 0
    mask.text((x, y), text, fill=235, font=face, anchor="ls", stroke_width=bold)
    if letters == "serif":
        _serifs(mask, text, x, y, height, face)


# Where the upright strokes of a letter stand, in parts of its width, above and below.
STEMS = {"I": ((0.5,), (0.5,)), "V": ((0.12, 0.88), ()), "R": ((0.2,), (0.2,))}
STEMS |= {"L": ((0.2,), ()), "F": ((), (0.2,)), "1": ((), (0.5,))}


def _serifs(mask, text: str, x: float, y: float, height: float, face) -> None:
    """Short feet over and under the upright strokes."""
    thick, reach = max(round(height / 16), 1), height * 0.15
    for letter in text:
        wide = face.getlength(letter)
        for stems, level in zip(STEMS.get(letter, ()), (y - height * 0.9, y), strict=False):
            for stem in stems:
                middle = x + wide * stem
                mask.line((middle - reach, level, middle + reach, level), 235, thick)
        x += wide


def scribble(rng, draw: ImageDraw.ImageDraw, at, size: float, colour, width: int = 2) -> None:
    """Something like a handwritten word: arches, loops and long letters that run to the right."""
    letters = int(rng.integers(3, 9))
    steps = np.linspace(0.0, letters * 6.28, letters * 16)
    knots = np.arange(letters + 1) * 6.28
    tall = np.interp(steps, knots, rng.choice([0.5, 0.6, 0.8, 1.6], letters + 1))
    loop = np.interp(steps, knots, rng.uniform(-0.5, 0.6, letters + 1))
    base = np.interp(steps, knots, rng.choice([0.0, 0.0, 0.9], letters + 1))
    x = at[0] + size * (steps / 6.0 + loop * np.cos(steps) - 0.3 * tall * np.sin(steps))
    y = at[1] + size * (base - 0.5 * tall * (1.0 + np.sin(steps)))
    draw.line(np.stack([x, y], axis=1).ravel().tolist(), fill=colour, width=width, joint="curve")


def blank_mask(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty mask `OVER` times the size of the page, and the pen for it."""
    mask = Image.new("L", (width * OVER, height * OVER), 0)
    return mask, ImageDraw.Draw(mask)
