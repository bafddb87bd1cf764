"""The five baselines of the published comparison."""

import keras

from ecg_tf.models import backbones
from ecg_tf.models.head import classify, page_input, pool_and_classify


def cnn(size=(224, 224), weights=None):
    """Three convolution blocks and one dense layer. There are no published weights for it."""
    if weights is not None:
        raise ValueError(f"The custom CNN has no backbone to load weights into; got {weights!r}.")
    page = page_input(size)
    x = keras.layers.Rescaling(1 / 255, name="normalise")(page)
    for block, filters in enumerate((32, 64, 128), start=1):
        x = keras.layers.Conv2D(
            filters, 3, padding="same", use_bias=False, name=f"block{block}_conv"
        )(x)
        x = keras.layers.BatchNormalization(name=f"block{block}_bn")(x)
        x = keras.layers.Activation("relu", name=f"block{block}_relu")(x)
        x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(128, activation="relu", name="dense")(x)
    return keras.Model(page, classify(x), name="cnn")


def mobilenet(size=(224, 224), weights=None):
    """MobileNet with a softmax of four."""
    page = page_input(size)
    net = backbones.mobilenet(page, weights)
    return keras.Model(page, pool_and_classify(net.output), name="mobilenet")


def resnet50(size=(224, 224), weights=None):
    """ResNet50 with a softmax of four."""
    page = page_input(size)
    net = backbones.resnet50(page, weights)
    return keras.Model(page, pool_and_classify(net.output), name="resnet50")


def densenet121(size=(224, 224), weights=None):
    """DenseNet121 with a softmax of four."""
    page = page_input(size)
    net = backbones.densenet121(page, weights)
    return keras.Model(page, pool_and_classify(net.output), name="densenet121")


def convnext_tiny(size=(224, 224), weights=None):
    """ConvNeXt-Tiny with a softmax of four."""
    page = page_input(size)
    net = backbones.convnext_tiny(page, weights)
    return keras.Model(page, pool_and_classify(net.output), name="convnext_tiny")
