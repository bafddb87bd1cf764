"""A picture of drawn pages with the maps of all methods beside each other."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ecg_tf.explain.cases import drawn_case
from ecg_tf.explain.faithfulness import Method, Subject
from ecg_tf.explain.overlay import FAINT, INK, colours

TILE = (440, 176)  # width and height of one map
GAP = 14
HEAD = 26
TRUE = (30, 60, 130)  # outline of the leads that face the infarction


def gallery(
    subject: Subject, methods: Mapping[str, Method], titles: Mapping[str, str], pages: Sequence[int]
) -> Image.Image:
    """The drawn pages of these numbers, one column each, one row a method, RGB.

    The first row shows the network's input with the leads that face the infarction outlined; the
    heat of each map multiplies the same picture.
    """
    names = [name for name in titles if name in methods]
    width = GAP + len(pages) * (TILE[0] + GAP)
    height = GAP + (len(names) + 1) * (HEAD + TILE[1] + GAP)
    whole = Image.new("RGB", (width, height), "white")
    for column, number in enumerate(pages):
        case = drawn_case(number, subject.size)
        x = GAP + column * (TILE[0] + GAP)
        p = subject.predict(case.prepared[None])[0][case.label]
        paper = _paper(case.prepared)
        heading = f"drawn page {case.name}: probability of infarction {p:.2f}"
        _put(whole, x, 0, heading, _outlined(paper, case.truths["territory"]))
        for row, name in enumerate(names, 1):
            heat = methods[name](subject.model, case.prepared, case.label)
            _put(
                whole,
                x,
                row,
                titles[name],
                _outlined(_tinted(paper, heat), case.truths["territory"]),
            )
    return whole


def _put(whole: Image.Image, x: int, row: int, heading: str, picture: Image.Image) -> None:
    y = GAP + row * (HEAD + TILE[1] + GAP)
    pen = ImageDraw.Draw(whole)
    pen.text((x, y), heading, INK, ImageFont.load_default(17))
    whole.paste(picture, (x, y + HEAD))
    pen.rectangle((x, y + HEAD, x + TILE[0] - 1, y + HEAD + TILE[1] - 1), outline=FAINT)


def _paper(prepared: np.ndarray) -> np.ndarray:
    """The network's input as a picture of the size of a tile, uint8 (h, w, 3), ink kept."""
    picture = Image.fromarray(prepared.clip(0, 255).astype(np.uint8))
    return np.asarray(picture.resize(TILE, Image.Resampling.BOX))


def _tinted(paper: np.ndarray, heat: np.ndarray) -> np.ndarray:
    smooth = Image.fromarray(heat.astype(np.float32)).resize(TILE, Image.Resampling.BILINEAR)
    return (paper.astype(np.float32) * colours(np.asarray(smooth)) / 255.0).astype(np.uint8)


def _outlined(paper: np.ndarray, inside: np.ndarray) -> Image.Image:
    """The picture with a line along the edge of a mask."""
    mask = np.asarray(Image.fromarray(inside).resize(TILE, Image.Resampling.NEAREST))
    padded = np.pad(mask, 1)
    edge = mask & ~(padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:])
    picture = paper.copy()
    picture[edge] = TRUE
    return Image.fromarray(picture)
