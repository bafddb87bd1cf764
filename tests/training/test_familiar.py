"""What tells the known printer's pages from others: fitted on ink, the same in the graph."""

import numpy as np
import pytest
from PIL import Image

from ecg_tf.models.familiar import Familiar
from ecg_tf.models.gate import GRID, shrink
from ecg_tf.training import familiar as training
from ecg_tf.training.familiar import familiar, fit_familiar, home_set


def printed(n: int, column: int, seed: int) -> np.ndarray:
    """Ink of pages with traces at random and a divider in one column, (n, *GRID)."""
    ink = np.random.default_rng(seed).uniform(0, 0.3, (n, *GRID)).astype(np.float16)
    ink[:, :, column] = 1.0
    return ink


def test_it_knows_the_print_and_no_trace():
    weights = fit_familiar(printed(40, 20, 0), printed(60, 50, 1))
    found = familiar(np.concatenate([printed(5, 20, 2), printed(5, 50, 3)]), weights)
    assert found[:5].min() > 0.95 and found[5:].max() < 0.05


def test_the_layer_says_the_same(drawn):
    from ecg_tf.pages.ink import prepare

    weights = fit_familiar(printed(20, 20, 0), printed(20, 50, 1))
    pages = np.stack([prepare(page.image.astype(np.float32), 112, 224) for page in drawn[:2]])
    layer = Familiar()
    layer.build(pages.shape)
    layer.set_weights(weights)
    expected = familiar(np.asarray(shrink(pages)), weights)
    np.testing.assert_allclose(np.asarray(layer(pages))[:, 0], expected, atol=1e-5)


def test_real_pages_are_kept_plain_and_under_effects(tmp_path, monkeypatch):
    data = tmp_path / "data"
    for kind, names in (("grid", "ab"), ("whole", "a")):
        (data / kind / "normal").mkdir(parents=True)
        for name in names:
            size = (400, 300) if kind == "grid" else (440, 380)
            rng = np.random.default_rng(ord(name) + size[0])
            image = rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
            Image.fromarray(image).save(data / kind / "normal" / f"{name}.png")
    file = tmp_path / "home.npz"
    found = home_set(data, file)
    assert sorted(zip(found.name, found.severity.tolist(), strict=True)) == sorted(
        [("a", s) for s in (0, 2, 3, 0, 1, 2, 3)] + [("b", s) for s in (0, 2, 3)]
    )
    assert found.ink.shape == (10, *GRID)
    monkeypatch.setattr(training, "read_file", None)  # it is not read again
    np.testing.assert_array_equal(home_set(data, file).ink, found.ink)


def test_the_first_row_of_a_name_is_its_plain_grid_crop(tmp_path):
    """`out_of_fold` asks about that one."""
    assert training.SEVERITIES["grid"][0] == 0
    for kind in ("grid", "whole"):
        (tmp_path / kind / "normal").mkdir(parents=True)
        Image.new("RGB", (30, 20), kind == "grid" and "white" or "black").save(
            tmp_path / kind / "normal" / "a.png"
        )
    assert [kind for kind, _ in training._files(tmp_path)] == ["grid", "whole"]


@pytest.mark.parametrize("steep", [1.0, 3.0])
def test_it_is_as_steep_as_asked(monkeypatch, steep):
    monkeypatch.setattr(training, "STEEP", steep)
    weights = fit_familiar(printed(40, 20, 0), printed(40, 50, 1))
    between = (printed(1, 20, 2) + printed(1, 50, 2)) / 2
    logit = np.log(
        familiar(printed(1, 20, 4), weights) / (1 - familiar(printed(1, 20, 4), weights))
    )
    assert abs(familiar(between, weights)[0] - 0.5) < 0.2
    monkeypatch.setattr(training, "STEEP", 1.0)
    once = fit_familiar(printed(40, 20, 0), printed(40, 50, 1))
    base = familiar(printed(1, 20, 4), once)
    assert logit == pytest.approx(steep * np.log(base / (1 - base)), rel=0.01)
