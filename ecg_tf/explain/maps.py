"""Everything the network can say about its answers, in one function of pages."""

from collections.abc import Callable

import keras
import tensorflow as tf

from ecg_tf.explain.gradcam import heat
from ecg_tf.explain.integrated_gradients import STEPS, attributions_of, display, with_blank
from ecg_tf.explain.occlusion import change_of
from ecg_tf.explain.parts import parts, shown
from ecg_tf.explain.probe import SCALE_WEIGHTS, has_scale_weights, maps_layer, probe, signature


def explainer(
    model: keras.Model, steps: int = STEPS, temperature: float = 1.0, traced: bool = True
) -> Callable:
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

    Not `traced`, the first call is answered sooner and each further one later: for a page or two.
    Raises ValueError for a network that `probe` does not accept.
    """
    layer, given = maps_layer(model), signature(model)
    # One function for all that looks at pages, lest the whole network be in the graph many times.
    look = probe(model, layer)
    if traced:
        look = tf.function(look, input_signature=given[:1], autograph=False)
    part, divide_up = parts(model, layer), attributions_of(model, steps)

    def all_of(pages, classes):
        with_paper = look(with_blank(pages))
        seen = {name: each[:-1] for name, each in with_paper.items()}
        classes = tf.where(classes < 0, tf.argmax(seen["p"], axis=1, output_type=tf.int32), classes)
        added = part(pages, with_paper, classes)
        attributions, gap = divide_up(pages, with_paper, classes)
        found = {
            "probabilities": seen["p"],
            "gradcam": heat(seen["maps"], added["slopes"], pages.shape[1:3]),
            "gradcam_traces": shown(added, pages),
            "integrated_gradients": display(attributions),
            "attributions": attributions,
            "gap": gap,
            "lead_occlusion": change_of(look, pages, seen["scores"], classes, temperature),
        }
        if has_scale_weights(model):
            found["scale_weights"] = seen[SCALE_WEIGHTS]
        return found

    if traced:
        all_of = tf.function(all_of, input_signature=given, autograph=False)

    def maps(pages, classes=None) -> dict:
        pages = tf.convert_to_tensor(pages, tf.float32)
        likeliest = tf.fill((tf.shape(pages)[0],), -1)
        return all_of(pages, likeliest if classes is None else tf.cast(classes, tf.int32))

    return maps
