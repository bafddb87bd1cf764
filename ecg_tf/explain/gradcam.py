"""Grad-CAM (Selvaraju et al. 2017): which parts of the network's last maps spoke for a class."""

from collections.abc import Callable

import keras
import tensorflow as tf

from ecg_tf.explain.probe import maps_layer, probe, signature


def grad_cam(model: keras.Model, layer: str | None = None) -> Callable:
    """A function `cam(pages, classes) -> maps`, built once, to be called or traced many times.

    `pages` is the network's input, float32 (n, height, width, 3); `classes` int (n,) names the
    class to explain per page; `maps` is float32 (n, height, width) in 0..1, 1 at the hottest
    place of each page, all 0 where nothing spoke for the class. It is made of TensorFlow ops
    alone and can be part of an exported graph.

    The gradient is that of the class score of `ecg_tf.explain.probe`, taken with respect to the
    maps of `layer` (default: the fused maps, or the network's last ones). Raises ValueError for
    a network that `probe` does not accept.
    """
    layer = layer or maps_layer(model)
    look = probe(model, layer)
    height, width = model.input_shape[1:3]

    @tf.function(input_signature=signature(model), autograph=False)
    def cam(pages, classes):
        with tf.GradientTape() as tape:
            tape.watch(pages)  # else nothing is recorded in a network whose weights are frozen
            seen = look(pages)
            score = tf.reduce_sum(tf.gather(seen["scores"], classes, axis=1, batch_dims=1))
        slopes = tape.gradient(score, seen["maps"])
        if slopes is None:
            raise ValueError(f"The answer does not depend on the maps of {layer!r}; name another.")
        importance = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
        heat = tf.nn.relu(tf.reduce_sum(importance * seen["maps"], axis=-1))
        return to_unit(tf.image.resize(heat[..., None], (height, width))[..., 0])

    return cam


def to_unit(maps: tf.Tensor) -> tf.Tensor:
    """Maps (n, h, w), not negative, each divided by its largest value; an empty map stays 0."""
    return tf.math.divide_no_nan(maps, tf.reduce_max(maps, axis=(1, 2), keepdims=True))
