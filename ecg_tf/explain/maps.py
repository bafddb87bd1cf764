"""Everything the network can say about its answers, in one function of pages."""

from collections.abc import Callable

import keras
import tensorflow as tf

from ecg_tf.explain.gradcam import grad_cam
from ecg_tf.explain.integrated_gradients import STEPS, display, integrated_gradients
from ecg_tf.explain.occlusion import lead_occlusion
from ecg_tf.explain.parts import parts_map
from ecg_tf.explain.probe import SCALE_WEIGHTS, has_scale_weights, probe


def explainer(model: keras.Model, steps: int = STEPS, temperature: float = 1.0) -> Callable:
    """A function `maps(pages, classes=None) -> dict`, built once, of TensorFlow ops alone: call
    it on arrays, or on tensors inside a graph that is exported.

    `pages` float32 (n, height, width, 3) is the network's input; `classes` int (n,) are the
    classes to explain, by default the likeliest of each page. The dict holds float32 tensors:

    - `probabilities` (n, 4), as they leave the network, not calibrated;
    - `gradcam` (n, height, width) in 0..1;
    - `gradcam_traces` (n, height, width) in 0..1, the same together with what the traces added in
      a network that reads them (see `ecg_tf.explain.parts`);
    - `integrated_gradients` (n, height, width) in 0..1, what spoke for the class, for the eye;
    - `attributions` (n, height, width), the same signed, exact, in units of the class score;
    - `gap` (n,), how incomplete these are (see `integrated_gradients`);
    - `lead_occlusion` (n, 13), how the probability of the class, calibrated by `temperature`,
      changes without each lead (see `ecg_tf.explain.occlusion`);
    - `scale_weights` (n, 3), fine to coarse, where the network has them.

    Raises ValueError for a network that `probe` does not accept.
    """
    look, cam, both = probe(model), grad_cam(model), parts_map(model)
    attribute, change = integrated_gradients(model, steps), lead_occlusion(model, temperature)

    def maps(pages, classes=None) -> dict:
        pages = tf.convert_to_tensor(pages, tf.float32)
        seen = look(pages)
        classes = tf.argmax(seen["p"], axis=1) if classes is None else classes
        classes = tf.cast(classes, tf.int32)
        attributions, gap = attribute(pages, classes)
        found = {
            "probabilities": seen["p"],
            "gradcam": cam(pages, classes),
            "gradcam_traces": both(pages, classes),
            "integrated_gradients": display(attributions),
            "attributions": attributions,
            "gap": gap,
            "lead_occlusion": change(pages, classes),
        }
        if has_scale_weights(model):
            found["scale_weights"] = seen[SCALE_WEIGHTS]
        return found

    return maps
