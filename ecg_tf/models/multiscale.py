"""EfficientNet-B0 whose blocks 3, 4 and 6 meet under one attention over scales."""

import keras

from ecg_tf.models import backbones
from ecg_tf.models.head import page_input, pool_and_classify

# The last layer of each block: at 224 x 224 these are 28x28x40, 14x14x80 and 7x7x192.
TAPS = ("block3b_add", "block4c_add", "block6d_add")
SCALE_WEIGHTS = "scale_weights"  # the layer whose output (n, 3) says how much each block counted
FUSED = "fused"  # the layer whose output, the weighted sum of the maps, Grad-CAM looks at
WIDTH = 128


@keras.saving.register_keras_serializable("ecg_tf")
class WeightedSum(keras.layers.Layer):
    """The sum of maps, each (n, h, w, c), weighted per page by the last input, (n, len(maps))."""

    def call(self, inputs):
        *maps, weights = inputs
        weights = keras.ops.cast(weights, maps[0].dtype)
        return sum(each * weights[:, index, None, None, None] for index, each in enumerate(maps))

    def compute_output_shape(self, input_shape):
        return input_shape[0]


def effnet_msa(size=(224, 224), weights=None):
    """The proposed network. `size` must be divisible by 32.

    Each scale is projected to one width and to the grid of block 4; a small network looks at
    the pooled scales and gives each a weight, the weights of a page summing to 1.
    """
    if size[0] % 32 or size[1] % 32:
        raise ValueError(f"Height and width must be divisible by 32, got {size}.")
    page = page_input(size)
    return keras.Model(page, pool_and_classify(fused_maps(page, weights)), name="effnet_msa")


def fused_maps(page, weights=None):
    """The maps of `page`, three scales summed by their weights: (n, h / 16, w / 16, WIDTH)."""
    net = backbones.efficientnet_b0(page, weights)
    fine, middle, coarse = (
        _project(net.get_layer(tap).output, number)
        for tap, number in zip(TAPS, (3, 4, 6), strict=True)
    )
    fine = keras.layers.AveragePooling2D(2, name="scale3_grid")(fine)
    coarse = keras.layers.UpSampling2D(2, interpolation="bilinear", name="scale6_grid")(coarse)
    scales = [fine, middle, coarse]
    pooled = [
        keras.layers.GlobalAveragePooling2D(name=f"scale{number}_pool")(scale)
        for number, scale in zip((3, 4, 6), scales, strict=True)
    ]
    x = keras.layers.Concatenate(name="scales")(pooled)
    x = keras.layers.Dense(64, activation="relu", name="scale_mixer")(x)
    share = keras.layers.Dense(3, activation="softmax", dtype="float32", name=SCALE_WEIGHTS)(x)
    return WeightedSum(name=FUSED)([*scales, share])


def _project(maps, number: int):
    x = keras.layers.Conv2D(WIDTH, 1, use_bias=False, name=f"scale{number}_conv")(maps)
    x = keras.layers.BatchNormalization(name=f"scale{number}_bn")(x)
    return keras.layers.Activation("swish", name=f"scale{number}_swish")(x)
