import keras
import numpy as np
import pytest
import tensorflow as tf

from ecg_tf.classifier import calibrate
from ecg_tf.explain.boxes import ORDER, known_layout, lead_boxes
from ecg_tf.explain.occlusion import lead_occlusion, occlusion_map, without
from ecg_tf.models.head import classify, page_input
from ecg_tf.pages.ink import lay_out, prepare
from ecg_tf.pages.layout import ROWS
from ecg_tf.pages.synthetic import draw

TALL = (240, 400)  # on which lines can be counted


def prepared(seed, layout, size=TALL):
    page = draw(seed, "normal", layout, size=(400, 688), whole=False)
    return page, prepare(page.image.astype(np.float32), *size)[None]


def in_its_layout(seed, layout):
    page = draw(seed, "normal", layout, size=(400, 688), whole=False)
    return np.repeat(lay_out(page.image.astype(np.float32), *TALL).own, 3, axis=-1)


def ink_by_half(pages):
    """Scores: for class 0 the ink in the left half, for class 1 that in the right one."""
    ink = 1.0 - pages[..., 0] / 255.0
    half = pages.shape[2] // 2
    sides = [tf.reduce_sum(part, (1, 2)) for part in (ink[:, :, :half], ink[:, :, half:])]
    return tf.stack([*sides, 0 * sides[0], 0 * sides[0]], axis=1)


def test_the_boxes_are_those_of_the_drawn_leads():
    for seed in (1, 4, 9):
        page, network = prepared(seed, "3x4+1")
        for lead, box in zip(ORDER, lead_boxes(network)[0].numpy(), strict=True):
            np.testing.assert_allclose(
                box[[0, 2]], np.array(page.lead_boxes[lead])[[0, 2]], atol=0.05
            )
            middle, true = (box[1] + box[3]) / 2, page.lead_boxes[lead]
            assert true.top < middle < true.bottom


def test_pieces_cut_the_boxes_along_time():
    _, network = prepared(1, "3x4+1")
    whole, pieces = lead_boxes(network)[0].numpy(), lead_boxes(network, 5)[0].numpy()
    assert pieces.shape == (80, 4)
    for number, lead in enumerate(whole[:12]):
        part = pieces[5 * number : 5 * number + 5]
        np.testing.assert_allclose(part[0, 0], lead[0], atol=1e-6)
        np.testing.assert_allclose(part[1:, 0], part[:-1, 2], atol=1e-6)
        np.testing.assert_allclose(part[-1], [part[-1, 0], *lead[1:]], atol=1e-6)
    np.testing.assert_allclose(pieces[60:, 1], whole[12, 1], atol=1e-6)


@pytest.mark.parametrize("layout", ["3x4+1", "3x4+3", "6x2", "12x1"])
def test_only_the_3x4_and_rhythm_layout_is_known(layout):
    network = np.stack([in_its_layout(seed, layout) for seed in (1, 4)])
    assert known_layout(network).numpy().tolist() == [layout == "3x4+1"] * 2
    assert not known_layout(np.full_like(network, 255.0)).numpy().any()


def test_a_blanked_box_is_paper_and_all_else_stays():
    pages = np.random.default_rng(0).uniform(0, 200, (2, 20, 40, 3)).astype(np.float32)
    boxes = np.array([[[0.0, 0.0, 0.5, 1.0], [0.5, 0.5, 1.0, 1.0]]] * 2, np.float32)
    seen = without(lambda page: {"scores": ink_by_half(page)}, pages, boxes).numpy()
    before = ink_by_half(pages).numpy()
    np.testing.assert_allclose(seen[:, 0, 0], 0.0, atol=1e-3)
    np.testing.assert_allclose(seen[:, 0, 1], before[:, 1], rtol=1e-5)
    np.testing.assert_allclose(seen[:, 1, 0], before[:, 0], rtol=1e-5)
    expected = (1.0 - pages[:, :10, 20:, 0] / 255.0).sum(axis=(1, 2))
    np.testing.assert_allclose(seen[:, 1, 1], expected, rtol=1e-5)


@pytest.fixture(scope="module")
def by_column():
    """A network whose class k is told by the ink in the k-th column of leads."""
    page = page_input(TALL)
    ink = keras.layers.Rescaling(-1 / 255, offset=1.0)(page)
    columns = keras.layers.AveragePooling2D((TALL[0], TALL[1] // 4))(ink)
    model = keras.Model(page, classify(keras.layers.Flatten()(columns)))
    kernel = np.repeat(np.eye(4, dtype=np.float32), 3, axis=0)
    model.get_layer("p").set_weights([10 * kernel, np.zeros(4)])
    return model


def test_what_a_lead_is_worth_is_the_change_of_the_probability_without_it(by_column):
    _, network = prepared(4, "3x4+1")
    change = np.asarray(lead_occlusion(by_column, temperature=0.5)(network, [2]))[0]
    assert change.shape == (13,) and change.dtype == np.float32
    column = {lead: number for leads in ROWS for number, lead in enumerate(leads)}
    for lead, number in column.items():  # those of other columns spoke against the class
        assert (change[ORDER.index(lead)] < -0.01) == (number == 2), lead
    left, top, right, bottom = np.round(lead_boxes(network)[0, 7] * np.tile(TALL[::-1], 2))
    page = network.copy()
    page[:, int(top) : int(bottom), int(left) : int(right)] = 255.0
    with_it, without_it = (
        calibrate(by_column.predict_on_batch(p), 0.5)[0] for p in (network, page)
    )
    assert change[7] == pytest.approx(without_it[2] - with_it[2], abs=0.01)


def test_a_page_of_another_layout_has_no_numbers_by_lead(by_column):
    network = np.stack([prepared(4, "3x4+1")[1][0], in_its_layout(4, "6x2")])
    change = np.asarray(lead_occlusion(by_column)(network, [2, 2]))
    assert np.isfinite(change[0]).all() and np.isnan(change[1]).all()


def test_the_map_is_hot_where_blanking_costs_the_score(by_column):
    _, network = prepared(4, "3x4+1")
    heat = np.asarray(occlusion_map(by_column)(network, [2]))[0]
    assert heat.shape == TALL and heat.min() == 0.0
    spoke = heat.sum(axis=0) > 0.05 * heat.sum(axis=0).max()
    assert spoke[210:290].mean() > 0.9 and not spoke[:180].any() and not spoke[320:].any()
