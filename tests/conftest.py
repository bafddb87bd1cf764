"""Shared by all tests: where the real pages are, and small drawn ones."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest  # noqa: E402  after the setting above


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real pages; the test is skipped where there is none."""
    folder = os.environ.get("ECG_TF_DATA")
    if not folder:
        pytest.skip("ECG_TF_DATA is unset: there are no real pages here")
    return Path(folder)


@pytest.fixture(scope="session")
def drawn():
    """Two drawn pages of each label in the 3 x 4 + rhythm layout, with their truth."""
    from ecg_tf.labels import LABELS
    from ecg_tf.pages.synthetic import draw

    return [
        draw(seed, label=label, layout="3x4+1", whole=False, size=(304, 523))
        for seed in (1, 2)
        for label in LABELS
    ]
