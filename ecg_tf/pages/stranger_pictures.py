"""Pictures of things: blanks, noise, gradients, scenes, textures, X-ray-like blobs.

Each function takes a random generator, a height and a width, and returns uint8 (h, w, 3).
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def cloud(rng, height: int, width: int, cells: int = 5, octaves: int = 1) -> np.ndarray:
    """A smooth random field, float32 (h, w) in 0..1; more octaves make it rougher."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        n = min(cells * 2**octave, min(height, width))
        coarse = Image.fromarray(rng.random((n, n), dtype=np.float32))
        total += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) / 2**octave
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def tint(values: np.ndarray, dark, light) -> np.ndarray:
    """float (h, w) in 0..1 as uint8 (h, w, 3) between two colours."""
    dark, light = np.asarray(dark, np.float32), np.asarray(light, np.float32)
    return (dark + np.clip(values, 0.0, 1.0)[..., None] * (light - dark)).astype(np.uint8)


def colour(rng, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    """A random RGB colour."""
    return tuple(int(part) for part in rng.integers(low, high, 3))


def blank(rng, height, width):
    """One colour, as often white, grey or black as anything else; at times unevenly lit."""
    grey = int(rng.choice([255, 250, 240, 200, 128, 60, 0]))
    base = (grey,) * 3 if rng.random() < 0.75 else colour(rng)
    page = np.full((height, width, 3), base, np.float32)
    if rng.random() < 0.5:
        page *= 1.0 - rng.uniform(0.02, 0.4) * cloud(rng, height, width, 3)[..., None]
    if rng.random() < 0.5:
        page += rng.normal(0.0, rng.uniform(1.0, 8.0), page.shape)
    return page.clip(0, 255).astype(np.uint8)


def noise(rng, height, width):
    """Random pixels, of many kinds."""
    kind, depth = int(rng.integers(8)), 3 if rng.random() < 0.5 else 1
    block = int(rng.choice([1, 1, 2, 4, 9, 25]))
    shape = (-(-height // block), -(-width // block), depth)
    if kind == 0:
        page = rng.normal(rng.uniform(60, 220), rng.uniform(15, 90), shape)
    elif kind == 1:
        page = rng.uniform(0, 255, shape)
    elif kind == 2:  # salt and pepper on paper
        page = np.where(rng.random(shape) < rng.uniform(0.002, 0.3), rng.choice([0.0, 90.0]), 255.0)
    elif kind == 3:
        page = np.where(rng.random(shape) < rng.uniform(0.1, 0.9), 255.0, 0.0)
    elif kind == 4:
        page = 255.0 * cloud(rng, shape[0], shape[1], int(rng.integers(3, 40)), 4)[..., None]
    elif kind == 5:  # every row, or every column, its own grey
        line = rng.uniform(0, 255, (shape[0], 1, 1) if rng.random() < 0.5 else (1, shape[1], 1))
        page = np.broadcast_to(line, shape)
    elif kind == 6:
        page = rng.poisson(rng.uniform(0.5, 12.0), shape) * rng.uniform(8.0, 40.0)
    else:
        page = rng.laplace(128.0, 40.0, shape)
    page = np.repeat(np.repeat(page.clip(0, 255), block, 0), block, 1)[:height, :width]
    return np.broadcast_to(page.astype(np.uint8), (height, width, 3)).copy()


def gradient(rng, height, width):
    """A ramp between two colours: straight, round, or in bands."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    turn = rng.uniform(0.0, 6.28)
    ramp = np.cos(turn) * x + np.sin(turn) * y
    if rng.random() < 0.4:
        ramp = np.hypot(x - rng.random(), y - rng.random())
    ramp = (ramp - ramp.min()) / (ramp.max() - ramp.min())
    if rng.random() < 0.3:
        bands = int(rng.integers(2, 16))
        ramp = np.floor(ramp * bands) / bands
    return tint(ramp, colour(rng), colour(rng))


def landscape(rng, height, width):
    """Sky, clouds, hills one behind the other, at times trees and a sun."""
    sky = tint(np.linspace(0, 1, height)[:, None] * np.ones((1, width)), colour(rng, 60, 200),
               colour(rng, 150, 256))  # fmt: skip
    page = sky * (0.7 + 0.3 * cloud(rng, height, width, 4, 4)[..., None])
    for layer in range(int(rng.integers(1, 6))):
        rough = cloud(rng, 2, width, int(rng.integers(3, 12)), 5)[0]
        edge = height * (0.3 + 0.12 * layer + rng.uniform(0.05, 0.35) * rough)
        under = np.arange(height)[:, None] > edge[None, :]
        ground = tint(cloud(rng, height, width, 12, 5), colour(rng, 0, 110), colour(rng, 60, 200))
        page = np.where(under[..., None], ground, page)
    image = Image.fromarray(page.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 25))):
        x, y = rng.uniform(0, width), rng.uniform(0.4, 1.0) * height
        tall = rng.uniform(0.05, 0.3) * height
        pen.line((x, y, x, y - tall), fill=colour(rng, 20, 90), width=max(int(tall / 14), 1))
        pen.ellipse((x - tall / 3, y - 1.4 * tall, x + tall / 3, y - tall / 2),
                    fill=(int(rng.integers(10, 90)), int(rng.integers(60, 150)), 40))  # fmt: skip
    return np.array(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.0, 1.5))))


def objects(rng, height, width):
    """Shaded shapes with shadows on a rough ground, as in a photograph of a table."""
    ground = tint(cloud(rng, height, width, 6, 5), colour(rng, 0, 180), colour(rng, 90, 256))
    image = Image.fromarray(ground)
    for _ in range(int(rng.integers(2, 45))):
        mask = Image.new("L", (width, height), 0)
        pen = ImageDraw.Draw(mask)
        size = rng.uniform(0.03, 0.45) * min(height, width)
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        if rng.random() < 0.5:
            flat = size * rng.uniform(0.4, 1.0)
            pen.ellipse((x - size, y - flat, x + size, y + flat), fill=255)
        else:
            turns = np.sort(rng.uniform(0, 6.28, int(rng.integers(3, 8))))
            corners = np.stack([x + size * np.cos(turns), y + size * np.sin(turns)], axis=1)
            pen.polygon(corners.ravel().tolist(), fill=255)
        if rng.random() < 0.5:
            shadow = mask.filter(ImageFilter.GaussianBlur(size / 8)).point(lambda v: v // 2)
            image.paste((0, 0, 0), (int(size / 10), int(size / 10)), shadow)
        shade = tint(cloud(rng, height, width, 3), colour(rng, 0, 150), colour(rng, 60, 256))
        image.paste(Image.fromarray(shade), (0, 0), mask)
    return np.array(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.0, 2.0))))


def texture(rng, height, width):
    """Stripes, checks, bricks, dots, weaves and wood."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    step, kind = rng.uniform(6, 90), int(rng.integers(6))
    turn = rng.uniform(0, 3.14)
    along = np.cos(turn) * x + np.sin(turn) * y
    across = np.cos(turn) * y - np.sin(turn) * x
    bend = cloud(rng, height, width, 4, 3) * step * rng.uniform(0.0, 6.0)
    if kind == 0:
        page = np.sin((along + bend) * 6.28 / step) > rng.uniform(-0.9, 0.9)
    elif kind == 1:
        page = (np.sin(along * 6.28 / step) * np.sin(across * 6.28 / step)) > 0
    elif kind == 2:  # bricks
        row = np.floor(y / step)
        page = ((y % step) > step / 9) & (((x + row % 2 * step) % (2 * step)) > step / 9)
    elif kind == 3:
        page = np.hypot((x + bend) % step - step / 2, y % step - step / 2) > step * rng.uniform(
            0.1, 0.5
        )
    elif kind == 4:
        page = 0.5 + 0.5 * np.sin((along + 4 * bend) / step + 3 * cloud(rng, height, width, 9, 3))
    else:  # plain lines, as on ruled paper or a fence
        page = (along + bend) % step > rng.uniform(1.0, step / 3)
    page = page * (1.0 - rng.uniform(0.0, 0.5) * cloud(rng, height, width, 5, 4))
    return tint(page, colour(rng, 0, 140), colour(rng, 100, 256))


def portrait(rng, height, width):
    """Something like a head with hair, eyes and a mouth before a wall."""
    image = Image.fromarray(
        tint(cloud(rng, height, width, 3, 3), colour(rng, 0, 160), colour(rng, 60, 256))
    )
    pen, skin = ImageDraw.Draw(image), colour(rng, 90, 240)
    x, y, size = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.35, 0.55), height * 0.25
    pen.ellipse((x - 2 * size, y + size, x + 2 * size, y + 5 * size), fill=colour(rng))
    pen.ellipse((x - size, y - 1.4 * size, x + size, y + size), fill=colour(rng, 0, 120))
    pen.ellipse((x - 0.8 * size, y - size, x + 0.8 * size, y + 1.2 * size), fill=skin)
    for side in (-0.35, 0.35):
        eye = (x + (side - 0.14) * size, y - 0.1 * size, x + (side + 0.14) * size, y + 0.1 * size)
        pen.ellipse(eye, fill=(240, 240, 240), outline=(20, 20, 20))
        pen.ellipse((eye[0] + 0.1 * size, eye[1], eye[2] - 0.1 * size, eye[3]), fill=(30, 20, 10))
    pen.arc(
        (x - 0.3 * size, y + 0.3 * size, x + 0.3 * size, y + 0.7 * size), 0, 180, (120, 30, 30), 4
    )
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4.0)))
    shade = 0.55 + 0.45 * cloud(rng, height, width, 3, 5)[..., None]
    return (np.asarray(image) * shade).astype(np.uint8)


def night(rng, height, width):
    """Lights in the dark."""
    page = 40.0 * cloud(rng, height, width, 5, 4)
    for _ in range(int(rng.integers(5, 120))):
        row, column = int(rng.integers(height)), int(rng.integers(width))
        page[row : row + int(rng.integers(1, 9)), column : column + int(rng.integers(1, 9))] = 255
    image = Image.fromarray(page.astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(rng.uniform(0, 3))
    )
    return tint(np.asarray(image) / 255.0, colour(rng, 0, 30), colour(rng, 180, 256))
