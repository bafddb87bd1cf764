"""Every method of explanation behind one function.

    heat = explain(model, page, "smoothgrad")

`gradcam` and `integrated_gradients` are those of the served graph, `gradcam_traces` is
`ecg_tf.explain.parts`, `lead_occlusion` is `ecg_tf.explain.occlusion`, and the others are those of
tf-keras-vis by way of `ecg_tf.explain.vis`. The names alone, without TensorFlow, are in
`ecg_tf.explain.names`.
"""

from collections.abc import Callable
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.explain.gradcam import grad_cam
from ecg_tf.explain.integrated_gradients import display, integrated_gradients
from ecg_tf.explain.names import METHODS
from ecg_tf.explain.occlusion import occlusion_map
from ecg_tf.explain.parts import parts_map
from ecg_tf.explain.vis import Vis
from ecg_tf.labels import LABELS

__all__ = ["METHODS", "explain"]

MODELS_KEPT = 2  # whose functions are not built again


def explain(
    model: keras.Model,
    page: np.ndarray,
    method: str,
    label_index: int | None = None,
    traced: bool = True,
) -> np.ndarray:
    """The heat map of one page, float32 (h, w) in 0..1: 1 at the hottest place, all 0 where
    nothing spoke for the class.

    `page` is the network's input, float32 (h, w, 3) in 0..255 (`ecg_tf.pages.ink.prepare`);
    `method` a key of METHODS; `label_index` the class to explain (place in LABELS), by default
    the likeliest. The same arguments give the same map. Weights that change are seen by the next
    call. Not `traced`, the first map of a method is there sooner and each further one later.
    Raises ValueError for an unknown method, class or shape, and for a network that
    `ecg_tf.explain.probe` does not accept.
    """
    if method not in METHODS:
        raise ValueError(f"There is no method {method!r}; the methods are {', '.join(METHODS)}.")
    page = np.asarray(page, np.float32)
    if page.shape != tuple(model.input_shape[1:]):
        raise ValueError(f"The page is {page.shape}; the network takes {model.input_shape[1:]}.")
    if label_index is None:
        label_index = int(np.argmax(model(page[None], training=False)[0]))
    if not 0 <= label_index < len(LABELS):
        raise ValueError(f"label_index is {label_index}; it goes from 0 to {len(LABELS) - 1}.")
    heat = np.maximum(np.asarray(_method(model, method, traced)(page[None], label_index)), 0.0)[0]
    top = float(heat.max())
    return (heat / top if top > 0.0 else heat).astype(np.float32)


@lru_cache(maxsize=MODELS_KEPT * len(METHODS))
def _method(model: keras.Model, method: str, traced: bool) -> Callable:
    """A function of (pages float32 (1, h, w, 3), class) to maps (1, h, w)."""
    if method == "gradcam":
        return _per_page(grad_cam(model), traced)
    if method == "gradcam_traces":
        return _per_page(parts_map(model), traced)
    if method == "lead_occlusion":
        return _per_page(occlusion_map(model), traced)
    if method == "integrated_gradients":
        attribute = _per_page(integrated_gradients(model), traced)
        return lambda pages, label: display(attribute(pages, label)[0])
    return getattr(_vis(model), method)


@lru_cache(maxsize=MODELS_KEPT)
def _vis(model: keras.Model) -> Vis:
    return Vis(model)


def _per_page(maps: Callable, traced: bool) -> Callable:
    call = maps if traced else maps.python_function
    return lambda pages, label: call(tf.constant(pages), tf.constant([label]))
