"""The in-graph reader: file bytes to model input with TensorFlow ops alone.

The same for training, evaluation and serving. Python's `read_page` gives the same pixels for
plain PNG and JPEG files; EXIF orientation and CMYK are for Python to resolve before.
"""

import keras
import tensorflow as tf

from ecg_tf.pages.ink import prepare


def decode(data: tf.Tensor) -> tf.Tensor:
    """One PNG or JPEG file, string scalar, as float32 (h, w, 3) RGB 0..255, alpha on white."""
    jpeg = tf.strings.substr(data, 0, 3) == b"\xff\xd8\xff"
    page = tf.cond(jpeg, lambda: _decode_jpeg(data), lambda: _decode_png(data))
    return tf.ensure_shape(page, (None, None, 3))


def read(data: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """One file, string scalar, as the model's input: float32 (height, width, 3) in 0..255."""
    return tf.ensure_shape(prepare(decode(data), height, width, keras.ops), (height, width, 3))


def _decode_jpeg(data):
    page = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.cast(page, tf.float32)


def _decode_png(data):
    # Of 16-bit files this takes the high byte, as Python's reader does.
    rgba = tf.cast(tf.io.decode_png(data, channels=4), tf.float32)
    # For grey files of fewer than 8 bits the op fills opacity with 1, 3 or 15 where 255 is meant.
    highest = tf.reduce_max(rgba[..., 3])
    filled = (highest > 0.0) & (highest < 16.0)
    opacity = tf.where(filled, 1.0, rgba[..., 3:] / 255.0)
    return rgba[..., :3] * opacity + 255.0 * (1.0 - opacity)
