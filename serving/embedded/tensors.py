"""Between TensorProto and numpy arrays, as TensorFlow's C++ reads and writes them."""

import math

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.python.framework import dtypes

MOST_BYTES = 2**31 - 1  # no message can carry more, so a bigger shape is a bomb
MOST_DIMENSIONS = 64  # numpy's limit; TensorFlow's is 254

# DataType -> (typed field, its numpy type on the wire)
FIELDS = {
    types_pb2.DT_FLOAT: ("float_val", np.float32),
    types_pb2.DT_DOUBLE: ("double_val", np.float64),
    types_pb2.DT_INT32: ("int_val", np.int32),
    types_pb2.DT_INT16: ("int_val", np.int32),
    types_pb2.DT_INT8: ("int_val", np.int32),
    types_pb2.DT_UINT8: ("int_val", np.int32),
    types_pb2.DT_UINT16: ("int_val", np.int32),
    types_pb2.DT_INT64: ("int64_val", np.int64),
    types_pb2.DT_UINT32: ("uint32_val", np.uint32),
    types_pb2.DT_UINT64: ("uint64_val", np.uint64),
    types_pb2.DT_BOOL: ("bool_val", np.bool_),
    types_pb2.DT_HALF: ("half_val", np.int32),
    types_pb2.DT_BFLOAT16: ("half_val", np.int32),
    types_pb2.DT_COMPLEX64: ("scomplex_val", np.float32),
    types_pb2.DT_COMPLEX128: ("dcomplex_val", np.float64),
}
CPP_NAMES = {
    types_pb2.DT_FLOAT: "float",
    types_pb2.DT_DOUBLE: "double",
    types_pb2.DT_HALF: "half",
}
BIT_PATTERNS = (types_pb2.DT_HALF, types_pb2.DT_BFLOAT16)
COMPLEX = (types_pb2.DT_COMPLEX64, types_pb2.DT_COMPLEX128)
# Tag byte of the packed field (number * 8 + 2): floats are copied as one block of bytes.
PACKED = {types_pb2.DT_FLOAT: b"\x2a", types_pb2.DT_DOUBLE: b"\x32"}


class BadTensor(ValueError):
    """A TensorProto that describes no tensor."""


def data_type(array: np.ndarray) -> int:
    """The DataType of an array that a session returned."""
    if array.dtype == object:
        return types_pb2.DT_STRING
    return dtypes.as_dtype(array.dtype).as_datatype_enum


def name_of(dtype: int) -> str:
    """`float`, `int32`, `string`...: how TensorFlow's messages name a DataType."""
    if dtype in CPP_NAMES:
        return CPP_NAMES[dtype]
    try:
        return dtypes.as_dtype(dtype).name
    except TypeError:
        return f"unknown dtype enum ({dtype})"


def from_proto(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The tensor in `proto`; missing values repeat the last one, surplus ones are dropped."""
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise BadTensor("the shape is not fully known")
    # The sizes without zeros, too: numpy multiplies them before it sees that nothing is there.
    if len(shape) > MOST_DIMENSIONS or math.prod(size or 1 for size in shape) > MOST_BYTES:
        raise BadTensor("the shape has too many dimensions or values")
    count = math.prod(shape)
    if proto.dtype == types_pb2.DT_STRING:
        return _strings(proto, shape, count)
    if proto.dtype not in FIELDS:
        raise BadTensor(f"dtype {proto.dtype} cannot be read")
    kind = np.dtype(dtypes.as_dtype(proto.dtype).as_numpy_dtype)
    if count * kind.itemsize > MOST_BYTES:
        raise BadTensor(f"{count} values are more than a message can hold")
    if proto.tensor_content:
        if len(proto.tensor_content) != count * kind.itemsize:
            raise BadTensor("tensor_content does not match the shape")
        return np.frombuffer(proto.tensor_content, kind).reshape(shape)
    return _repeated(_typed_values(proto, kind), count, kind).reshape(shape)


def _typed_values(proto, kind: np.dtype) -> np.ndarray:
    field, wire = FIELDS[proto.dtype]
    values = np.array(getattr(proto, field), dtype=wire)
    if proto.dtype in BIT_PATTERNS:
        return values.astype(np.uint16).view(kind)
    if proto.dtype in COMPLEX:
        return values[: len(values) // 2 * 2].view(kind)
    return values.astype(kind)


def _repeated(values: np.ndarray, count: int, kind) -> np.ndarray:
    if len(values) >= count:
        return values[:count]
    last = values[-1] if len(values) else np.zeros((), kind)
    full = np.full(count, last, kind)
    full[: len(values)] = values
    return full


def _strings(proto, shape: list[int], count: int) -> np.ndarray:
    if proto.tensor_content or count * 8 > MOST_BYTES:
        raise BadTensor("strings travel in string_val, one entry each")
    values = list(proto.string_val[:count])
    values += [values[-1] if values else b""] * (count - len(values))
    array = np.empty(count, object)
    array[:] = values
    return array.reshape(shape)


def to_proto(array: np.ndarray, as_content: bool = False) -> tensor_pb2.TensorProto:
    """`array` in the typed value field of its dtype, or all in `tensor_content`."""
    array = np.asarray(array)
    dtype = data_type(array)
    proto = tensor_pb2.TensorProto(dtype=dtype)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    proto.tensor_shape.SetInParent()
    if dtype == types_pb2.DT_STRING:
        proto.string_val.extend(array.ravel().tolist())
    elif as_content:
        proto.tensor_content = array.tobytes()
    elif dtype in PACKED:
        raw = array.tobytes()
        if raw:
            proto.MergeFromString(PACKED[dtype] + _varint(len(raw)) + raw)
    else:
        field, wire = FIELDS[dtype]
        getattr(proto, field).extend(_wire_values(array.ravel(), dtype, wire).tolist())
    return proto


def _wire_values(flat: np.ndarray, dtype: int, wire) -> np.ndarray:
    if dtype in BIT_PATTERNS:
        return flat.view(np.uint16)
    return flat.view(wire) if dtype in COMPLEX else flat


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))
