"""What each method of explanation is called, what it shows and what it cannot, in people's words.

The one place that says which method is shown first. Needs neither TensorFlow nor Keras: the portal
reads it; `ecg_tf.explain.methods` computes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ecg_tf.explain.names import METHODS

# The method shown first everywhere. Which one deserves it is measured: docs/EXPLANATIONS.md.
SHOWN_FIRST = "gradcam_traces"


@dataclass(frozen=True)
class About:
    """A method in words: `shows` and `limit` are a sentence each."""

    title: str
    shows: str
    limit: str


WORDS = {  # method -> what it shows, its known limit
    "gradcam": (
        "Where the network's last feature maps of the page were active, each weighted by how much "
        "it raises the answer.",
        "Blind to what the network reads off the traces, by which it decides for the most part; "
        "coarse, so that it can point at a lead but at no single wave; and what spoke against the "
        "answer is left out.",
    ),
    "gradcam_plus_plus": (
        "The feature maps of Grad-CAM, weighted so that several places of one kind can count, not "
        "the largest alone.",
        "As blind to the traces and as coarse as Grad-CAM; its weights follow from a formula and "
        "not from a measured effect on the answer.",
    ),
    "gradcam_traces": (
        "What each place of the feature maps and each moment of the traces added to the answer, "
        "in one unit.",
        "Assumes that what it adds up works separately; for the traces it is measured from a blank "
        "page and painted on the ink that was read; what spoke against the answer is left out.",
    ),
    "score_cam": (
        "The feature maps of Grad-CAM, each weighted by how likely the answer is when only the "
        "part of the page that it marks is left visible.",
        "Needs no gradients, but a page with most of it hidden is unlike any that the network "
        "learnt from; as coarse as Grad-CAM.",
    ),
    "saliency": (
        "How strongly the answer reacts to a tiny change of each pixel.",
        "Noisy, and it marks where a change would matter, which need not be what carried this "
        "answer; empty paper can light up.",
    ),
    "smoothgrad": (
        "Saliency averaged over copies of the page with a little random noise.",
        "Calmer to the eye and not truer by that; how much noise is added is a choice, and the map "
        "depends on it.",
    ),
    "integrated_gradients": (
        "How much each bit of ink added to the answer on the way from empty paper to this page.",
        "Measured from empty paper; another starting point gives another map, and missing ink, "
        "such as a flat stretch of the trace, can get no heat.",
    ),
    "lead_occlusion": (
        "How much the answer weakens when half a second of one lead after the other is blanked.",
        "One piece at a time: what several leads or beats show alike counts for none of them, "
        "because the others stand in, and a page with a gap is unlike those that the network "
        "learnt from.",
    ),
}
ABOUT = {method: About(title, *WORDS[method]) for method, title in METHODS.items()}


def in_order(methods: Iterable[str]) -> list[str]:
    """The methods, the one that is shown first in front, the others as they came."""
    return sorted(methods, key=lambda method: method != SHOWN_FIRST)
