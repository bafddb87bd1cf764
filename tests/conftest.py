"""Shared by all tests: where the real pages are, and small drawn ones."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as scripts/common.py has it

import pytest  # noqa: E402  after the setting above

BROWSER = "tests/webapp/browser/"


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


def pytest_collection_modifyitems(items):
    """The slowest tests first, so that no process waits for another's at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


def pytest_xdist_make_scheduler(config, log):
    """A file's tests run in one process, those in a browser too: they share a portal."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return Scheduling(config, log)
