"""One JSON value to one numpy array of a given DataType, with the real server's refusals.

The common case, a regular nest of lists, is checked level by level at C speed. Anything else goes
through `_walk`, element by element, which finds the first mistake and words it.
"""

import math
from itertools import chain

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import dtypes

from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.json_base64 import decode_base64, is_base64
from serving.embedded.json_parser import Constant
from serving.embedded.json_text import number_too_big, shown
from serving.embedded.tensors import MOST_DIMENSIONS, name_of

_FLOATS = (types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE)
# Inclusive range of the integer tokens that a type takes; the 8 and 16 bit types wrap silently.
_RANGES = {
    types_pb2.DT_INT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT16: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT32: (-(2**31), 2**31 - 1),
    types_pb2.DT_UINT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}
_TYPE_NAMES = {type(None): "Null", dict: "Object", list: "Array", str: "String"}


class _Irregular(Exception):
    """The fast path cannot tell; walk."""


def to_array(value, dtype: int) -> np.ndarray:
    """The tensor that a JSON value denotes; its shape follows the first element at every depth."""
    shape = shape_of(value)
    if len(shape) > MOST_DIMENSIONS:
        raise invalid(f"tensor parsing error: {len(shape)} dimensions, most {MOST_DIMENSIONS}")
    try:
        return _convert(_flatten(value, shape), dtype).reshape(shape)
    except (_Irregular, OverflowError):
        leaves: list = []
        _walk(value, 0, shape, dtype, leaves)
        return _convert(leaves, dtype).reshape(shape)


def shape_of(value) -> list[int]:
    """Sizes read along the first elements."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def type_error(value, dtype: int) -> ServingError:
    """A JSON value of the wrong kind."""
    return invalid(
        f"JSON Value: {shown(value)} Type: {json_type(value)}"
        f" is not of expected type: {name_of(dtype)}"
    )


def json_type(value) -> str:
    """Null, False, True, Object, Array, String or Number."""
    if isinstance(value, bool):
        return str(value)
    return _TYPE_NAMES.get(type(value), "Number")


def _flatten(value, shape: list[int]) -> list:
    """All leaves in order, if every list of a level has the length that `shape` says."""
    level = [value]
    for size in shape:
        if set(map(type, level)) != {list} or set(map(len, level)) != {size}:
            raise _Irregular
        level = list(chain.from_iterable(level))
    return level


def _convert(leaves: list, dtype: int) -> np.ndarray:
    """A flat array of `leaves`, or _Irregular if one of them does not fit `dtype`."""
    kinds = set(map(type, leaves))
    if dtype == types_pb2.DT_STRING:
        return _strings(leaves, kinds)
    if dtype in _FLOATS:
        return _floats(leaves, kinds, np.float32 if dtype == types_pb2.DT_FLOAT else np.float64)
    if dtype == types_pb2.DT_BOOL and kinds <= {bool}:
        return np.array(leaves, np.bool_)
    if dtype in _RANGES and kinds <= {int}:
        return _integers(leaves, dtype)
    if not leaves:
        return np.empty(0, dtypes.as_dtype(dtype).as_numpy_dtype)
    raise _Irregular


def _integers(leaves: list, dtype: int) -> np.ndarray:
    lowest, highest = _RANGES[dtype]
    wide = np.array(leaves, np.uint64 if highest > 2**63 else np.int64)
    if len(wide) and not (lowest <= int(wide.min()) and int(wide.max()) <= highest):
        raise _Irregular
    return wide.astype(dtypes.as_dtype(dtype).as_numpy_dtype)


def _floats(leaves: list, kinds: set, kind: type) -> np.ndarray:
    if not kinds <= {int, float, Constant}:
        raise _Irregular
    wide = np.array(leaves, np.float64)
    if np.isinf(wide).any() and any(type(leaf) is float and math.isinf(leaf) for leaf in leaves):
        raise number_too_big()
    with np.errstate(over="ignore", under="ignore"):
        return wide.astype(kind)


def _strings(leaves: list, kinds: set) -> np.ndarray:
    if not kinds <= {str, dict}:
        raise _Irregular
    array = np.empty(len(leaves), object)
    for index, leaf in enumerate(leaves):
        array[index] = _bytes_of(leaf)
    return array


def _bytes_of(leaf: str | dict) -> bytes:
    if isinstance(leaf, str):
        return leaf.encode("utf-8", "surrogateescape")
    if not is_base64(leaf):
        raise invalid(f"JSON Value: {shown(leaf)} not formatted correctly for base64 data")
    return decode_base64(leaf["b64"])


def _walk(value, level: int, shape: list[int], dtype: int, leaves: list) -> None:
    """Appends the leaves below `value`; raises at the first one that does not fit."""
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {shown(value)} found at incorrect level: {level + 1}"
                f" in the JSON DOM. Expected at level: {len(shape)}"
            )
        _check_leaf(value, dtype)
        leaves.append(value)
        return
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level}"
            f" expected size: {shape[level]}"
        )
    for child in value:
        _walk(child, level + 1, shape, dtype, leaves)


def _check_leaf(value, dtype: int) -> None:
    if isinstance(value, dict):
        if dtype != types_pb2.DT_STRING:
            raise type_error(value, dtype)
        _bytes_of(value)
        return
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if dtype == types_pb2.DT_STRING:
        fits = isinstance(value, str)
    elif dtype in _FLOATS:
        fits = number
        if isinstance(value, int) and number and value.bit_length() > 1024:
            raise number_too_big()
    elif dtype == types_pb2.DT_BOOL:
        fits = isinstance(value, bool)
    elif dtype in _RANGES:
        lowest, highest = _RANGES[dtype]
        fits = number and isinstance(value, int) and lowest <= value <= highest
    else:
        raise ServingError(
            Code.UNIMPLEMENTED,
            f"Conversion of JSON Value: {shown(value)} to type: {name_of(dtype)}",
        )
    if not fits:
        raise type_error(value, dtype)
