"""Small changes that keep a page's meaning. No flips: a mirrored ECG is a different diagnosis.

One pure function of pages and random numbers in `keras.ops`: the same in a `tf.data` pipeline, in
a JAX loop and in a test. It works on ink (one channel), a third of the work of RGB.
"""

import math

import keras
from keras import ops

# Columns of the random numbers, each uniform in 0..1.
DRAWS = (
    "shift_x shift_y scale_x scale_y rotation contrast thickness blur noise paper grid "
    "spacing phase"
).split()
SHIFT = 0.04  # of the side
SCALE = 0.08
ROTATION = math.radians(3.0)
NOISE = 0.06  # standard deviation in ink of 0..1
PAPER = 0.12  # darkness of the paper
GRID = 0.15  # darkness of grid lines that survived the preprocessing


def augment(pages, draws, noise, strength: float = 1.0):
    """Changed pages, float32 (n, h, w, 3) in 0..255.

    `pages` is uint8 or float (n, h, w), 0 (trace) to 255 (paper); `draws` float32
    (n, len(DRAWS)) uniform in 0..1; `noise` float32 (n, h, w) standard normal; `strength` 0
    changes nothing, 1 is the full range.
    """
    ink = 1.0 - ops.cast(pages, "float32") / 255.0
    draw = {name: draws[:, index] for index, name in enumerate(DRAWS)}
    ink = _warp(ink[..., None], draw, strength)
    # Squares and cubes: most pages stay close to the clean ones that are read later.
    ink = _mix(ink, ops.max_pool(ink, 3, 1, "same"), 0.6 * strength * draw["thickness"] ** 2)
    ink = _mix(ink, ops.average_pool(ink, 3, 1, "same"), 0.8 * strength * draw["blur"] ** 2)
    ink = ink[..., 0] * _each(1.0 - 0.5 * strength * draw["contrast"] ** 2)
    ink = ink + (1.0 - ink) * _background(ink, draw, strength)
    ink = ink + noise * _each(NOISE * strength * draw["noise"] ** 3)
    grey = 255.0 * (1.0 - ops.clip(ink, 0.0, 1.0))
    return ops.stack([grey, grey, grey], axis=-1)


def plain(pages):
    """Pages (n, h, w) as model input (n, h, w, 3), unchanged."""
    grey = ops.cast(pages, "float32")
    return ops.stack([grey, grey, grey], axis=-1)


def _each(values):
    return values[:, None, None]


def _mix(ink, other, share):
    share = share[:, None, None, None]
    return ink * (1.0 - share) + other * share


def _warp(ink, draw, strength):
    """Shift, scale and slight rotation about the centre; beyond the page there is paper."""
    height, width = ink.shape[1], ink.shape[2]
    angle = ROTATION * strength * _centred(draw["rotation"]) ** 3  # large tilts are rare
    wide = 1.0 + SCALE * strength * _centred(draw["scale_x"])
    tall = 1.0 + SCALE * strength * _centred(draw["scale_y"])
    cosine, sine = ops.cos(angle), ops.sin(angle)
    a, b, c, d = wide * cosine, -tall * sine, wide * sine, tall * cosine
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    shift_x = width * SHIFT * strength * _centred(draw["shift_x"])
    shift_y = height * SHIFT * strength * _centred(draw["shift_y"])
    zero = ops.zeros_like(a)
    matrix = [
        a,
        b,
        centre_x + shift_x - a * centre_x - b * centre_y,
        c,
        d,
        centre_y + shift_y - c * centre_x - d * centre_y,
        zero,
        zero,
    ]
    return keras.ops.image.affine_transform(
        ink, ops.stack(matrix, axis=1), interpolation="bilinear", fill_mode="constant"
    )


def _background(ink, draw, strength):
    """Darkness (n, h, w) of grey paper and of the remains of a grid."""
    height, width = ink.shape[1], ink.shape[2]
    spacing = _each(4.0 + 12.0 * draw["spacing"])
    phase = _each(draw["phase"]) * spacing
    rows = ops.arange(height, dtype="float32")[None, :, None] + phase
    columns = ops.arange(width, dtype="float32")[None, None, :] + phase
    lines = ops.maximum(_line(rows, spacing), _line(columns, spacing))
    dark = _each(GRID * draw["grid"] ** 3) * lines + _each(PAPER * draw["paper"] ** 3)
    return strength * dark


def _line(at, spacing):
    """1 on a line of the grid, falling to 0 within a pixel."""
    rest = at - spacing * ops.floor(at / spacing)
    return ops.maximum(0.0, 1.0 - ops.minimum(rest, spacing - rest))


def _centred(draw):
    return 2.0 * draw - 1.0
