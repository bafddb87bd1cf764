"""Arrays to the text of a :predict answer."""

import base64
import json
import math
from itertools import islice

import numpy as np
from tensorflow.core.framework import types_pb2

from serving.embedded.errors import invalid
from serving.embedded.json_text import float_texts
from serving.embedded.tensors import data_type, name_of

_INTEGERS = {
    types_pb2.DT_INT8,
    types_pb2.DT_INT16,
    types_pb2.DT_INT32,
    types_pb2.DT_INT64,
    types_pb2.DT_UINT8,
    types_pb2.DT_UINT32,
    types_pb2.DT_UINT64,
}
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def predictions(outputs: dict[str, np.ndarray], by_row: bool) -> bytes:
    """The answer's body. A single output has no name; several make objects."""
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    text = _rows(outputs) if by_row else _columns(outputs)
    # Strings keep their bytes, even those that are no UTF-8.
    return text.encode("utf-8", "surrogateescape")


def _rows(outputs: dict[str, np.ndarray]) -> str:
    batch = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if batch is not None and len(array) != batch:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {batch}"
            )
        batch = len(array)
    columns = {name: nested(array, name, 1) for name, array in outputs.items()}
    if len(columns) == 1:
        ((_, values),) = columns.items()
        return f'{{\n    "predictions": [{", ".join(values)}\n    ]\n}}'
    keys = [_quoted(name) for name in columns]
    rows = (
        ",\n            ".join(f"{key}: {value}" for key, value in zip(keys, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    )
    objects = ",\n".join(f"        {{\n            {row}\n        }}" for row in rows)
    return f'{{\n    "predictions": [\n{objects}\n    ]\n}}'


def _columns(outputs: dict[str, np.ndarray]) -> str:
    columns = {name: nested(array, name, 0)[0] for name, array in outputs.items()}
    if len(columns) == 1:
        ((_, value),) = columns.items()
        return f'{{\n    "outputs": {value}\n}}'
    members = ",\n        ".join(f"{_quoted(name)}: {value}" for name, value in columns.items())
    return f'{{\n    "outputs": {{\n        {members}\n    }}\n}}'


def nested(array: np.ndarray, name: str, keep: int) -> list[str]:
    """JSON texts of `array` with its last dimensions nested in brackets and the first `keep`
    dimensions flattened into the list."""
    texts = _leaves(array, name)
    for axis in range(array.ndim - 1, keep - 1, -1):
        size = array.shape[axis]
        groups = math.prod(array.shape[:axis])
        leaf = iter(texts)
        texts = [f"[{', '.join(islice(leaf, size))}]" for _ in range(groups)]
    return texts


def _leaves(array: np.ndarray, name: str) -> list[str]:
    dtype = data_type(array)
    values = array.ravel().tolist()
    if dtype == types_pb2.DT_FLOAT:
        return float_texts(values, np.float32, 9)
    if dtype == types_pb2.DT_DOUBLE:
        return float_texts(values, float, 17)
    if dtype in _INTEGERS:
        return list(map(str, values))
    if dtype == types_pb2.DT_BOOL:
        return ["true" if value else "false" for value in values]
    if dtype == types_pb2.DT_STRING and name.endswith("_bytes"):
        return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in values]
    if dtype == types_pb2.DT_STRING:
        return [_quoted(value.decode("utf-8", "surrogateescape")) for value in values]
    raise invalid(f"Failed to write JSON value for tensor type: {name_of(dtype)}")
