"""Puts the inputs of several requests together and takes the outputs apart again."""

import numpy as np

from serving.embedded.errors import Code, ServingError


def joined(
    parts: list[dict[str, np.ndarray]], allowed: tuple[int, ...], pad: bool
) -> tuple[dict[str, np.ndarray], int]:
    """Feeds of all requests after each other, filled up to an allowed size; and their rows."""
    feeds = {}
    for name in parts[0]:
        arrays = [part[name] for part in parts]
        if pad:
            arrays = _padded(arrays)
        feeds[name] = np.concatenate(arrays)
    rows = len(next(iter(feeds.values())))
    size = next((size for size in allowed if size >= rows), rows)
    if size > rows:
        feeds = {
            name: np.concatenate([array, np.repeat(array[:1], size - rows, axis=0)])
            for name, array in feeds.items()
        }
    return feeds, size


def _padded(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Arrays with the largest size of every dimension but the first; the rest is zero or empty."""
    largest = np.max([array.shape[1:] for array in arrays], axis=0).astype(int)
    padded = []
    for array in arrays:
        full = np.full((len(array), *largest), b"" if array.dtype == object else 0, array.dtype)
        full[tuple(slice(size) for size in array.shape)] = array
        padded.append(full)
    return padded


def cut(values: list[np.ndarray], sizes: list[int], rows: int) -> list[list[np.ndarray]]:
    """Each request's part of the outputs; raises ServingError if an output has no rows to cut."""
    if any(array.ndim == 0 or len(array) != rows for array in values):
        raise ServingError(Code.FAILED_PRECONDITION, "Batched output tensor has no batch dimension")
    starts = np.cumsum([0, *sizes])
    return [
        [array[start : start + size] for array in values]
        for size, start in zip(sizes, starts, strict=False)
    ]
