import keras
import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.explain.maps import explainer
from ecg_tf.models import build
from tests.explain.conftest import SIZE


def test_all_maps_come_at_once(trained, drawn_pages):
    pages = drawn_pages[0][:3]
    found = explainer(trained, steps=8)(pages)
    shapes = {name: tuple(values.shape) for name, values in found.items()}
    assert shapes == {
        "probabilities": (3, 4),
        "gradcam": (3, *SIZE),
        "gradcam_traces": (3, *SIZE),
        "integrated_gradients": (3, *SIZE),
        "attributions": (3, *SIZE),
        "gap": (3,),
        "lead_occlusion": (3, 13),
        "scale_weights": (3, 3),
    }
    assert all(values.dtype == tf.float32 for values in found.values())
    np.testing.assert_allclose(
        found["probabilities"], trained.predict_on_batch(pages), rtol=0, atol=1e-6
    )


def test_the_likeliest_class_is_explained_unless_another_is_asked_for(trained, drawn_pages):
    pages = drawn_pages[0][:2]
    maps = explainer(trained, steps=8)
    likeliest = trained.predict_on_batch(pages).argmax(axis=1)
    free, same, other = maps(pages), maps(pages, likeliest), maps(pages, (likeliest + 1) % 4)
    for name in ("gradcam", "integrated_gradients"):
        np.testing.assert_allclose(free[name], same[name], atol=1e-5)
        assert np.abs(np.asarray(free[name]) - other[name]).max() > 0.1


def test_without_tracing_the_maps_are_the_same(trained, drawn_pages):
    pages = drawn_pages[0][:2]
    traced, eager = (explainer(trained, steps=8, traced=each)(pages) for each in (True, False))
    assert traced.keys() == eager.keys()
    for name, values in traced.items():
        np.testing.assert_allclose(eager[name], values, atol=1e-3, err_msg=name)


def test_the_maps_are_exported_and_come_back_without_the_code(trained, drawn_pages, tmp_path):
    pages = drawn_pages[0][:3]
    maps = explainer(trained, steps=8)
    archive = keras.export.ExportArchive()
    archive.track(trained)
    page = tf.TensorSpec((None, *SIZE, 3), tf.float32, name="pages")
    archive.add_endpoint("serve", maps, input_signature=[page])
    archive.write_out(str(tmp_path / "export"), verbose=False)
    back = tf.saved_model.load(str(tmp_path / "export")).signatures["serve"](
        pages=tf.constant(pages)
    )
    here = maps(pages)
    assert set(back) == set(here)
    for name, values in here.items():
        np.testing.assert_allclose(back[name], values, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("name, scales", [("effnet_msa", 3), ("cnn", 0)])
def test_the_projects_networks_can_be_explained(name, scales):
    pages = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    found = explainer(build(name, size=(64, 64)), steps=8)(pages)
    assert found["gradcam"].shape == (1, 64, 64)
    assert np.isfinite(found["attributions"]).all()
    assert np.abs(found["attributions"]).max() > 0
    assert ("scale_weights" in found) == (scales > 0)
