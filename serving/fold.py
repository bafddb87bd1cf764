"""Batch normalisations taken into the convolutions before them: a smaller, faster network.

At inference a normalisation multiplies and adds per channel, which the kernel and the bias of the
layer before can do as well. Weights are variables in a SavedModel, so no server does it by itself.
"""

import keras
import numpy as np


class Folded(keras.layers.Layer):
    """Stands where a normalisation was, and does nothing."""

    def call(self, inputs, training=None, mask=None):
        """The inputs."""
        return inputs


FOLDABLE = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.Dense,
)


def fold_normalisations(model: keras.Model) -> keras.Model:
    """A copy of a functional `model` with the same layer names and the same answers, but for
    rounding, in which nothing is left of a BatchNormalization behind a linear layer."""
    pairs = {before.name: norm for norm in model.layers if (before := _layer_before(norm))}
    norms = {norm.name for norm in pairs.values()}

    def copy(layer):
        if layer.name in norms:
            return Folded(name=layer.name)
        config = layer.get_config() | ({"use_bias": True} if layer.name in pairs else {})
        return type(layer).from_config(config)

    folded = keras.models.clone_model(model, clone_function=copy)
    for layer in model.layers:
        if layer.name in pairs:
            folded.get_layer(layer.name).set_weights(_weights(layer, pairs[layer.name]))
        elif layer.name not in norms:
            twin = folded.get_layer(layer.name)
            twin.set_weights(layer.get_weights())
            if isinstance(twin, keras.layers.Normalization):
                twin.finalize_state()  # what it computes with is made of its weights once
    return folded


def _layer_before(norm):
    """The linear layer whose output goes into the BatchNormalization `norm` alone, or None."""
    if not isinstance(norm, keras.layers.BatchNormalization) or len(norm._inbound_nodes) != 1:
        return None
    before = norm.input._keras_history.operation
    linear = getattr(before, "activation", None) in (None, keras.activations.linear)
    last = norm.axis in (-1, len(norm.input.shape) - 1)
    alone = len(getattr(before, "_outbound_nodes", ())) == 1 and len(before._inbound_nodes) == 1
    return before if type(before) in FOLDABLE and linear and last and alone else None


def _weights(layer, norm) -> list[np.ndarray]:
    """Kernel and bias of `layer` with what `norm` does, computed in float64."""
    kernel = np.asarray(layer.kernel, np.float64)
    mean, variance = (np.asarray(w, np.float64) for w in (norm.moving_mean, norm.moving_variance))
    factor = 1.0 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        factor = factor * np.asarray(norm.gamma, np.float64)
    shift = np.asarray(norm.beta, np.float64) if norm.center else 0.0
    bias = np.asarray(layer.bias, np.float64) if layer.use_bias else 0.0
    # A depthwise kernel ends in (channels, multiplier), the others in the channels out.
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    scaled = kernel * (factor.reshape(kernel.shape[-2:]) if depthwise else factor)
    return [scaled.astype(np.float32), (shift + (bias - mean) * factor).astype(np.float32)]
