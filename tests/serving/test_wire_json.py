"""JSON in and out, without a server: the two parsers agree, numbers and base64 are exact."""

import json
import math
import random

import numpy as np
import pytest
from tensorflow.core.framework import types_pb2

from serving.embedded import json_text
from serving.embedded.errors import ServingError
from serving.embedded.json_base64 import decode_base64
from serving.embedded.json_parser import DEEPEST, parse_iteratively
from serving.embedded.json_strings import BadJson
from serving.embedded.json_text import float_texts, parse_object, shown
from serving.embedded.json_values import to_array


def same(left, right) -> bool:
    """Equality with NaN equal to itself and 1 different from 1.0 and True."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return type(left) is type(right) and left == right


def random_value(choice: random.Random, depth: int = 0):
    kind = choice.randrange(10 if depth < 5 else 7)
    if kind == 7:
        return [choice.uniform(-1, 1) for _ in range(choice.randrange(30))]
    if kind == 8:
        return [random_value(choice, depth + 1) for _ in range(choice.randrange(5))]
    if kind == 9:
        keys = [choice.choice(["", "a", "é", '"', "\\", "b64"]) for _ in range(choice.randrange(4))]
        return {key: random_value(choice, depth + 1) for key in keys}
    leaves = [None, True, False, choice.randrange(-(10**20), 10**20), choice.uniform(-1e9, 1e9)]
    return (leaves + ["".join(choices_of(choice)), math.nan])[kind]


def choices_of(choice: random.Random) -> list[str]:
    return [choice.choice('aé😀"\\/\n\t\u0001 ') for _ in range(choice.randrange(12))]


def test_both_parsers_read_the_same():
    choice = random.Random(5)
    for _ in range(300):
        value = random_value(choice)
        for ascii_only in (True, False):
            text = json.dumps(value, ensure_ascii=ascii_only, indent=choice.choice([None, 1]))
            assert same(parse_iteratively(text), json.loads(text)), text


def test_both_parsers_refuse_the_same():
    """Every prefix of a document, and every document with one character replaced."""
    text = '{"a": [1, -2.5e3, "x\\u00e9\\n"], "b": {"c": null, "d": [true, [], {}]}}'
    broken = [text[:end] for end in range(len(text))]
    broken += [text[:i] + other + text[i + 1 :] for i in range(len(text)) for other in '"[{,:0x\\']
    for document in broken:
        try:
            expected = json.JSONDecoder().raw_decode(document)[0]
        except ValueError:
            with pytest.raises(BadJson):
                parse_iteratively(document)
        else:
            assert same(parse_iteratively(document), expected), document


def test_a_large_document_takes_the_iterative_way(monkeypatch):
    monkeypatch.setattr(json_text, "SMALL", 10)
    values = [[index / 8, index, -index] for index in range(5000)]
    body = json.dumps({"instances": values, "flat": list(range(100_000))}).encode()
    document = parse_object(body)
    assert same(document["instances"], values)
    assert document["flat"] == list(range(100_000))


@pytest.mark.parametrize(
    "text", ["1e400", "-1e400", "9" * 400, "[1,2,1e999,3]", '{"a":[1e400]}'], ids=len
)
def test_numbers_beyond_a_double(text):
    with pytest.raises(BadJson, match="Number too big to be stored in double."):
        parse_iteratively(text)


def test_depth_is_bounded():
    with pytest.raises(BadJson, match=f"Nested deeper than {DEEPEST} levels"):
        parse_iteratively("[" * (DEEPEST + 1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n", "JSON Parse error: The document is empty. at offset: 2"),
        ("{'é'}".encode(), "JSON Parse error: Missing a name for object member. at offset: 1"),
        ('{"é" 1}'.encode(), "at offset: 6"),
        (b"\xef\xbb\xbf[]", "JSON Value: [] Is not object"),
    ],
)
def test_messages_and_byte_offsets(body, message):
    with pytest.raises(ServingError) as caught:
        parse_object(body)
    assert message in caught.value.message


def test_bytes_that_are_no_utf_8_survive():
    value = parse_object(b'{"a": "\xff\xc3\xa9"}')["a"]
    assert to_array(value, types_pb2.DT_STRING) == b"\xff\xc3\xa9"


@pytest.mark.parametrize("depth", [65, 1000, 30_000])
def test_tensors_have_a_most_of_dimensions(depth):
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    with pytest.raises(ServingError, match="tensor parsing error"):
        to_array(value, types_pb2.DT_FLOAT)
    assert shown(value)


def test_long_values_are_cut_in_messages():
    assert len(shown({"a": "x" * 10**6})) < 1100
    assert len(shown([1.5] * 10**6)) < 1100


@pytest.mark.parametrize(("kind", "digits"), [(np.float32, 9), (np.float64, 17)])
def test_float_texts_read_back(kind, digits):
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2**63, 20_000, dtype=np.uint64)
    values = bits.view(np.float64) if digits == 17 else bits.astype(np.uint32).view(np.float32)
    texts = float_texts(values.tolist(), float if digits == 17 else kind, digits)
    assert np.array_equal(np.array([json.loads(t) for t in texts], kind), values, equal_nan=True)
    finite = [text for text, value in zip(texts, values, strict=True) if np.isfinite(value)]
    assert all(set(text) <= set("0123456789.e+-") and set(text) & set(".e") for text in finite)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("YWJj", b"abc"), (" Y W\nJj", b"abc"), ("YQ..", b"a"), ("YR==", b"a"), ("", b"")],
)
def test_base64_as_absl_reads_it(text, plain):
    assert decode_base64(text) == plain
