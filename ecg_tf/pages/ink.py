"""The one preprocessing: from a page of any size to what a network sees, ink kept.

Everything here uses only functions that numpy and `keras.ops` share under the same names; `xp`
is either of them. With numpy it serves reports and workers without TensorFlow, with `keras.ops`
it is traced into the training pipeline and the exported graph.

Why not a plain resize: the trace is 2 to 5 pixels wide on a page of 2,213; averaged down to 224
it fades to the grey of the grid. Here the *darkness* is pooled with a power mean (the fourth root
of the average fourth power), which lies between the average (fades) and the maximum (staircases).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from ecg_tf.pages.block import CLEAR, completed, cut_short, find_block, out_of_place, paper_around
from ecg_tf.pages.lay_anew import laid_anew, put_back
from ecg_tf.pages.layout import WHOLE
from ecg_tf.pages.margins import find_paper, find_table
from ecg_tf.pages.other_layouts import Found, find_other, find_three, nothing
from ecg_tf.pages.pooling import BACKGROUND, as_float, either, pool, pool_matrix, unpool
from ecg_tf.pages.tilt import find_tilt, straighten, tilt_back

GRID_LEVEL = 0.25  # darkness (of 0..1) below which a pixel counts as paper or grid
FULL_LEVEL = 0.65  # darkness from which on a pixel is trace and nothing else


def ink(page, xp=np):
    """How much trace each pixel holds: float32 (h, w) in 0..1.

    `page` is float32 (h, w, 3), RGB 0..255. Darkness is measured in the brightest channel, which
    hides red, green, blue and orange grids, and against the brightness of the paper around, which
    takes out shadows and grey paper. The table round a page that was photographed holds none.
    """
    # As the maximum over the last axis, for which numpy takes many times as long.
    bright = xp.maximum(xp.maximum(page[..., 0], page[..., 1]), page[..., 2])
    height, width = bright.shape if xp is np else xp.shape(bright)
    paper = unpool(pool(bright, *BACKGROUND, xp=xp), height, width, xp)
    darkness = 1.0 - bright / xp.maximum(paper, 1.0)
    held = xp.clip((darkness - GRID_LEVEL) / (FULL_LEVEL - GRID_LEVEL), 0.0, 1.0)
    table = find_table(bright, xp)
    off = partial(unpool, table, height, width, xp)
    return either(xp.any(table > 0.0), lambda: held * (1.0 - off()), lambda: held, xp)


class Prepared(NamedTuple):
    """A page as a network sees it, and how it was laid out on the page that was read.

    `image` float32 (height, width, 3), trace 0 to paper 255, channels equal; `paper` (left, top,
    right, bottom) in 0..1 of the page; `tilt` as in `ecg_tf.pages.tilt`, and `aspect`, the
    paper's width by its height; `other` tells from where its leads were taken if the page is of
    another layout than the usual one, and `own` float32 (height, width, 1) is the page in its own
    layout, which the gate looks at.
    """

    image: object
    paper: tuple
    tilt: object
    aspect: object
    other: Found
    own: object


def prepare(page, height: int, width: int, xp=np):
    """The model's input: float32 (height, width, 3), trace 0 to paper 255, channels equal.

    `page` is float32 (h, w, 3), RGB 0..255: a whole page or a crop of its grid. The paper is
    found, cut out, pooled to the size asked for and, if its traces run askew, laid straight. If
    its four lines of traces are then not where they usually are, they are cut out and laid there;
    so are the leads of a page in one of the layouts of `ecg_tf.pages.other_layouts`.
    """
    return lay_out(page, height, width, xp).image


def lay_out(page, height: int, width: int, xp=np) -> Prepared:
    """What `prepare` does, and where things went."""
    paper, laid, tilt, aspect, block = laid_straight(page, height, width, xp)
    unclear = block.clear < CLEAR
    other = either(unclear, lambda: find_other(laid, aspect, xp), lambda: nothing(xp), xp)
    anew = other.form > 0.0
    seen = either(anew, lambda: laid_anew(laid, other, aspect, xp), lambda: laid, xp)
    grey, own = (255.0 * (1.0 - each) for each in (seen, laid))
    image = xp.stack([grey, grey, grey], axis=-1)
    return Prepared(image, paper, tilt, aspect, other, own[..., None])


def laid_straight(page, height: int, width: int, xp=np) -> tuple:
    """(paper, ink, tilt, aspect, block): the ink on the paper of a page, float32 (height, width),
    as `Prepared` has it but in its own layout, and the block of four lines that was looked for."""
    dark = ink(page, xp)

    def seen(paper):
        laid = _laid(dark, paper, height, width, xp)
        block = completed(find_block(laid[0], xp), laid[-1], xp)
        return tuple(as_float(edge, xp) for edge in paper), *laid, block

    def cut_out():
        """What is on the paper; or on the whole page, where that shows that the cut was wrong."""
        _, laid, _, aspect, block = on_paper
        whole = seen(WHOLE)
        lost = (block.clear < CLEAR) & (whole[-1].clear >= CLEAR)
        # Letters beyond the paper may pass for the fourth of the lines of which it holds three.
        lost = either(lost, lambda: find_three(laid, aspect, xp).form == 0.0, lambda: lost, xp)
        wrong = lost | ((block.clear >= CLEAR) & cut_short(whole[1], block, paper, xp))
        return either(wrong, lambda: whole, lambda: on_paper, xp)

    def moved():
        around = paper_around(block, paper, tilt, aspect)
        laid, tilted, wide = _laid(dark, around, height, width, xp)
        # The ends of a block that is small on the page were seen roughly, unless one was cut off.
        again = find_block(laid, xp)
        nearer = paper_around(again, around, tilted, wide)
        better = (again.clear >= CLEAR) & (block.left >= 0.0) & (block.right <= 1.0)
        around = tuple(xp.where(better, *edges) for edges in zip(nearer, around, strict=True))
        return around, *_laid(dark, around, height, width, xp)

    paper = find_paper(page, xp)
    on_paper = seen(paper)
    uncut = xp.all(xp.stack(on_paper[0]) == np.float32(WHOLE))
    *as_it_is, block = either(uncut, lambda: on_paper, cut_out, xp)
    paper, _, tilt, aspect = as_it_is
    # What is as it should be stays as it is, to the last bit.
    out = out_of_place(block, xp)
    return *either(out, moved, lambda: tuple(as_it_is), xp), block


def on_page(heat, laid: Prepared, xp=np):
    """A map float32 (height, width) of a prepared page, as it lies on the paper of the page."""
    tilt, aspect, other = laid.tilt, laid.aspect, laid.other
    back = either(other.form > 0.0, lambda: put_back(heat, other, aspect, xp), lambda: heat, xp)
    return _where_tilted(tilt_back, back, tilt, aspect, xp)


def _laid(dark, paper, height: int, width: int, xp) -> tuple:
    """(ink, tilt, aspect): the ink on the paper pooled to float32 (height, width) and laid
    straight."""
    left, top, right, bottom = paper
    rows, columns = dark.shape if xp is np else xp.shape(dark)
    down = pool_matrix(rows, height, top, bottom, xp)
    across = pool_matrix(columns, width, left, right, xp)
    pooled = xp.matmul(xp.matmul(down, xp.square(xp.square(dark))), xp.transpose(across))
    pooled = xp.sqrt(xp.sqrt(xp.clip(pooled, 0.0, 1.0)))
    sides = [as_float(side, xp) for side in (columns, rows)]
    aspect = (right - left) * sides[0] / xp.maximum((bottom - top) * sides[1], 1.0)
    tilt = find_tilt(pooled, xp)
    return _where_tilted(straighten, pooled, tilt, aspect, xp), tilt, aspect


def _where_tilted(turn: Callable, values, tilt, aspect, xp):
    """Values turned, or as they are to the last bit where the page lies straight."""
    return either(tilt != 0.0, lambda: turn(values, tilt, aspect, xp), lambda: values, xp)
