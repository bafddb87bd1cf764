"""From a page and its maps to what a person gets to see: two pictures, a text, the evidence.

Needs neither TensorFlow nor Keras: the maps come from `ecg_tf.explain.maps.explainer` in the same
process or from a model server over the wire.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ecg_tf.explain.attention import Attention, measure
from ecg_tf.explain.carried import by_lead
from ecg_tf.explain.overlay import overlay
from ecg_tf.explain.rationale import Evidence, gather, rationale
from ecg_tf.explain.words import percent
from ecg_tf.labels import DISPLAY, LABELS
from ecg_tf.pages.ink import lay_out, on_page
from ecg_tf.pages.layout import Box
from ecg_tf.pages.leads import Layout, find_layout

# The maps that a model server sends, as sentences call them; the first leads text and pictures.
# Which one deserves it is measured: docs/EXPLANATIONS.md.
SERVED = {
    "gradcam_traces": "Grad-CAM with traces",
    "gradcam": "Grad-CAM",
    "integrated_gradients": "integrated gradients",
}
SUBTITLES = {
    "gradcam_traces": "Grad-CAM with traces: what page and traces each added to the answer",
    "gradcam": "Grad-CAM: where the model looked",
    "integrated_gradients": "Integrated gradients: which ink added to the answer",
}


@dataclass(frozen=True)
class Explanation:
    """What one answer rests on. `pictures` are RGB, by the keys of SERVED that were at hand."""

    text: str
    evidence: Evidence
    pictures: dict[str, Image.Image]
    layout: Layout


def explain_page(
    maps: Callable,
    page: np.ndarray,
    size: tuple[int, int],
    probabilities: Mapping[str, float] | None = None,
) -> Explanation:
    """Explains the answer for one page, uint8 (h, w, 3), of any size.

    `maps` is what `explainer` returned, `size` the (height, width) of the network's input;
    `probabilities` by label are the calibrated ones, by default the network's own. The class
    explained is the likeliest of them.
    """
    prepared = lay_out(page.astype(np.float32), *size)
    classes = None
    if probabilities is not None:
        classes = np.array([max(range(len(LABELS)), key=lambda k: probabilities[LABELS[k]])])
    seen = maps(prepared.image[None], classes)
    found = {name: np.asarray(values)[0] for name, values in seen.items()}
    found |= {name: on_page(found[name], prepared) for name in SERVED}
    if probabilities is None:
        probabilities = dict(zip(LABELS, found["probabilities"].tolist(), strict=True))
    return explain_maps(page, found, probabilities, Box(*map(float, prepared.paper)))


def explain_maps(
    page: np.ndarray,
    maps: Mapping[str, np.ndarray],
    probabilities: Mapping[str, float],
    paper: Box | None = None,
) -> Explanation:
    """Explains an answer from maps that are at hand.

    `maps` holds one or more of SERVED, float (h, w) in 0..1, and where known
    `scale_weights` (3,), `gap` and `lead_occlusion` (13,); `paper` is the part of the page that
    the maps cover, by default the paper found on it. Raises ValueError when there is no map.
    """
    layout = find_layout(page)
    paper = paper or layout.paper
    seen = {
        name: measure(maps[name], paper, layout.leads, method)
        for name, method in SERVED.items()
        if name in maps
    }
    weights, gap = maps.get("scale_weights"), maps.get("gap")
    changes = None
    if layout.leads:
        changes = by_lead(maps.get("lead_occlusion", ()), layout.leads)
    evidence = gather(
        probabilities, spoken_of(seen), weights, layout.reason, gap, changes, layout.form
    )
    pictures = {
        name: overlay(
            page,
            maps[name],
            paper,
            title=f"{DISPLAY[evidence.label]}   {percent(evidence.confidence)} confidence",
            subtitle=f"{SUBTITLES[name]}     {_second(evidence)}",
            leads=layout.leads,
            hottest=attention.hottest,
        )
        for name, attention in seen.items()
    }
    return Explanation(rationale(evidence), evidence, pictures, layout)


def spoken_of(seen: Mapping[str, Attention]) -> tuple[Attention, ...]:
    """What the text speaks of, of the attention in each of SERVED: not of Grad-CAM by itself where
    it is part of the first map."""
    parted = "gradcam_traces" in seen
    return tuple(
        seen[name] for name in SERVED if name in seen and (name != "gradcam" or not parted)
    )


def _second(evidence: Evidence) -> str:
    return f"second answer: {DISPLAY[evidence.second]}, {percent(evidence.second_confidence)}"
