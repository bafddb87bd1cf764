import keras
import numpy as np
import pytest

from ecg_tf.explain.methods import METHODS, explain
from tests.explain.conftest import SIZE, small_network


@pytest.mark.parametrize("method", METHODS)
def test_a_map_has_the_size_of_the_input_and_belongs_to_the_class(trained, drawn_pages, method):
    page = drawn_pages[0][1]
    heat = explain(trained, page, method, 1)
    assert heat.shape == SIZE and heat.dtype == np.float32
    assert heat.min() >= 0.0 and heat.max() == 1.0
    np.testing.assert_array_equal(explain(trained, page, method, 1), heat)
    assert np.abs(explain(trained, page, method, 3) - heat).max() > 0.05


def test_by_default_the_likeliest_class_is_explained(trained, drawn_pages):
    page = drawn_pages[0][2]
    label = int(np.argmax(trained.predict_on_batch(page[None])[0]))
    expected = explain(trained, page, "gradcam", label)
    np.testing.assert_array_equal(explain(trained, page, "gradcam"), expected)


@pytest.mark.parametrize("method", METHODS)
def test_without_tracing_a_map_is_the_same(trained, drawn_pages, method):
    traced, eager = (
        explain(trained, drawn_pages[0][0], method, 1, traced=each) for each in (True, False)
    )
    np.testing.assert_allclose(eager, traced, atol=1e-3)


@pytest.mark.parametrize("method", ["gradcam", "gradcam_plus_plus", "saliency"])
def test_weights_that_change_are_seen(drawn_pages, method):
    model, page = small_network(), drawn_pages[0][0]
    before = explain(model, page, method, 1)
    random = np.random.default_rng(7)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([random.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    assert np.abs(explain(model, page, method, 1) - before).max() > 0.01


@pytest.mark.parametrize(
    "change, message",
    [
        ({"method": "lime"}, "There is no method 'lime'; the methods are gradcam, "),
        ({"page": np.zeros((8, 8, 3))}, r"The page is \(8, 8, 3\); the network takes \(48, 64, 3"),
        ({"label_index": 4}, "label_index is 4; it goes from 0 to 3"),
    ],
)
def test_what_cannot_be_explained_is_refused(trained, drawn_pages, change, message):
    asked = {"page": drawn_pages[0][0], "method": "gradcam", "label_index": 0} | change
    with pytest.raises(ValueError, match=message):
        explain(trained, **asked)
