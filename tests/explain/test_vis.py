import numpy as np
import pytest

from ecg_tf.explain.gradcam import grad_cam, to_unit
from ecg_tf.explain.integrated_gradients import BLANK, display
from ecg_tf.explain.vis import NOISE, SAMPLES, Saliency, Vis


@pytest.fixture(scope="module")
def vis(trained):
    return Vis(trained)


def test_grad_cam_in_the_graph_and_that_of_tf_keras_vis_agree(trained, vis, drawn_pages):
    pages, classes = drawn_pages
    ours = np.asarray(grad_cam(trained)(pages, classes))
    for row, label in enumerate(classes):
        theirs = np.asarray(to_unit(vis.gradcam(pages[row : row + 1], label)))[0]
        assert np.corrcoef(ours[row].ravel(), theirs.ravel())[0, 1] >= 0.99


def test_score_cam_masks_ink_not_paper(vis, drawn_pages):
    """What it asks the network about is never blacker than the page."""
    page = drawn_pages[0][0][None]
    seen, predict = [], vis._network.predict
    vis._network.predict = lambda inputs, batch_size: (
        seen.append(inputs[0]) or predict(inputs, batch_size)
    )
    try:
        vis.score_cam(page, 0)
    finally:
        vis._network.predict = predict
    (ink,) = seen
    assert ink.shape[1:] == page.shape[1:] and (ink <= 255.0 - page + 1e-3).all()
    assert np.ptp(ink.sum(axis=(1, 2, 3))) > 0.0


def test_smoothgrad_in_batches_is_that_of_tf_keras_vis(vis, drawn_pages):
    page = drawn_pages[0][:1]
    np.random.seed(0)
    theirs = Saliency(vis._network)(
        lambda scores: scores[:, 1],
        BLANK - page,
        smooth_samples=SAMPLES,
        smooth_noise=NOISE,
        normalize_map=False,
    )
    # Theirs takes the largest channel of the mean slope.
    np.testing.assert_allclose(
        vis.smoothgrad(page, 1), display(np.float32(theirs)), rtol=1e-3, atol=1e-4
    )


def test_smoothgrad_leaves_the_random_numbers_of_others_alone(vis, drawn_pages):
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    vis.smoothgrad(drawn_pages[0][:1], 0)
    assert np.random.rand() == expected
