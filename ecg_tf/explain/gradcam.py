"""Grad-CAM (Selvaraju et al. 2017): which parts of the network's last maps spoke for a class."""

from collections.abc import Callable

import keras
import tensorflow as tf

from ecg_tf.explain.probe import behind, maps_layer, probe, signature


def grad_cam(model: keras.Model, layer: str | None = None) -> Callable:
    """A function `cam(pages, classes) -> maps`, built once, to be called or traced many times.

    `pages` is the network's input, float32 (n, height, width, 3); `classes` int (n,) names the
    class to explain per page; `maps` is float32 (n, height, width) in 0..1, 1 at the hottest
    place of each page, all 0 where nothing spoke for the class. It is made of TensorFlow ops
    alone and can be part of an exported graph.

    The gradient is that of the class score of `ecg_tf.explain.probe`, taken with respect to the
    maps of `layer` (by default those of `maps_layer`); nothing before them is gone back to. Raises
    ValueError for a network that `probe` does not accept.
    """
    layer = layer or maps_layer(model)
    look, rest = probe(model, layer), behind(model, layer)

    @tf.function(input_signature=signature(model), autograph=False)
    def cam(pages, classes):
        seen = look(pages)
        with tf.GradientTape() as tape:
            tape.watch(seen["maps"])
            score = tf.gather(rest(pages, seen), classes, axis=1, batch_dims=1)
        slopes = tape.gradient(score, seen["maps"])
        if slopes is None:
            raise ValueError(f"The answer does not depend on the maps of {layer!r}; name another.")
        return heat(seen["maps"], slopes, pages.shape[1:3])

    return cam


def heat(maps, slopes, size: tuple[int, int]):
    """The map, float32 (n, *size), of the network's maps (n, h, w, c) and the score's slopes."""
    importance = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
    found = tf.nn.relu(tf.reduce_sum(importance * maps, axis=-1))
    return to_unit(tf.image.resize(found[..., None], size)[..., 0])


def to_unit(maps: tf.Tensor) -> tf.Tensor:
    """Maps (n, h, w), not negative, each divided by its largest value; an empty map stays 0."""
    return tf.math.divide_no_nan(maps, tf.reduce_max(maps, axis=(1, 2), keepdims=True))
