"""The traces of a page as a small picture, and a profile of it by which pages are looked up."""

import zlib
from typing import NamedTuple

import numpy as np

from ecg_tf.pages.pooling import pool_matrix

FINE = (128, 512)  # rows and columns of a view
COARSE = (48, 192)  # of a view for a first look
LEVELS = 15  # grey levels of a view: 4 bits, so that it packs to about 4 kB
BLANK = 0.02  # ink of the darkest pixels below which a page shows no trace
WINDOW = 25  # columns over which a profile's slow changes are taken out


class View(NamedTuple):
    """The traces of one page: packed by `pack`, and their profile, float32 (192,)."""

    packed: bytes
    profile: np.ndarray


def view_of(dark: np.ndarray) -> View | None:
    """The view of the ink (h, w) in 0..1; None where there is none to speak of.

    Ink is pooled with a power mean, which keeps thin traces, and measured against the page's own
    darkest pixels, which takes out exposure and the fading of small copies.
    """
    full = np.quantile(dark[::2, ::2], 0.995)
    if full <= BLANK:
        return None
    pooled = _pool(np.clip(dark / full, 0, 1) ** 2, FINE)
    picture = np.sqrt(np.clip(pooled, 0, 1))
    return View(pack(picture), profile(picture))


def pack(picture: np.ndarray) -> bytes:
    """A picture float32 (128, 512) in 0..1 as bytes."""
    return zlib.compress(np.round(picture * LEVELS).astype(np.uint8).tobytes())


def unpack(packed: bytes) -> np.ndarray:
    """The picture float32 (128, 512) in 0..1 of these bytes."""
    flat = np.frombuffer(zlib.decompress(packed), np.uint8)
    return flat.reshape(FINE).astype(np.float32) / LEVELS


def coarse(picture: np.ndarray) -> np.ndarray:
    """The picture at the coarse scale, float32 (48, 192)."""
    return _pool(picture, COARSE)


def profile(picture: np.ndarray) -> np.ndarray:
    """float32 (192,): how much ink lies off the baselines, by column, slow changes taken out."""
    small = coarse(picture)
    strength = np.maximum(small - np.median(small, axis=1, keepdims=True), 0).mean(axis=0)
    wide = np.pad(strength, WINDOW // 2, mode="edge")
    strength = strength - np.convolve(wide, np.full(WINDOW, 1 / WINDOW), "valid")
    # One tall stroke, such as a line between columns, shall not outweigh the beats.
    return np.minimum(strength, 4 * strength.std()).astype(np.float32)


def _pool(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return (
        pool_matrix(picture.shape[0], size[0]) @ picture @ pool_matrix(picture.shape[1], size[1]).T
    )
