"""Backbones of keras.applications as one flat graph, each fed the way it was trained.

Every model takes RGB 0..255 and normalises itself, because the conventions differ (ResNet50 wants
BGR minus means, MobileNet -1..1, DenseNet mean and deviation, EfficientNet and ConvNeXt do it
inside) and feeding all of them alike is an easy way to a network near chance.
"""

import warnings
from pathlib import Path

import keras
import numpy as np

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, RGB in 0..1
DEVIATION = (0.229, 0.224, 0.225)
CAFFE_MEAN = (123.68, 116.779, 103.939)  # RGB in 0..255


def mobilenet(page, weights=None):
    """MobileNet (Howard et al. 2017) without its top."""
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="normalise")(page)
    return _build(keras.applications.MobileNet, x, weights)


def resnet50(page, weights=None):
    """ResNet50 (He et al. 2015) without its top."""
    x = keras.layers.Normalization(mean=CAFFE_MEAN, variance=(1.0, 1.0, 1.0), name="normalise")(
        page
    )
    return _build(keras.applications.ResNet50, keras.ops.flip(x, axis=-1), weights)


def densenet121(page, weights=None):
    """DenseNet121 (Huang et al. 2017) without its top."""
    mean = [255.0 * value for value in MEAN]
    variance = [(255.0 * value) ** 2 for value in DEVIATION]
    x = keras.layers.Normalization(mean=mean, variance=variance, name="normalise")(page)
    return _build(keras.applications.DenseNet121, x, weights)


def convnext_tiny(page, weights=None):
    """ConvNeXt-Tiny (Liu et al. 2022) without its top; normalises inside."""
    return _build(keras.applications.ConvNeXtTiny, page, weights)


def efficientnet_b0(page, weights=None):
    """EfficientNet-B0 (Tan and Le 2019) without its top; normalises inside."""
    net = _build(keras.applications.EfficientNetB0, page, weights)
    if weights not in (None, "imagenet"):
        # The released weights expect a further division by sqrt(deviation), which Keras adds for
        # weights="imagenet" alone; from a file it has to be folded into the stored variance.
        # Found by type: Keras numbers the layer's name from the second model of a process on.
        normalise = next(
            each for each in net.layers if isinstance(each, keras.layers.Normalization)
        )
        normalise.adapt_variance.assign(np.asarray(normalise.adapt_variance) * DEVIATION)
        normalise.finalize_state()
    return net


def _build(application, page, weights):
    """The backbone; `weights` is None, "imagenet" or the path of a file without the top.

    Raises FileNotFoundError for a path that does not exist, ValueError for weights of another
    network.
    """
    if weights in (None, "imagenet"):
        return application(include_top=False, weights=weights, input_tensor=page)
    if not Path(weights).is_file():
        raise FileNotFoundError(f"There is no weights file {weights}.")
    net = application(include_top=False, weights=None, input_tensor=page)
    try:
        with warnings.catch_warnings():
            # Keras only warns of layers that it finds nothing for and leaves them as they are.
            warnings.simplefilter("error", UserWarning)
            net.load_weights(str(weights))
    except (ValueError, KeyError, OSError, UserWarning) as error:
        raise ValueError(f"{weights} does not hold weights of {application.__name__}.") from error
    return net
