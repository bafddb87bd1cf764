"""The in-graph reader and the Python one see the same page."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ecg_tf.pages.graph import decode, read
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.read import read_page
from ecg_tf.pages.synthetic import draw

IN_GRAPH = tf.function(
    lambda data: read(data, 96, 160), input_signature=[tf.TensorSpec([], tf.string)]
)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L")] + [("PNG", m) for m in ("RGB", "L", "RGBA", "LA", "P", "1")],
)
def test_both_readers_give_the_same_pixels(kind, mode):
    image = Image.fromarray(draw(3, layout="3x4+1", size=(304, 523)).image).convert(mode)
    data = encoded(image, kind)
    page = read_page(data).astype(np.float32)
    assert np.abs(decode(tf.constant(data)).numpy() - page).mean() < 2
    assert np.abs(IN_GRAPH(data).numpy() - prepare(page, 96, 160)).mean() < 2


def test_16_bit_files_agree():
    deep = (np.arange(64 * 48).reshape(48, 64) * 21).astype("uint16")
    data = encoded(Image.fromarray(deep), "PNG")
    np.testing.assert_allclose(decode(tf.constant(data)).numpy(), read_page(data), atol=1)


def test_real_pages_agree_whole_and_cropped(data):
    files = sorted((data / "whole").glob("*/*"))[::6] + sorted((data / "grid").glob("*/*"))[::60]
    for file in files:
        found = IN_GRAPH(file.read_bytes()).numpy()
        expected = prepare(read_page(file.read_bytes()).astype(np.float32), 96, 160)
        assert np.abs(found - expected).mean() < 2


@pytest.mark.parametrize("bad", [b"", b"text", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_undecodable_bytes_are_an_invalid_argument(bad):
    with pytest.raises(tf.errors.InvalidArgumentError):
        IN_GRAPH(bad)


def test_the_graph_holds_no_python():
    """An exported graph must run without this code."""
    kinds = {op.type for op in IN_GRAPH.get_concrete_function().graph.get_operations()}
    assert not kinds & {"PyFunc", "EagerPyFunc", "PyFuncStateless"}
    assert keras.backend.backend() == "tensorflow"
