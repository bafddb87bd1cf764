"""Integrated gradients (Sundararajan et al. 2017): what each pixel of a page added to a score.

The path leads from blank white paper to the page. By the fundamental theorem of calculus the
attributions of all pixels sum to the difference between the two scores (completeness); how far
the sum is off tells how well the integral was computed, and is reported with every page.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.explain.gradcam import to_unit
from ecg_tf.explain.probe import behind, halfway, has_maps, maps_layer, probe, signature
from ecg_tf.models.familiar import FAMILIAR
from ecg_tf.pages.columns import as_signals, trace_sums

BLANK = 255.0  # grey level of paper without a trace, where the path begins
STEPS = 32
CHUNK = 8  # points of the path in one batch: memory stays that of 8 pages for any number of them
SIGNAL_CHUNK = 64  # the same of the path of the signals, which are smaller
FINER = 4  # times as many points where they cost little: through the signals read off a page
LEAST = 0.1  # score; where page and blank paper differ by less, there is nothing to divide up
DENSER = 2  # power by which points crowd near the blank paper: faint ink changes networks most
BLUR = 0.015  # standard deviation of the blur of the display map, in parts of each side


def integrated_gradients(model: keras.Model, steps: int = STEPS) -> Callable:
    """A function `attribute(pages, classes) -> (attributions, gap)`, built once, to be called or
    traced many times; it is made of TensorFlow ops alone and can be part of an exported graph.

    `pages` is the network's input, float32 (n, height, width, 3) in 0..255; `classes` int (n,)
    names the class to explain per page. `attributions` float32 (n, height, width), signed, are in
    units of the class score of `ecg_tf.explain.probe`, summed over the colour channels. `gap`
    float32 (n,) is how far their sum is from the difference of the scores of page and blank
    paper, as a part of that difference (of LEAST where the difference is smaller than that).

    What changes in a jump, as when a network that measures beats finds one more, has no slope. It
    is given to the moments of the signals by how much they matter in that step of the path, much
    as IDGI (Yang et al. 2023) gives away the change of each step.

    The integral is taken at the midpoints of `steps` equal parts of t, the path being t ** DENSER:
    where ink is faint the scores change fastest. Gauss-Legendre points are no better on smooth
    networks and worse on those of ReLU and max-pooling, whose slopes jump. Raises ValueError for a
    network that `probe` does not accept and for `steps` that is not a positive multiple of CHUNK.
    """
    look, divide_up = probe(model, _layer(model)), attributions_of(model, steps)

    @tf.function(input_signature=signature(model), autograph=False)
    def attribute(pages, classes):
        return divide_up(pages, look(with_blank(pages)), classes)

    return attribute


def with_blank(pages):
    """Pages (n, h, w, 3) and blank paper behind them: (n + 1, h, w, 3)."""
    return tf.concat([pages, tf.fill((1, *pages.shape[1:]), BLANK)], axis=0)


def attributions_of(model: keras.Model, steps: int) -> Callable:
    """A function `divide_up(pages, seen, classes) -> (attributions, gap)`; `seen` is what `probe`
    saw on the pages and, last, on blank paper, with the maps of `maps_layer` if there are any."""
    if steps < CHUNK or steps % CHUNK:
        raise ValueError(f"steps is {steps}; it must be a positive multiple of {CHUNK}.")
    of_page = _of_page(model, steps)
    of_signals = _of_signals(model, FINER * steps) if "signals" in halfway(model) else None
    blank_scores = _blank_scores(model)

    def divide_up(pages, seen, classes):
        turn = {FAMILIAR: seen[FAMILIAR][:-1]} if FAMILIAR in seen else {}
        attributions = of_page(pages, turn, classes)
        if of_signals is not None:
            attributions += of_signals(pages, turn, classes)
        difference = seen["scores"][:-1] - blank_scores(seen, turn)
        difference = tf.gather(difference, classes, axis=1, batch_dims=1)
        missing = tf.abs(tf.reduce_sum(attributions, axis=(1, 2)) - difference)
        return attributions, missing / tf.maximum(tf.abs(difference), LEAST)

    return divide_up


def _layer(model: keras.Model) -> str | None:
    return maps_layer(model) if has_maps(model) else None


def _blank_scores(model: keras.Model) -> Callable:
    """The class scores of blank paper, (1, 4), or where parts of the network take turns, by the
    part that answered each page, (n, 4)."""
    layer = _layer(model)
    rest, taken = behind(model, layer), halfway(model, layer)

    def scores(seen: dict, turn: dict):
        if not turn:
            return seen["scores"][-1:]
        n = tf.shape(turn[FAMILIAR])[0]
        nothing = {name: tf.repeat(seen[name][-1:], n, axis=0) for name in taken}
        return rest(tf.fill((n, *model.input_shape[1:]), BLANK), nothing | turn)

    return scores


def display(attributions: tf.Tensor) -> tf.Tensor:
    """Attributions (n, h, w), signed, as maps float32 (n, h, w) in 0..1 for the eye.

    Neighbours of both signs are first balanced by a blur, for single pixels of a thin trace are
    too fine to see; what remains positive spoke for the class, 1 where it did so most.
    """
    height, width = attributions.shape[1:]
    blurred = tf.einsum("ih,nhw,jw->nij", _blur(height), attributions, _blur(width))
    return to_unit(tf.nn.relu(blurred))


def _of_page(model: keras.Model, steps: int) -> Callable:
    """What pixels added by what the network makes of the page itself, not of signals read off it:
    page minus blank paper times the mean slope on the path between them, (n, height, width)."""
    rest = behind(model)
    nothing = _nothing(halfway(model), CHUNK)
    points, widths = _path(steps, CHUNK)

    def attribute(pages, turn, classes):
        def part(page, number):
            way = pages[page] - BLANK
            given = nothing | _repeated(turn, page, CHUNK)
            path = BLANK + points[number][:, None, None, None] * way
            with tf.GradientTape() as tape:
                tape.watch(path)
                score = tf.gather(rest(path, given), classes[page], axis=1)
            each = tape.gradient(score, path) * widths[number][:, None, None, None]
            return tf.reduce_sum(tf.reduce_sum(each, axis=0) * way, axis=-1)

        return _summed(part, tf.shape(pages)[0], steps // CHUNK, pages.shape[1:3])

    return attribute


def _of_signals(model: keras.Model, steps: int) -> Callable:
    """The same by way of the signals, for networks that read them and whose scores are a sum over
    page and signals (`ecg_tf.models.joined`).

    On the path to blank paper the same ink is read, only fainter, and all that is read of it
    (`ecg_tf.pages.columns.trace_sums`) shrinks by the square. So the page is read once, and gone
    back through once, however many points there are on the path. (The bound of the root there,
    felt where ink is all but gone, is passed over; `gap` is measured on the network itself.)
    """
    chunk = min(steps, SIGNAL_CHUNK)
    layer = _layer(model)
    rest, taken = behind(model, layer), halfway(model, layer)
    taken = {name: each for name, each in taken.items() if name != "signals"}
    points, widths = _path(steps, chunk)
    edges = _edges(steps, chunk)

    def attribute(pages, turn, classes):
        with tf.GradientTape() as tape:
            tape.watch(pages)
            sums, held = trace_sums(pages)

        def score(there, page, n):
            signals = as_signals(there, tf.repeat(held[page][None], n, axis=0))
            given = _nothing(taken, n) | _repeated(turn, page, n) | {"signals": signals}
            scores = rest(pages[:1], given)
            return tf.gather(scores, classes[page], axis=1)

        def part(page, number):
            faint = points[number][:, None, None, None]
            there = tf.square(faint) * sums[page]
            with tf.GradientTape() as inner:
                inner.watch(there)
                told = score(there, page, chunk)
            # At a point on the path ink grows with the page as much slower as it is fainter.
            weights = widths[number][:, None, None, None] * faint
            slopes = weights * inner.gradient(told, there)
            at_edges = tf.square(edges[number])[:, None, None, None] * sums[page]
            told = score(at_edges, page, chunk + 1)
            return tf.reduce_sum(_with_jumps(slopes, sums[page], told[1:] - told[:-1]), axis=0)

        slopes = _summed(part, tf.shape(pages)[0], steps // chunk, sums.shape[1:])
        return tf.reduce_sum(tape.gradient(sums, pages, slopes) * (pages - BLANK), axis=-1)

    return attribute


def _with_jumps(slopes, sums, changed):
    """Slopes (n, ...) of n steps of the path, raised by what they miss of the score's change (n,).

    A step adds its slopes times twice the `sums`, for these grow by the square (Euler's theorem on
    homogeneous functions). What is missing is shared out by the size of what each of them added.
    """
    added = 2.0 * slopes * sums
    axes = list(range(1, len(added.shape)))
    missing = changed - tf.reduce_sum(added, axis=axes)
    size = tf.reduce_sum(tf.abs(added), axis=axes)
    share = tf.reshape(tf.math.divide_no_nan(missing, size), (-1, *[1] * len(axes)))
    return slopes + share * tf.abs(slopes) * tf.sign(sums)


def _edges(steps: int, chunk: int) -> tf.Tensor:
    """Where the parts of the way begin and end that the points of `_path` stand for, batch by
    batch: (steps // chunk, chunk + 1)."""
    edges = np.linspace(0.0, 1.0, steps + 1, dtype=np.float32) ** DENSER
    return tf.constant(np.stack([edges[at : at + chunk + 1] for at in range(0, steps, chunk)]))


def _path(steps: int, chunk: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Points on the way from blank paper (0) to the page (1), in batches, and how much of the way
    each stands for: two of (steps // chunk, chunk)."""
    edges = np.linspace(0.0, 1.0, 2 * steps + 1, dtype=np.float32) ** DENSER
    shape = (steps // chunk, chunk)
    return (
        tf.constant(np.reshape(edges[1::2], shape)),
        tf.constant(np.reshape(np.diff(edges[::2]), shape)),
    )


def _nothing(taken: dict, n: int) -> dict:
    """Zeros in place of what is taken half-way through a network, for n pages."""
    return {name: tf.zeros((n, *output.shape[1:])) for name, output in taken.items()}


def _repeated(turn: dict, page, n: int) -> dict:
    """What is held of one page, for n points on its path."""
    return {name: tf.repeat(each[page][None], n, axis=0) for name, each in turn.items()}


def _summed(part: Callable, n, chunks: int, shape) -> tf.Tensor:
    """The sum over the chunks of `part(page, number)`, float32 (n, *shape). One after the other, so
    that no number of pages needs more memory than a few maps a page above that of one batch."""
    found = tf.map_fn(
        lambda index: part(index // chunks, index % chunks),
        tf.range(n * chunks),
        fn_output_signature=tf.TensorSpec(shape, tf.float32),
        parallel_iterations=1,
    )
    return tf.reduce_sum(tf.reshape(found, (n, chunks, *shape)), axis=1)


def _blur(side: int) -> np.ndarray:
    """Weights float32 (side, side) of a Gaussian blur, each row summing to 1."""
    away = np.arange(side)[:, None] - np.arange(side)[None, :]
    weights = np.exp(-0.5 * (away / (BLUR * side)) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
