"""The functions that are exported, on a page of another layout, without an export."""

import numpy as np
import tensorflow as tf

from ecg_tf.classifier import Classifier, prepare_page
from ecg_tf.explain.maps import explainer
from ecg_tf.models import build
from ecg_tf.pages.ink import on_page
from ecg_tf.pages.other_layouts import FORMS, lead_boxes
from ecg_tf.pages.synthetic import draw
from serving.graph import explaining
from tests.serving.small_model import STEPS, small_classifier

SIZE = (192, 480)  # on which six lines can be told


def test_maps_of_another_layout_lie_over_the_seconds_that_were_seen():
    small = small_classifier()
    classifier = Classifier(build("effnet_msa", SIZE), small.card | {"size": list(SIZE)})
    image = draw(3, "normal", "6x2", whole=False).image
    laid = prepare_page(image, SIZE)
    assert FORMS[int(laid.other.form) - 1].name == "6x2"
    explain, _ = explaining(classifier, STEPS)["serving_default"]
    found = explain(tf.stack([tf.io.encode_png(image)]))
    heat = found["integrated_gradients"][0].numpy()
    maps = explainer(classifier.model, STEPS, classifier.card["temperature"])(laid.image[None])
    there = on_page(np.asarray(maps["integrated_gradients"])[0], laid)
    assert np.corrcoef(heat.ravel(), there.ravel())[0, 1] > 0.98
    line = lead_boxes(laid.other)["I"]  # of which the first half was seen
    rows = heat[round(line.top * SIZE[0]) : round(line.bottom * SIZE[0])]
    unseen = rows[:, round(0.27 * SIZE[1]) : round(0.49 * SIZE[1])]
    assert unseen.sum() < 0.01 * heat.sum()
    assert np.isfinite(found["lead_occlusion"]).all()
