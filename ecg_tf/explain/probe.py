"""What the explanations ask of a network: the maps they look at, its scores, its answer.

The score of a class is its pre-softmax value minus the mean over the classes. Log-probabilities
flatten out where the network is sure. Raw pre-softmax values do not, but softmax ignores what all
classes have in common, so training leaves that part as it was initialised and a map of it shows
chance; subtracting the mean takes it out. Differences between classes stay what they were.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from ecg_tf.models.familiar import FAMILIAR
from ecg_tf.models.head import CLASSES, HEAD
from ecg_tf.models.traces import READER

FUSED = "fused"  # what Grad-CAM looks at where a network has it; else its last maps
SCALE_WEIGHTS = "scale_weights"


def probe(model: keras.Model, layer: str | None = None) -> Callable:
    """A function from pages, float32 (n, height, width, 3), to what the network makes of them: a
    dict of `scores` float32 (n, 4); `p` float32 (n, 4), the softmax; what `halfway` names; and
    `scale_weights` (n, 3) where the network has them.

    Raises ValueError for a network that is nested, does not end in a softmax inside its last
    Dense, or computes in less than float32, where gradients of single pixels vanish.
    """
    _check(model)
    head = model.get_layer(HEAD)
    wanted = {"features": head.input, "p": head.output, **halfway(model, layer)}
    if has_scale_weights(model):
        wanted["scale_weights"] = model.get_layer(SCALE_WEIGHTS).output
    network = keras.Model(model.input, wanted, name="probe")

    def look(pages) -> dict:
        seen = network(pages, training=False)
        return {"scores": score(seen.pop("features"), head), **seen}

    return look


def behind(model: keras.Model, layer: str | None = None) -> Callable:
    """The rest of the network: a function of pages (n, h, w, 3) and what `probe` saw half-way on
    them, a dict of all that `halfway` names, to the class scores (n, 4).

    What leads past it, if anything, is computed from the pages again.
    """
    head, taken = model.get_layer(HEAD), halfway(model, layer)
    rest = keras.Model([model.input, *taken.values()], head.input, name="rest")

    def scores(pages, seen: dict):
        features = rest([pages, *(seen[name] for name in taken)], training=False)
        return score(features, head)

    return scores


def halfway(model: keras.Model, layer: str | None = None) -> dict:
    """The symbolic `maps` (n, h, w, c) of a layer if one is named; where the network reads the
    traces off the page, its `signals`; and `familiar` (n, 1) where it has two parts that take turns
    (`ecg_tf.models.anywhere`). A page is explained by the part that answered it, so `familiar` is
    held while all else of the page changes."""
    taken = {} if layer is None else {"maps": model.get_layer(layer).output}
    if any(each.name == READER for each in model.layers):
        taken["signals"] = model.get_layer(READER).output
    if any(each.name == FAMILIAR for each in model.layers):
        taken[FAMILIAR] = model.get_layer(FAMILIAR).output
    return taken


def score(features, head: keras.layers.Dense):
    """The class scores (n, 4) of what goes into the last layer."""
    values = keras.ops.matmul(features, head.kernel) + head.bias
    return values - keras.ops.mean(values, axis=-1, keepdims=True)


def signature(model: keras.Model) -> list[tf.TensorSpec]:
    """What explaining functions take: pages float32 (n, height, width, 3), classes int32 (n,).

    Fixed, so that each is traced once for all numbers of pages.
    """
    return [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pages"),
        tf.TensorSpec((None,), tf.int32, name="classes"),
    ]


def maps_layer(model: keras.Model) -> str:
    """The layer Grad-CAM looks at: `fused`, or the last whose output is (n, h, w, c) with h, w > 1.

    Raises ValueError for a network without such a layer.
    """
    found = _layers_with_maps(model)
    if not found:
        raise ValueError(
            f"The model {model.name!r} has no layer with maps (n, h, w, c) to look at."
        )
    return FUSED if FUSED in found else found[-1]


def has_maps(model: keras.Model) -> bool:
    """Whether there is a layer that `maps_layer` could name."""
    return bool(_layers_with_maps(model))


def _layers_with_maps(model: keras.Model) -> list[str]:
    shapes = {each.name: getattr(each.output, "shape", ()) for each in model.layers[1:]}
    return [name for name, shape in shapes.items() if len(shape) == 4 and min(shape[1:3]) > 1]


def has_scale_weights(model: keras.Model) -> bool:
    """Whether the network says how much each of its scales counted."""
    return any(layer.name == SCALE_WEIGHTS for layer in model.layers)


def _check(model: keras.Model) -> None:
    nested = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    if nested:
        raise ValueError(
            f"The model {model.name!r} holds another model, {nested[0]!r}; build its backbone "
            "with input_tensor= so that all layers are in one graph."
        )
    head = model.layers[-1]
    softmax = getattr(head, "activation", None) is keras.activations.softmax
    if head.name != HEAD or not softmax or head.units != CLASSES:
        raise ValueError(
            f"The model {model.name!r} ends in the layer {head.name!r}; explanations need a Dense "
            f"layer {HEAD!r} with the softmax of {CLASSES} classes inside."
        )
    for layer in model.layers:
        if layer.compute_dtype != "float32":
            raise ValueError(
                f"The layer {layer.name!r} computes in {layer.compute_dtype}; build the model "
                "under the float32 policy and load its weights there to explain it."
            )
