"""Curves on paper and screens that are no 12-lead ECG, and the paper without any.

Each function takes a random generator, a height and a width, and returns uint8 (h, w, 3).
"""

import numpy as np
from PIL import Image, ImageDraw

from ecg_tf.pages.grid import grid_paper, print_ink
from ecg_tf.pages.paper import draw_strips, ink_mask, lay_out
from ecg_tf.pages.stranger_pictures import colour
from ecg_tf.pages.strokes import font
from ecg_tf.pages.styles import ASKED_FOR, LAYOUTS, draw_style

CHANNELS = ("Fp1-F7", "F7-T3", "T3-T5", "T5-O1", "Fp2-F8", "F8-T4", "C3-P3", "Cz-Pz", "EOG", "EMG")
SECONDS, RATE = 10, 500


def empty_paper(rng, height, width):
    """Millimetre paper with nothing on it."""
    look = draw_style(rng)
    return grid_paper((height, width), width / 265.0 * rng.uniform(0.5, 2.0), look)


def impostor(rng, height, width):
    """An ECG's paper, layout and lead names with curves that no heart makes."""
    look = draw_style(rng)
    layout = str(rng.choice(LAYOUTS + ASKED_FOR))
    sheet = lay_out(layout, look, (height, width), 10.0, 25.0, draw_strips(rng, layout))
    kind = int(rng.integers(5))
    signal = np.stack([_no_heart(rng, kind) for _ in range(12)], axis=1)
    image = grid_paper((height, width), sheet.scale, look)
    print_ink(image, ink_mask(sheet, signal, RATE), look.trace)
    return image


def brain_waves(rng, height, width):
    """An electroencephalogram: 8 to 32 unquiet lines with their names, one under another."""
    image, pen, ink = _paper(rng, height, width)
    n, left = int(rng.integers(8, 33)), width * rng.uniform(0.0, 0.1)
    reach = height / n * rng.uniform(0.3, 1.2)
    band = rng.uniform(15.0, 160.0)
    shared = _waves(rng, width, band)
    for line in range(n):
        level = height * (line + 0.5) / n
        curve = 0.6 * shared * rng.normal() + _waves(rng, width, band * rng.uniform(0.7, 1.4))
        curve += 2.0 * _spikes(rng, width, int(rng.integers(0, 4)))
        _line(pen, left, width, level - 0.35 * reach * curve, ink)
        if left > 20:
            pen.text((2, level), CHANNELS[line % 10], fill=ink, font=font(10), anchor="lm")
    return np.array(image)


def monitor(rng, height, width):
    """A bedside screen: coloured curves on black beside large numbers."""
    image = Image.new("RGB", (width, height), colour(rng, 0, 24))
    pen = ImageDraw.Draw(image)
    n = int(rng.integers(2, 7))
    for row in range(n):
        stroke = colour(rng, 60, 256)
        level, reach = height * (row + 0.6) / n, height * 0.35 / n
        phase = np.linspace(0, rng.uniform(3, 14), int(width * 0.75)) % 1.0
        shapes = (np.exp(-(((phase - 0.4) / 0.02) ** 2)), np.sin(phase * 3.14) ** 2, phase < 0.5)
        curve = np.asarray(shapes[row % 3], float) + 0.03 * rng.normal(size=len(phase))
        _line(pen, 0, width * 0.75, level - reach * curve, stroke, 2)
        number, face = str(rng.integers(12, 180)), font(int(height * 0.6 / n))
        pen.text((width * 0.98, level), number, fill=stroke, font=face, anchor="rm")
    return np.array(image)


def birth_strip(rng, height, width):
    """A cardiotocogram: one wavering line above, hills of contractions below."""
    image, pen, ink = _paper(rng, height, width, grid=True)
    wander = np.cumsum(rng.normal(0, 1, width)) / width**0.5 + 0.15 * rng.normal(size=width)
    wander += 1.2 * _spikes(rng, width, int(rng.integers(2, 9)), 0.015)
    _line(pen, 0, width, height * (0.3 - 0.06 * wander), ink, 2)
    hills = _spikes(rng, width, int(rng.integers(2, 8)), 0.03) + 0.02 * rng.normal(size=width)
    _line(pen, 0, width, height * (0.92 - 0.2 * abs(hills)), ink, 2)
    return np.array(image)


