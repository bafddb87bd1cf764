"""The body of :classify and :regress requests: lists of features to tf.Example."""

import math

from tensorflow.core.example import example_pb2, feature_pb2
from tensorflow_serving.apis import input_pb2

from serving.embedded.errors import invalid
from serving.embedded.json_base64 import decode_base64, is_base64
from serving.embedded.json_parser import Constant
from serving.embedded.json_text import number_too_big, shown
from serving.embedded.json_values import json_type


def read_examples(document: dict) -> input_pb2.Input:
    """The Input of a request with "examples" and perhaps "context"; raises ServingError."""
    request_input = input_pb2.Input()
    if "context" in document:
        holder = request_input.example_list_with_context
        _fill(document["context"], holder.context)
    else:
        holder = request_input.example_list
    if "examples" not in document:
        raise invalid(
            f"JSON Value: {shown(document)} When method is classify,"
            " key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise invalid(
            f"JSON Value: {shown(document)} Expecting 'examples' value to be an list/array"
        )
    if not examples:
        raise invalid(f"JSON Value: {shown(document)} 'examples' value is an empty array")
    for value in examples:
        _fill(value, holder.examples.add())
    return request_input


def _fill(value, example: example_pb2.Example) -> None:
    if not isinstance(value, dict):
        raise invalid(f"Example must be JSON object but got JSON {json_type(value)}")
    example.features.SetInParent()
    for name, content in value.items():
        feature = example.features.feature[_utf8(name)]
        for item in content if isinstance(content, list) else [content]:
            _add(item, name, feature)


def _add(value, name: str, feature: feature_pb2.Feature) -> None:
    """Appends one value; integers and booleans, other numbers and strings may not mix."""
    kind, item = _kind(value, name)
    before = feature.WhichOneof("kind")
    if before not in (None, kind):
        raise invalid(
            f"Unexpected element type in feature: {name}"
            f" expecting type: {before.removesuffix('_list')}"
        )
    getattr(feature, kind).value.append(item)


def _kind(value, name: str) -> tuple[str, int | float | bytes]:
    if isinstance(value, str):
        return "bytes_list", value.encode("utf-8", "surrogateescape")
    if is_base64(value):
        return "bytes_list", decode_base64(value["b64"])
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        if value >= 2**63:
            raise invalid(f"Feature: {name} has uint64 element. Only int64 is supported.")
        return "int64_list", int(value)
    if isinstance(value, (int, float)):
        return "float_list", _float(value)
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {json_type(value)}")


def _float(value: int | float) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise number_too_big() from None
    if math.isinf(number) and not isinstance(value, Constant):
        raise number_too_big()
    return number


def _utf8(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise invalid(f"Feature name is no UTF-8: {name!r}") from None
    return name
