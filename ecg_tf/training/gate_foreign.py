"""Pictures that our own pen did not draw, to measure the gate on and never to train it with.

Photographs and charts come with scikit-learn and Matplotlib, which the project needs anyway.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from matplotlib import cbook, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

STYLES = ("default", "ggplot", "bmh", "dark_background", "classic", "grayscale", "fast")


def foreign(n: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """`n` pictures each of "photograph", "digits" and "plot": (kind, uint8 (h, w, 3))."""
    for name, one in (("photograph", _photograph), ("digits", _digits), ("plot", _plot)):
        for number in range(n):
            yield name, one(np.random.default_rng([seed, 9, number]))


def _photograph(rng) -> np.ndarray:
    """A part of one of three photographs."""
    image = _photographs()[int(rng.integers(3))]
    height, width = image.shape[:2]
    tall, wide = (int(rng.uniform(0.4, 1.0) * side) for side in (height, width))
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    return np.ascontiguousarray(image[top : top + tall, left : left + wide])


@cache
def _photographs() -> list[np.ndarray]:
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        portrait = np.asarray(Image.open(file).convert("RGB"))
    return [*load_sample_images().images, portrait]


def _digits(rng) -> np.ndarray:
    """A sheet of scanned handwritten digits, dark on light or light on dark."""
    rows, columns = (int(side) for side in rng.integers(1, 16, 2))
    chosen = _digit_images()[rng.integers(0, 1797, rows * columns)] / 16.0
    sheet = chosen.reshape(rows, columns, 8, 8).swapaxes(1, 2).reshape(rows * 8, columns * 8)
    grey = (255 * (1.0 - sheet if rng.random() < 0.8 else sheet)).astype(np.uint8)
    size = (int(rng.integers(300, 900)), int(rng.integers(300, 900)))
    return np.array(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC).convert("RGB"))


@cache
def _digit_images() -> np.ndarray:
    return load_digits().images


def _plot(rng) -> np.ndarray:
    """A figure of one to twelve plots in one of Matplotlib's styles."""
    with style.context(str(rng.choice(STYLES))):
        figure = Figure(figsize=(rng.uniform(5, 11), rng.uniform(4, 8)), dpi=80)
        canvas = FigureCanvasAgg(figure)
        rows, columns = ((1, 1), (1, 1), (1, 2), (2, 2), (3, 2), (3, 4))[int(rng.integers(6))]
        for place in range(rows * columns):
            _fill(rng, figure.add_subplot(rows, columns, place + 1))
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _fill(rng, axes) -> None:
    x = np.linspace(0, 10, int(rng.integers(10, 300)))
    kind = int(rng.integers(7))
    if kind == 0:
        for _ in range(int(rng.integers(1, 5))):
            axes.plot(x, np.cumsum(rng.normal(size=len(x))), label="walk")
        axes.legend()
    elif kind == 1:
        axes.plot(x, np.sin(x * rng.uniform(0.5, 6)) + 0.1 * rng.normal(size=len(x)), "k")
    elif kind == 2:
        axes.bar(np.arange(8), rng.random(8))
    elif kind == 3:
        axes.scatter(rng.normal(size=80), rng.normal(size=80), c=rng.random(80))
    elif kind == 4:
        axes.imshow(rng.random((12, 12)), cmap=str(rng.choice(["viridis", "gray", "hot"])))
    elif kind == 5:
        axes.hist(rng.normal(size=300), bins=int(rng.integers(5, 50)))
    else:
        axes.contour(np.add.outer(np.sin(x), np.cos(x)), colors="k")
    axes.set_title("A plot")
    axes.grid(rng.random() < 0.5)
