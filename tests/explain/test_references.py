import numpy as np
import pytest

from ecg_tf.explain.references import REFERENCES, centre_blob, random_map


def page(grey):
    return np.full((56, 140, 3), grey, np.float32)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_is_a_map_that_reaches_one(name):
    heat = REFERENCES[name](None, page(9), 1)
    assert heat.shape == (56, 140) and heat.dtype == np.float32
    assert heat.min() >= 0.0 and heat.max() == pytest.approx(1.0)


def test_the_random_map_is_the_page_s_own():
    np.testing.assert_array_equal(random_map(None, page(9), 1), random_map(None, page(9), 2))
    other = random_map(None, page(8), 1)
    assert abs(np.corrcoef(random_map(None, page(9), 1).ravel(), other.ravel())[0, 1]) < 0.5


def test_random_maps_prefer_no_place():
    mean = np.mean([random_map(None, page(grey), 0) for grey in range(200)], axis=0)
    assert 0.4 < mean.min() and mean.max() < 0.6


def test_the_blob_is_hottest_in_the_centre_and_falls_to_the_rim():
    heat = centre_blob(None, page(9), 0)
    assert np.argmax(heat[28]) in (69, 70) and np.argmax(heat[:, 70]) in (27, 28)
    assert heat[0].max() < 0.1 and heat[:, 0].max() < 0.1
