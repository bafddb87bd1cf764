"""Random and damaged requests: whatever a client sends, the answer is a refusal or a tensor."""

import json
import random

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.embedded.errors import ServingError
from serving.embedded.json_request import read_inputs, signature_name
from serving.embedded.json_response import predictions
from serving.embedded.json_text import parse_object
from serving.embedded.rest_examples import read_examples
from serving.embedded.rest_paths import route
from serving.embedded.tensors import FIELDS, BadTensor, from_proto, to_proto

ROUNDS = 1500
PIECES = (
    *'{}[]",:\\ 0-.eE+',
    *("null", "true", "NaN", "Infinity", "-Inf", "1e400", "-0", "9" * 25, "0.1", "\\u", "\\ud800"),
    *('"b64"', '"instances"', '"inputs"', '"x"', '"a"', '{"b64": "YQ=="}', "[[1, 2], [3, 4]]"),
    *("\x00", "é", "\x1f"),
)
BODIES = (
    {"instances": [1.0, 2, -3e5]},
    {"instances": [{"a": 1.0, "x": "é"}, {"a": 2, "x": {"b64": "YWI="}}]},
    {"inputs": {"x": [[1, 2], [3, 4]], "a": [True, None]}},
    {"signature_name": "s", "inputs": [["a", {"b64": "YQ"}], ["", "b"]]},
    {"examples": [{"x": 1, "y": [0.5, 2.5]}, {"x": "a"}], "context": {"c": {"b64": "YQ=="}}},
)
KINDS = (*FIELDS, types_pb2.DT_STRING)
USUAL = (types_pb2.DT_FLOAT, types_pb2.DT_STRING)
SIZES = (0, 1, 2, 3, 7, 2**31, 2**62, 2**63 - 1, -1, -(2**63))


def damaged(choice: random.Random, text: str) -> str:
    """`text` with a few pieces put in, taken out or doubled."""
    for _ in range(choice.randrange(4)):
        at, end = sorted(choice.randrange(len(text) + 1) for _ in range(2))
        kind = choice.randrange(4)
        if kind == 0:
            text = text[:at] + choice.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[min(end, at + 5) :]
        elif kind == 2:
            text = text[:end] + text[at:]
        else:
            text = text[:at] + choice.choice(PIECES) + text[at + 1 :]
    return text


@pytest.mark.parametrize("names", [("x",), ("a", "x")], ids=["one-input", "two-inputs"])
def test_bodies(names):
    """Read as inputs of any dtype and as examples; what is read can be written."""
    choice, read = random.Random(len(names)), 0
    for _ in range(ROUNDS):
        body = damaged(choice, json.dumps(choice.choice(BODIES))).encode()
        if choice.randrange(5) == 0:
            body = bytes(byte ^ (choice.randrange(40) == 0) * 0x80 for byte in body)
        kinds = {name: choice.choice(choice.choice((KINDS, USUAL))) for name in names}
        try:
            document = parse_object(body)
            if "examples" in document:
                read += read_examples(document).ByteSize() > 0
                continue
            inputs, by_row = read_inputs(document, kinds, signature_name(document))
            json.loads(predictions(inputs, by_row).decode("utf-8", "replace"), strict=False)
            read += 1
        except ServingError as error:
            assert 400 <= error.code.http < 502
    assert read > ROUNDS / 50


def random_tensor(choice: random.Random) -> tensor_pb2.TensorProto:
    proto = tensor_pb2.TensorProto(dtype=choice.choice((*KINDS, 0, 7, 20, 21, 99, 101)))
    for _ in range(choice.choice((0, 1, 1, 2, 3, 70))):
        proto.tensor_shape.dim.add(size=choice.choice(SIZES[: choice.choice((5, 10))]))
    proto.tensor_shape.unknown_rank = choice.randrange(20) == 0
    if choice.randrange(4) == 0:
        proto.tensor_content = choice.randbytes(choice.choice((0, 1, 4, 8, 16)))
    for field in ("float_val", "double_val", "int_val", "half_val", "int64_val", "bool_val"):
        numbers = (0, 1, -1, 127, 300, 2**31 - 1, -(2**31))
        getattr(proto, field).extend(choice.choices(numbers[: choice.choice((2, 7))], k=2)[:1])
    proto.scomplex_val.extend(choice.choices((0.0, float("nan")), k=3))
    proto.string_val.extend(choice.randbytes(3) for _ in range(choice.randrange(3)))
    return proto


def test_tensors():
    choice, read = random.Random(2), 0
    for _ in range(ROUNDS):
        data = bytearray(random_tensor(choice).SerializeToString())
        for _ in range(choice.randrange(3)):
            data[choice.randrange(len(data))] = choice.randrange(256)
        try:
            proto = tensor_pb2.TensorProto.FromString(bytes(data))
        except DecodeError:  # which grpc answers by itself
            continue
        try:
            array = from_proto(proto)
        except BadTensor:
            continue
        assert list(array.shape) == [dim.size for dim in proto.tensor_shape.dim]
        again = from_proto(to_proto(array))
        assert again.dtype == array.dtype
        if again.tobytes() != array.tobytes():  # strings, and the bits of a NaN
            np.testing.assert_array_equal(again, array)
        read += 1
    assert read > ROUNDS / 50


def test_paths():
    choice = random.Random(3)
    for _ in range(ROUNDS):
        path = damaged(choice, "/v1/models/half%5Fplus/versions/0012/metadata:predict")
        try:
            target = route(choice.choice(("GET", "POST")), path.encode().decode("latin-1")).target
        except ServingError as error:
            assert error.code.http == 400
        else:
            assert target.name
