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


def test_it_learns_what_the_waves_tell(pages):
    found, labels = pages
    network = beat_network()
    fit_kernel(network, found[:280], labels[:280], balance=1.0, strength=100.0, seed=0)
    p = np.asarray(network(found[280:]))
    assert (p.argmax(axis=1) == labels[280:]).all()
    assert p.max(axis=1).min() > 0.5


def test_the_same_seed_gives_the_same_network(pages):
    answers = []
    for _ in range(2):
        network = beat_network()
        fit_kernel(network, *pages, balance=0.5, strength=10.0, seed=3)
        answers.append(np.asarray(network(pages[0][:8])))
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_too_few_pages_are_refused(pages):
    with pytest.raises(ValueError, match=f"100 pages are too few; the kernel needs {LANDMARKS}"):
        fit_kernel(beat_network(), pages[0][:100], pages[1][:100], 1.0, 1.0, 0)
