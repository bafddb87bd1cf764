import warnings

import keras
import numpy as np
import pytest

from ecg_tf.explain.gradcam import grad_cam, to_unit
from ecg_tf.explain.probe import probe
from ecg_tf.models.head import page_input, pool_and_classify
from tests.explain.conftest import SIZE


@pytest.fixture(scope="module")
def cam(trained):
    return grad_cam(trained)


def test_the_maps_have_the_size_of_the_input_and_reach_one(cam, drawn_pages):
    pages, classes = drawn_pages
    maps = np.asarray(cam(pages, classes))
    assert maps.shape == (24, *SIZE) and maps.dtype == np.float32
    assert maps.min() >= 0.0
    np.testing.assert_allclose(maps.max(axis=(1, 2)), 1.0, atol=1e-6)


def test_a_page_has_the_same_map_in_any_batch(cam, drawn_pages):
    pages, classes = drawn_pages
    together = np.asarray(cam(pages, classes))
    np.testing.assert_allclose(cam(pages[5:6], classes[5:6])[0], together[5], atol=1e-4)


def test_classes_have_maps_of_their_own(cam, drawn_pages):
    one, other = (np.asarray(cam(drawn_pages[0][:1], [label]))[0] for label in (0, 3))
    assert np.abs(one - other).max() > 0.1


def test_after_average_pooling_it_is_the_weighted_sum_of_the_maps(trained, cam, drawn_pages):
    """There Grad-CAM is known in closed form: the class's weights, centred, times the maps."""
    pages = drawn_pages[0][:4]
    kernel = trained.get_layer("p").get_weights()[0]
    weights = kernel[:, 2] - kernel.mean(axis=1)
    maps = np.asarray(probe(trained, "fused")(pages)["maps"])
    expected = to_unit(np.maximum(maps @ weights, 0.0))
    found = np.asarray(cam(pages, [2] * 4))
    # The corners of 4 x 4 blocks are where bilinear enlargement touches single cells.
    np.testing.assert_allclose(
        to_unit(_cells(found)), to_unit(_cells(_enlarged(expected))), rtol=0, atol=0.02
    )


def _enlarged(maps):
    return np.asarray(keras.ops.image.resize(np.asarray(maps)[..., None], SIZE))[..., 0]


def _cells(maps):
    return np.asarray(maps)[:, 1::4, 1::4]


def test_tf_keras_vis_finds_the_same(trained, cam, drawn_pages):
    with warnings.catch_warnings():  # it imports zoom from where scipy no longer wants it
        warnings.simplefilter("ignore", DeprecationWarning)
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    pages = drawn_pages[0][:3]
    # What spoke for another class than the answer is the small rest of large terms.
    classes = trained.predict_on_batch(pages).argmax(axis=1).tolist()

    def score(output):
        centred = output - keras.ops.mean(output, axis=-1, keepdims=True)
        return [centred[number, label] for number, label in enumerate(classes)]

    gradcam = Gradcam(trained, model_modifier=ReplaceToLinear(), clone=True)
    theirs = np.asarray(
        gradcam(score, pages, penultimate_layer="fused", expand_cam=False, normalize_cam=False)
    )
    ours = np.asarray(cam(pages, classes))
    enlarged = _enlarged(theirs / theirs.max(axis=(1, 2), keepdims=True))
    enlarged = enlarged / enlarged.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(ours, enlarged, atol=5e-3)
    for one, other in zip(ours, enlarged, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.999


def test_the_heat_is_where_the_evidence_is():
    """A network that looks for darkness: the only ink on the page is what it saw."""
    page = page_input(SIZE)
    ink = keras.layers.Rescaling(-1 / 255, offset=1.0)(page)
    maps = keras.layers.Conv2D(1, 4, 4, use_bias=False, name="dark")(ink)
    model = keras.Model(page, pool_and_classify(maps))
    model.get_layer("dark").set_weights([np.ones((4, 4, 3, 1), np.float32)])
    model.get_layer("p").set_weights([np.array([[-1, 3, -1, -1]], np.float32), np.zeros(4)])
    pages = np.full((1, *SIZE, 3), 255, np.float32)
    pages[0, 32:36, 8:12] = 0.0
    heat = np.asarray(grad_cam(model)(pages, [1]))[0]
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 32 <= row < 36 and 8 <= column < 12
    assert heat[:24].max() == 0.0 and heat[:, 24:].max() == 0.0
    assert np.asarray(grad_cam(model)(pages, [0])).max() == 0.0  # the ink spoke against this one


def test_frozen_weights_do_not_matter(trained, cam, drawn_pages):
    pages, classes = drawn_pages
    before = np.asarray(cam(pages[:2], classes[:2]))
    trained.trainable = False
    try:
        after = np.asarray(grad_cam(trained)(pages[:2], classes[:2]))
    finally:
        trained.trainable = True
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_maps_that_the_answer_does_not_depend_on_are_refused(drawn_pages):
    page = page_input(SIZE)
    aside = keras.layers.Conv2D(2, 3, name="aside")(page)
    unused = keras.layers.Lambda(lambda pair: pair[0], output_shape=(*SIZE, 3))([page, aside])
    model = keras.Model(page, pool_and_classify(keras.layers.Conv2D(2, 3)(unused)))
    with pytest.raises(ValueError, match="does not depend on the maps of 'aside'"):
        grad_cam(model, "aside")(drawn_pages[0][:1], [0])


def test_an_empty_map_stays_empty():
    maps = np.zeros((2, 3, 3), np.float32)
    maps[1, 1, 1] = 5.0
    unit = np.asarray(to_unit(maps))
    assert unit[0].max() == 0.0 and unit[1].max() == 1.0
