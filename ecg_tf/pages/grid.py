"""The empty paper: millimetre lines or dots in the colours of a style, and ink laid on it."""

import numpy as np
from PIL import Image

from ecg_tf.pages.styles import Style


def grid_paper(size: tuple[int, int], scale: float, style: Style, start=(0.0, 0.0)) -> np.ndarray:
    """The empty paper, uint8 (height, width, 3), at `scale` pixels a millimetre.

    `start` moves the grid down and to the right, in pixels.
    """
    down, across = (
        _levels(style, scale, length, origin) for length, origin in zip(size, start, strict=True)
    )
    if style.dots:
        # The heavier lines are dotted too: they show only where the fine pitch has a dot.
        index = np.minimum.outer(down["minor"], across["minor"])
        index = np.maximum(index, np.minimum.outer(down["major"], across["gate"]))
        index = np.maximum(index, np.minimum.outer(down["gate"], across["major"]))
    else:
        lines = (np.maximum(side["minor"], side["major"]) for side in (down, across))
        index = np.maximum.outer(*lines)
    # One byte a pixel until here; Pillow looks the colours up faster than numpy does.
    image = Image.fromarray(index)
    image.putpalette(_palette(style).ravel().tolist())
    return np.array(image.convert("RGB"))


def _levels(style: Style, scale: float, length: int, origin: float) -> dict[str, np.ndarray]:
    """Lines along one side as palette entries: 0..127 minor, from 129 on major."""
    minor = _rules(length, scale, style.minor_width * scale, origin)
    major = _rules(length, 5.0 * scale, style.major_width * scale, origin)
    fine, coarse = (minor * 127).astype(np.uint8), (major * 126 + 129).astype(np.uint8)
    gate = np.where(fine > 0, fine + 128, 0).astype(np.uint8)
    return {"minor": fine, "major": np.where(major > 0, coarse, 0).astype(np.uint8), "gate": gate}


def _rules(length: int, pitch: float, width: float, start: float) -> np.ndarray:
    """Coverage 0..1 of each pixel by lines `width` wide every `pitch` pixels: (length,)."""
    away = (np.arange(length) + 0.5 - start) % pitch
    away = np.minimum(away, pitch - away)
    return np.clip((width + 1.0) / 2.0 - away, 0.0, min(width, 1.0))


def _palette(style: Style) -> np.ndarray:
    """Colours for 0..127 (paper to minor line) and 128..255 (paper to major line)."""
    part = np.arange(128)[:, None] / 127.0
    paper = np.array(style.paper, float)
    shades = [paper + part * (np.array(end) - paper) for end in (style.minor, style.major)]
    return np.concatenate(shades).round().astype(np.uint8)


def print_ink(paper: np.ndarray, mask: np.ndarray, colour) -> None:
    """Lays ink of `colour` on the paper (h, w, 3), in place, where the mask (h, w) is not 0."""
    spots = np.flatnonzero(mask)  # a few per cent of the pixels: far faster than a full blend
    share = mask.ravel()[spots, None].astype(np.float32) / 255.0
    flat = paper.reshape(-1, 3)
    flat[spots] = flat[spots] + (np.array(colour, np.float32) - flat[spots]) * share
