import numpy as np
import pytest

from ecg_tf.models.beats import LANDMARKS, beat_network
from ecg_tf.training.kernel import fit_kernel
from tests.models.test_beats import signals


@pytest.fixture(scope="module")
def pages():
    """Signals of four heights of the waves, one a label, (300, *SHAPE), and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 4
    times = np.arange(0.5, 10, 0.8)
    made = [signals(list(times), 0.5 + 0.5 * label + rng.normal(0, 0.05)) for label in labels]
    return np.concatenate(made), labels


def weighed(labels):
    """Targets (n, 4) and weights (n,), all alike."""
    return np.eye(4)[labels], np.ones(len(labels))


def test_it_learns_what_the_waves_tell(pages):
    found, labels = pages
    network = beat_network()
    fit_kernel(network, found[:280], *weighed(labels[:280]), strength=100.0, seed=0)
    p = np.asarray(network(found[280:]))
    assert (p.argmax(axis=1) == labels[280:]).all()
    assert p.max(axis=1).min() > 0.5


def test_the_same_seed_gives_the_same_network(pages):
    answers = []
    for _ in range(2):
        network = beat_network()
        fit_kernel(network, pages[0], *weighed(pages[1]), strength=10.0, seed=3)
        answers.append(np.asarray(network(pages[0][:8])))
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_too_few_pages_are_refused(pages):
    with pytest.raises(ValueError, match=f"100 pages are too few; the kernel needs {LANDMARKS}"):
        fit_kernel(beat_network(), pages[0][:100], *weighed(pages[1][:100]), 1.0, 0)


def test_a_page_of_two_classes_counts_for_both(pages):
    """Waves of the second and third height are labelled as either; both answers stay likely."""
    found, labels = pages
    target, weight = weighed(labels)
    target[(labels == 1) | (labels == 2)] = (0.0, 0.25, 0.75, 0.0)
    network = beat_network("other_", 64)
    fit_kernel(network, found[:280], target[:280], weight[:280], 100.0, 0, "other_")
    p = np.asarray(network(found[280:]))[target[280:, 1] == 0.25]
    np.testing.assert_allclose(p.mean(axis=0), (0.0, 0.25, 0.75, 0.0), atol=0.05)
