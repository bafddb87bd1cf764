import numpy as np
import pytest
from PIL import Image

from ecg_tf.data.augment import DRAWS, augment, plain
from ecg_tf.data.pipeline import Examples, load_pages, tf_batches


def examples(n: int = 10, pages: int = 6) -> Examples:
    random = np.random.default_rng(0)
    return Examples(
        random.integers(0, 255, (pages, 32, 48), dtype=np.uint8),
        random.integers(0, pages, n),
        np.eye(4, dtype=np.float32)[random.integers(0, 4, n)],
        np.ones(n, np.float32),
    )


def page_with_a_step() -> np.ndarray:
    """A trace that rises on the left third: mirrored it would rise on the right."""
    page = np.full((1, 64, 96), 255, np.uint8)
    page[0, 40, :32] = 0
    page[0, 20, 32:] = 0
    return page


def draws(n: int, value: float = 0.5) -> np.ndarray:
    return np.full((n, len(DRAWS)), value, np.float32)


def test_no_strength_changes_nothing():
    page = page_with_a_step()
    noise = np.random.default_rng(0).standard_normal(page.shape).astype("float32")
    found = np.asarray(augment(page, draws(1, 0.9), noise, strength=0.0))
    np.testing.assert_allclose(found, np.asarray(plain(page)), atol=0.1)


def test_pages_are_never_mirrored_and_keep_their_trace():
    page = np.repeat(page_with_a_step(), 200, axis=0)
    random = np.random.default_rng(1)
    given = random.random((200, len(DRAWS)), dtype=np.float32)
    noise = random.standard_normal(page.shape, dtype=np.float32)
    found = np.asarray(augment(page, given, noise))[..., 0]
    assert found.shape == (200, 64, 96) and found.min() >= 0 and found.max() <= 255
    left = found[:, 28:, 8:24].min(axis=(1, 2))
    right_high = found[:, 10:30, 48:88].min(axis=(1, 2))
    assert (left < 200).all() and (right_high < 200).all()
    # Darkest row of the left third lies below that of the right: not flipped either way.
    below = found[:, :, 8:24].mean(axis=2).argmin(axis=1)
    above = found[:, :, 48:88].mean(axis=2).argmin(axis=1)
    assert (below > above).all()


@pytest.mark.parametrize("name", DRAWS)
def test_every_draw_changes_the_page(name):
    if name in ("spacing", "phase"):  # they only place the grid
        base = draws(1)
        base[0, DRAWS.index("grid")] = 1.0
    else:
        base = draws(1)
    other = base.copy()
    other[0, DRAWS.index(name)] = 0.97
    noise = np.random.default_rng(0).standard_normal((1, 64, 96)).astype("float32")
    pages = page_with_a_step()
    first, second = (np.asarray(augment(pages, given, noise)) for given in (base, other))
    assert np.abs(first - second).max() > 0.5


def test_batches_are_the_same_under_a_seed_and_differ_between_epochs():
    def run(seed):
        return [x.numpy() for x, _, _ in tf_batches(examples(), 4, seed, range(2), 1.0)]

    first, again, other = run(0), run(0), run(1)
    assert [len(x) for x in first] == [4, 4, 2, 4, 4, 2]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(first[0] - other[0]).max() > 1
    assert np.abs(first[0] - first[3]).max() > 1


def test_a_resumed_run_sees_the_batches_it_would_have_seen():
    whole = [x.numpy() for x, _, _ in tf_batches(examples(), 4, 0, range(3), 1.0)]
    resumed = [x.numpy() for x, _, _ in tf_batches(examples(), 4, 0, range(1, 3), 1.0)]
    for a, b in zip(whole[3:], resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_pages_are_loaded_in_order(tmp_path, drawn):
    paths = []
    for number, page in enumerate(drawn[:3]):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(page.image).save(paths[-1])
    calls = []
    pages = load_pages(paths, (64, 96), lambda: calls.append(1))
    assert pages.shape == (3, 64, 96) and pages.dtype == np.uint8 and len(calls) == 3
    alone = load_pages(paths[2:], (64, 96))
    np.testing.assert_array_equal(pages[2], alone[0])
    assert (pages < 128).mean() > 0.01  # the trace is there
