"""The process that computes maps: started when needed, ended when not, told no secrets."""

import os

import numpy as np
import pytest

from tests.webapp.studies import painters
from webapp.gallery import painter as module
from webapp.gallery.painter import MethodFailed, PainterGone


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page"
    path.write_bytes(b"pixels")
    return path


def test_maps_come_as_they_were_computed(painter, page):
    assert painter.running is None
    found = painter.paint(page, "normal", "saliency")
    np.testing.assert_array_equal(found.heat, painters.heat("saliency"))
    assert found.probability == 0.93
    first = painter.running
    painter.paint(page, "normal", "gradcam")
    assert painter.running == first


def test_a_method_that_fails_is_told_by_its_kind(painter, page, orders):
    (orders / "saliency").write_text(painters.FAIL)
    with pytest.raises(MethodFailed) as failed:
        painter.paint(page, "normal", "saliency")
    assert failed.value.kind == "ZeroDivisionError"
    painter.paint(page, "normal", "gradcam")  # the process goes on


def test_a_page_that_is_gone_is_a_failed_method(painter, tmp_path):
    with pytest.raises(MethodFailed, match="FileNotFoundError"):
        painter.paint(tmp_path / "nowhere", "normal", "saliency")


def test_a_dead_process_is_replaced(painter, page, orders):
    (orders / "saliency").write_text(painters.DIE)
    with pytest.raises(PainterGone, match="status -9"):
        painter.paint(page, "normal", "saliency")
    assert painter.running is None
    painter.paint(page, "normal", "gradcam")


def test_it_gives_its_memory_back_when_nobody_asks(painter, page):
    painter.paint(page, "normal", "gradcam")
    painter.rest()
    assert painter.running
    painter._idle = 0.0
    painter.rest()
    assert painter.running is None
    painter.rest()  # twice is fine
    painter.paint(page, "normal", "gradcam")
    assert painter.running


def test_closed_it_starts_no_more(painter, page):
    painter.close()
    with pytest.raises(PainterGone, match="closed"):
        painter.paint(page, "normal", "gradcam")
    assert painter.running is None


def test_it_gets_no_secrets_and_no_thrift(monkeypatch):
    monkeypatch.setenv("ECG_TF_SECRET_KEY", "k" * 64)
    monkeypatch.setenv("ECG_TF_DATABASE_URL", "postgresql://u:p@h/d")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    given = module._environment()
    assert not [name for name in given if name.startswith(("ECG_TF_", "MALLOC_"))]
    assert given["PATH"] == os.environ["PATH"]
