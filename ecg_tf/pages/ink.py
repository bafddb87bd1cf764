"""The one preprocessing: from a page of any size to what a network sees, ink kept.

Everything here uses only functions that numpy and `keras.ops` share under the same names; `xp`
is either of them. With numpy it serves reports and workers without TensorFlow, with `keras.ops`
it is traced into the training pipeline and the exported graph.

Why not a plain resize: the trace is 2 to 5 pixels wide on a page of 2,213; averaged down to 224
it fades to the grey of the grid. Here the *darkness* is pooled with a power mean (the fourth root
of the average fourth power), which lies between the average (fades) and the maximum (staircases).
"""

import numpy as np

from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.pooling import BACKGROUND, pool, pool_matrix, unpool

GRID_LEVEL = 0.25  # darkness (of 0..1) below which a pixel counts as paper or grid
FULL_LEVEL = 0.65  # darkness from which on a pixel is trace and nothing else


def ink(page, xp=np):
    """How much trace each pixel holds: float32 (h, w) in 0..1.

    `page` is float32 (h, w, 3), RGB 0..255. Darkness is measured in the brightest channel, which
    hides red, green, blue and orange grids, and against the brightness of the paper around, which
    takes out shadows and grey paper.
    """
    bright = xp.max(page, axis=-1)
    height, width = bright.shape if xp is np else xp.shape(bright)
    paper = unpool(pool(bright, *BACKGROUND, xp=xp), height, width, xp)
    darkness = 1.0 - bright / xp.maximum(paper, 1.0)
    return xp.clip((darkness - GRID_LEVEL) / (FULL_LEVEL - GRID_LEVEL), 0.0, 1.0)


def prepare(page, height: int, width: int, xp=np):
    """The model's input: float32 (height, width, 3), trace 0 to paper 255, channels equal.

    `page` is float32 (h, w, 3), RGB 0..255: a whole page or a crop of its grid. The paper is
    found, cut out and pooled to the size asked for.
    """
    left, top, right, bottom = find_paper(page, xp)
    dark = ink(page, xp)
    rows, columns = dark.shape if xp is np else xp.shape(dark)
    down = pool_matrix(rows, height, top, bottom, xp)
    across = pool_matrix(columns, width, left, right, xp)
    pooled = xp.matmul(xp.matmul(down, xp.square(xp.square(dark))), xp.transpose(across))
    grey = 255.0 * (1.0 - xp.sqrt(xp.sqrt(xp.clip(pooled, 0.0, 1.0))))
    return xp.stack([grey, grey, grey], axis=-1)
