"""Networks that share layers by name."""

import keras


def give_weights(source: keras.Model, target: keras.Model, leave: str = "") -> None:
    """Copies the weights of every layer of `source`, but for the one called `leave`, to the layer
    of that name in `target`.

    Layers that learn nothing hold constants of the architecture and are left as they are. Raises
    ValueError where there is none of that name, or one of another shape.
    """
    for layer in source.layers:
        if layer.trainable_weights and layer.name != leave:
            target.get_layer(layer.name).set_weights(layer.get_weights())
