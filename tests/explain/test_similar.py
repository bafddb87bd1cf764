import numpy as np
import pytest

from ecg_tf.explain.similar import build_index, nearest, redraw
from ecg_tf.labels import LABELS
from ecg_tf.pages.ink import prepare
from tests.explain.conftest import SIZE


@pytest.fixture(scope="module")
def index(trained):
    return build_index(trained, range(10, 20))


def test_a_page_of_the_index_finds_itself_first(trained, index):
    page = prepare(redraw(13).image.astype(np.float32), *SIZE)
    found = nearest(index, trained, page)
    assert len(found) == 3 and found[0].seed == 13
    assert found[0].distance == pytest.approx(0.0, abs=1e-3)
    assert found[0].distance < found[1].distance <= found[2].distance


def test_labels_take_turns_and_are_those_of_the_drawn_pages(trained, index):
    page = prepare(redraw(40).image.astype(np.float32), *SIZE)
    for each in nearest(index, trained, page, count=10):
        drawn = redraw(each.seed)
        assert each.label == drawn.label == LABELS[each.seed % 4]
        assert each.territory == drawn.territory
    assert sorted(each.seed for each in nearest(index, trained, page, count=10)) == [*range(10, 20)]


def test_features_are_in_standard_deviations(index):
    np.testing.assert_allclose(index.features.mean(axis=0), 0.0, atol=1e-4)
    spread = index.features.std(axis=0)
    assert np.isclose(spread, 1.0, atol=1e-3).any()
    assert (np.isclose(spread, 1.0, atol=1e-3) | np.isclose(spread, 0.0)).all()


def test_one_page_is_no_index(trained):
    with pytest.raises(ValueError, match="at least two pages; got 1"):
        build_index(trained, [3])