def single_strip(rng, height, width):
    """One curve across paper or screen: a pulse, a breath, an ECG drawn by hand, a tremor."""
    image, pen, ink = _paper(rng, height, width, grid=rng.random() < 0.6)
    phase = np.linspace(0, rng.uniform(2, 16), width) % 1.0
    kind = int(rng.integers(4))
    if kind == 0:
        curve = np.exp(-(((phase - 0.3) / 0.1) ** 2)) + 0.4 * np.exp(-(((phase - 0.6) / 0.12) ** 2))
    elif kind == 1:
        curve = (phase > 0.3) * np.minimum(1.0, (phase - 0.3) * 8) * (phase < 0.8)
    elif kind == 2:
        curve = np.exp(-(((phase - 0.5) / 0.015) ** 2)) - 0.25 * np.exp(
            -(((phase - 0.54) / 0.02) ** 2)
        )
        curve += 0.2 * np.exp(-(((phase - 0.75) / 0.06) ** 2))
    else:
        curve = 0.3 * _waves(rng, width, rng.uniform(20, 200))
    level, reach = height * rng.uniform(0.4, 0.7), height * rng.uniform(0.05, 0.35)
    _line(pen, 0, width, level - reach * curve, ink, int(rng.integers(1, 6)))
    return np.array(image)


def earthquake(rng, height, width):
    """A seismogram: many quiet lines, one or more of them shaken."""
    image, pen, ink = _paper(rng, height, width)
    n = int(rng.integers(1, 26))
    for line in range(n):
        shake = 0.1 + (rng.random() < 0.3) * 4.0 * np.exp(
            -np.clip(np.linspace(0, 1, width) - rng.random(), 0, 1) * 8
        ) * (np.linspace(0, 1, width) > rng.random())
        curve = shake * _waves(rng, width, rng.uniform(60, 300))
        _line(pen, 0, width, height * ((line + 0.5) / n - 0.3 * curve / n), ink)
    return np.array(image)


def loops(rng, height, width):
    """Closed or open loops on axes: spirometry, vectors, knots."""
    image, pen, ink = _paper(rng, height, width, grid=rng.random() < 0.5)
    for _ in range(int(rng.integers(1, 7))):
        turn = np.linspace(0, 6.28, 200)
        wave = [sum(rng.normal() * np.cos(k * turn + rng.uniform(0, 6.28)) / k for k in (1, 2, 3))
                for _ in "xy"]  # fmt: skip
        centre = rng.uniform(0.25, 0.75, 2) * (width, height)
        path = centre + np.stack(wave, axis=1) * 0.14 * min(height, width)
        pen.line(path.ravel().tolist(), fill=ink, width=int(rng.integers(1, 5)))
    pen.line((width * 0.05, height / 2, width * 0.95, height / 2), fill=ink)
    return np.array(image)


def _no_heart(rng, kind: int) -> np.ndarray:
    """One lead that beats in no way, mV (SECONDS * RATE,)."""
    n = SECONDS * RATE
    time = np.arange(n) / RATE + rng.random()
    if kind == 0:
        return np.zeros(n)
    if kind == 1:  # slow waves: breathing, not beating
        return rng.uniform(0.2, 0.9) * np.sin(6.28 * rng.uniform(0.1, 0.7) * time)
    if kind == 2:
        return np.where(time % rng.uniform(0.5, 2.5) < 0.4, rng.uniform(0.2, 0.9), 0.0)
    if kind == 3:
        walk = np.cumsum(rng.normal(0, 1, n))
        return rng.uniform(0.5, 1.0) * (walk - walk.mean()) / np.std(walk)
    return rng.uniform(0.1, 0.5) * _waves(rng, n, rng.uniform(200, 900))


def _waves(rng, n: int, bumps: float) -> np.ndarray:
    """Unquiet curve of about `bumps` bumps, mean 0 and deviation 1: (n,)."""
    points = max(int(2 * bumps), 4)
    curve = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, points), rng.normal(size=points))
    return (curve - curve.mean()) / max(float(curve.std()), 1e-6)


def _spikes(rng, n: int, count: int, wide: float = 0.004) -> np.ndarray:
    at = np.linspace(0, 1, n)
    curve = np.zeros(n)
    for _ in range(count):
        curve += rng.uniform(0.5, 1.5) * np.exp(-(((at - rng.random()) / wide) ** 2))
    return curve


def _paper(rng, height, width, grid: bool | None = None):
    """(image, pen, ink): plain or squared paper, now and then a dark screen."""
    dark = rng.random() < 0.15
    image = Image.new("RGB", (width, height), colour(rng, 0, 40) if dark else colour(rng, 225, 256))
    pen, stroke = ImageDraw.Draw(image), colour(rng, 170, 256) if dark else colour(rng, 0, 90)
    if grid if grid is not None else rng.random() < 0.3:
        faint = colour(rng, 40, 90) if dark else colour(rng, 170, 230)
        step = rng.uniform(8, 40)
        for place in np.arange(0, max(height, width), step):
            pen.line((0, place, width, place), fill=faint)
            pen.line((place, 0, place, height), fill=faint)
    return image, pen, stroke


def _line(pen, left, right, y: np.ndarray, stroke, thick: int = 1) -> None:
    x = np.linspace(left, right, len(y))
    pen.line(np.stack([x, y], axis=1).ravel().tolist(), fill=stroke, width=thick)
