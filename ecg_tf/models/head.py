"""What all networks share: the way in and the way out."""

import keras

CLASSES = 4
DROPOUT = 0.3
FEATURES = "dropout"  # the layer that all that a network has seen goes into
HEAD = "p"  # the last layer of every network: Dense with the softmax inside


def page_input(size: tuple[int, int]):
    """The input: RGB 0..255, (n, height, width, 3)."""
    return keras.Input((*size, 3), name="page")


def classify(features):
    """Softmax over the classes, float32 (n, 4), also under mixed precision."""
    features = keras.layers.Dropout(DROPOUT, name=FEATURES)(features)
    return keras.layers.Dense(CLASSES, activation="softmax", dtype="float32", name=HEAD)(features)


def pool_and_classify(maps):
    """Global average pooling of (n, h, w, c), then `classify`."""
    return classify(keras.layers.GlobalAveragePooling2D(name="pool")(maps))
