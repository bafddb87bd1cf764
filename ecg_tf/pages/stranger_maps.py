"""Maps, plans and coloured fields.

Each function takes a random generator, a height and a width, and returns uint8 (h, w, 3).
"""

import numpy as np
from PIL import Image, ImageDraw

from ecg_tf.pages.stranger_charts import ground
from ecg_tf.pages.stranger_pictures import cloud, colour, tint
from ecg_tf.pages.strokes import font


def heat_map(rng, height, width):
    """A coloured matrix, a spectrogram, or contour lines."""
    kind = rng.random()
    if kind < 0.4:
        n = rng.integers(3, 30, 2)
        values = np.kron(rng.random(n), np.ones((-(-height // n[0]), -(-width // n[1]))))
        values = values[:height, :width]
    else:
        values = cloud(rng, height, width, int(rng.integers(4, 14)), int(rng.integers(1, 5)))
    if kind > 0.75:
        steps = values * rng.uniform(5, 16)
        values = np.minimum(abs(steps - np.round(steps)) * rng.uniform(4, 12), 1.0)
    return tint(values, colour(rng, 0, 120), colour(rng, 130, 256))


def street_map(rng, height, width):
    """Roads, blocks, a river and names."""
    image = Image.new("RGB", (width, height), colour(rng, 215, 250))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 12))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        a, b = rng.uniform(20, 200, 2)
        pen.rectangle((x, y, x + a, y + b), fill=(200, int(rng.integers(200, 240)), 190))
    for thick in (22, 12, 6, 3):
        for _ in range(int(rng.integers(1, 12))):
            steps = np.cumsum(rng.normal(0, 0.06, (14, 2)) + rng.normal(0, 0.09, 2), axis=0)
            path = ((rng.random(2) + steps) * (width, height)).ravel().tolist()
            shade = colour(rng, 60, 256) if rng.random() < 0.8 else (255, 255, 255)
            pen.line(path, fill=shade, width=thick, joint="curve")
    for _ in range(int(rng.integers(3, 40))):
        spot = (rng.uniform(0, width), rng.uniform(0, height))
        pen.text(spot, "Street "[: int(rng.integers(2, 8))], fill=(40, 40, 40), font=font(11))
    return np.array(image)


def plan(rng, height, width):
    """Boxes joined by arrows, a floor plan, or a net of nodes."""
    image, pen, ink = ground(rng, height, width)
    n, thick = int(rng.integers(4, 22)), int(rng.integers(1, 6))
    spots = rng.uniform(0.05, 0.9, (n, 2)) * (width, height)
    straight = rng.random() < 0.5
    for a, b in rng.integers(0, n, (int(1.5 * n), 2)):
        (x, y), (u, v) = spots[a], spots[b]
        pen.line((x, y, u, y, u, v) if straight else (x, y, u, v), fill=ink, width=thick)
    for x, y in spots:
        a, b = rng.uniform(0.02, 0.12, 2) * (width, height)
        shape = pen.rectangle if straight else pen.ellipse
        shape((x - a, y - b, x + a, y + b), fill=colour(rng, 120, 256), outline=ink, width=thick)
        pen.text((x, y), "step", fill=(20, 20, 20), font=font(int(b)), anchor="mm")
    return np.array(image)
