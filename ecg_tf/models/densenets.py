"""The two DenseNet121 variants: a bottleneck refiner, and channel attention."""

import keras

from ecg_tf.models import backbones
from ecg_tf.models.head import page_input, pool_and_classify

REDUCTION = 16  # of the squeeze-and-excitation block (Hu et al. 2018)


def densenet121_bottleneck(size=(224, 224), weights=None):
    """DenseNet121 whose last dense block is refined by a narrow pair of convolutions."""
    page = page_input(size)
    x = backbones.densenet121(page, weights).output
    x = keras.layers.Conv2D(256, 1, use_bias=False, name="refine_squeeze")(x)
    x = keras.layers.BatchNormalization(name="refine_bn")(x)
    x = keras.layers.Activation("relu", name="refine_relu")(x)
    x = keras.layers.Conv2D(512, 3, padding="same", name="refine_expand")(x)
    return keras.Model(page, pool_and_classify(x), name="densenet121_bottleneck")


def densenet121_attention(size=(224, 224), weights=None):
    """DenseNet121 with squeeze-and-excitation attention over the channels of its last map."""
    page = page_input(size)
    maps = backbones.densenet121(page, weights).output
    channels = maps.shape[-1]
    x = keras.layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(maps)
    x = keras.layers.Dense(channels // REDUCTION, activation="relu", name="excite_reduce")(x)
    x = keras.layers.Dense(channels, activation="sigmoid", name="excite")(x)
    maps = keras.layers.Multiply(name="attended")([maps, x])
    return keras.Model(page, pool_and_classify(maps), name="densenet121_attention")
