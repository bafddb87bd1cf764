"""Section 4 of the protocol: formats of :predict and how values travel."""

import base64
import json
import math

import numpy as np
import pytest


@pytest.fixture
def kinds(rest):
    """Calls a signature of the model `kinds` with a body in text or as an object."""

    def call(signature: str, body):
        if isinstance(body, str):
            return rest.predict("kinds", f'{{"signature_name": "{signature}", {body}}}')
        return rest.predict("kinds", {"signature_name": signature} | body)

    return call


@pytest.mark.parametrize(
    "name", [{}, {"signature_name": ""}, {"signature_name": "serving_default"}]
)
def test_4_1_default_signature_and_ignored_keys(rest, name):
    answer = rest.predict("half_plus_two", name | {"instances": [1.0], "more": {"a": None}})
    assert answer.json == {"predictions": [2.5]}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"instances": [1.0, 2.0]}, {"predictions": [1.0, 2.0]}),
        ({"instances": [{"x": 1.0}, {"x": 2.0}]}, {"predictions": [1.0, 2.0]}),
        ({"instances": [[1.0, 2.0]]}, {"predictions": [[1.0, 2.0]]}),
        ({"instances": [[[1.0]], [[2.0]]]}, {"predictions": [[[1.0]], [[2.0]]]}),
        ({"instances": [[], []]}, {"predictions": [[], []]}),
        ({"inputs": [1.0, 2.0]}, {"outputs": [1.0, 2.0]}),
        ({"inputs": {"x": [1.0, 2.0]}}, {"outputs": [1.0, 2.0]}),
        ({"inputs": 3.0}, {"outputs": 3.0}),
        ({"inputs": []}, {"outputs": []}),
        ({"inputs": [[]]}, {"outputs": [[]]}),
        ({"inputs": {"x": 3.0}}, {"outputs": 3.0}),
    ],
    ids=[
        "4.3-rows",
        "4.4-named-rows",
        "4.3-rank-2",
        "4.3-rank-3",
        "4.3-empty-rows",
        "4.5-column",
        "4.5-named-column",
        "4.5-scalar",
        "4.5-empty",
        "4.5-empty-rank-2",
        "4.5-named-scalar",
    ],
)
def test_4_formats(kinds, body, answer):
    assert kinds("float", body).json == answer


def test_4_4_and_4_6_several_inputs_and_outputs_by_row(kinds):
    answer = kinds("two", {"instances": [{"a": 1.5, "b": 2}, {"b": 4, "a": 3.0}]})
    assert answer.json == {"predictions": [{"sum": 3.5, "b": 2}, {"sum": 7.0, "b": 4}]}


def test_4_5_and_4_6_several_inputs_and_outputs_by_column(kinds):
    answer = kinds("two", {"inputs": {"a": [1.5, 3.0], "b": [2, 4]}})
    assert answer.json == {"outputs": {"sum": [3.5, 7.0], "b": [2, 4]}}


def test_4_5_batch_sizes_may_differ_by_column(kinds):
    assert kinds("two", {"inputs": {"a": [1.0], "b": [2, 3]}}).json["outputs"]["sum"] == [3.0, 4.0]
    assert kinds("uneven", {"inputs": [1.0]}).json == {"outputs": {"y": [1.0], "z": [1.0, 1.0]}}


@pytest.mark.parametrize(
    ("value", "outputs"), [([[1.0, 2.0], [3.0, 4.0]], [[2.5, 3.0], [3.5, 4.0]]), (1.0, 2.5)]
)
def test_4_8_declared_shape_is_not_checked(rest, value, outputs):
    """The signature declares [-1]; the graph can compute other shapes."""
    assert rest.predict("half_plus_two", {"inputs": value}).json == {"outputs": outputs}


def test_4_8_the_graph_checks_shapes(kinds):
    answer = kinds("matrix", {"inputs": [[1.0, 2.0, 3.0]]})
    assert answer.status == 400
    assert "1,3" in answer.error.replace(" ", "")


def test_4_9_base64_object_is_a_value(kinds):
    rows = [{"b64": "YQ=="}, {"b64": "Yg"}]
    assert kinds("string", {"instances": rows}).json == {"predictions": ["a", "b"]}
    assert kinds("string", {"inputs": {"b64": "YQ=="}}).json == {"outputs": "a"}


def test_4_12_text_after_the_brace_is_ignored(rest):
    assert rest.predict("half_plus_two", '{"instances": [1.0]} more').status == 200


def test_4_13_first_of_duplicate_keys_wins(rest):
    body = '{"instances": [1.0], "instances": [2.0]}'
    assert rest.predict("half_plus_two", body).json == {"predictions": [2.5]}


SAMPLES = {
    "float": [1.5, -2.0],
    "double": [1.5, 1e300],
    "int8": [-128, 127],
    "int16": [-32768, 32767],
    "int32": [-(2**31), 2**31 - 1],
    "int64": [-(2**63), 2**63 - 1],
    "uint8": [0, 255],
    "uint32": [0, 2**32 - 1],
    "uint64": [0, 2**64 - 1],
    "bool": [True, False],
    "string": ["a", ""],
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_4_20_every_kind_travels_both_ways(kinds, kind):
    values = SAMPLES[kind]
    assert kinds(kind, {"instances": values}).json == {"predictions": values}
    assert kinds(kind, {"inputs": [values]}).json == {"outputs": [values]}


@pytest.mark.parametrize("kind", ["half", "bfloat16", "complex64", "uint16"])
def test_4_20_other_kinds_are_refused(kinds, kind):
    assert kinds(kind, {"instances": [1]}).status == 400


def test_4_21_float_inputs_take_any_number(kinds):
    body = '"inputs": [1, -0, 2.5e0, 1E2, 12345678901234567890123]'
    assert kinds("double", body).json == {
        "outputs": [1.0, 0.0, 2.5, 100.0, 12345678901234567890123.0]
    }


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("int32", "1.0"),
        ("int64", "1e0"),
        ("int64", "1.0"),
        ("uint8", "1.0"),
        ("int32", "true"),
        ("int64", "NaN"),
        ("bool", "0"),
        ("bool", "1"),
        ("float", "true"),
        ("float", '"1"'),
        ("float", "null"),
        ("string", "1"),
        ("string", "null"),
    ],
)
def test_4_21_tokens_of_another_kind(kinds, kind, token):
    for body in (f'"inputs": [{token}]', f'"instances": [{token}]'):
        answer = kinds(kind, body)
        assert (answer.status, f"is not of expected type: {kind}" in answer.error) == (400, True)


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("int8", str(2**31)),
        ("int32", str(2**31)),
        ("int32", str(-(2**31) - 1)),
        ("int64", str(2**63)),
        ("int64", str(-(2**63) - 1)),
        ("uint32", str(2**32)),
        ("uint32", "-1"),
        ("uint64", "-1"),
        ("uint64", str(2**64)),
        ("int64", "9" * 400),
    ],
)
def test_4_22_out_of_range(kinds, kind, token):
    assert kinds(kind, f'"inputs": [{token}]').status == 400


@pytest.mark.parametrize(
    ("kind", "token", "value"),
    [
        ("int64", 9007199254740993, 9007199254740993),
        ("uint64", 18446744073709551615, 18446744073709551615),
        ("int8", 300, 44),
        ("uint8", -1, 255),
    ],
)
def test_4_22_integers_are_exact_and_small_ones_wrap(kinds, kind, token, value):
    assert kinds(kind, {"inputs": [token]}).json == {"outputs": [value]}


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("Inf", "Infinity"),
        ("-Inf", "-Infinity"),
        ("1e39", "Infinity"),
        ("-1e39", "-Infinity"),
        ("1e-60", "0.0"),
    ],
    ids=lambda value: value,
)
def test_4_23_and_4_24_not_finite_and_out_of_range(kinds, token, text):
    answer = kinds("float", f'"inputs": [{token}, 1.0]')
    assert answer.status == 200
    assert answer.body.decode().replace(" ", "").count(f"[{text},1.0]") == 1


@pytest.mark.parametrize("kind", ["float", "double"])
def test_4_25_numbers_read_back_to_the_same(kinds, kind):
    bits = np.random.default_rng(7).integers(0, 2**63, 2000, dtype=np.uint64)
    values = bits.view(np.float64) if kind == "double" else bits.astype(np.uint32).view(np.float32)
    values = values[np.isfinite(values)]
    answer = kinds(kind, {"inputs": values.tolist()})
    read = np.array(answer.json["outputs"], values.dtype)
    assert np.array_equal(read, values)
    tokens = answer.body.decode().split("[")[1].split("]")[0].split(",")
    assert all("." in token or "e" in token for token in tokens)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("float", 9000000.0, "9e+06"),
        ("float", 999999.0, "999999.0"),
        ("float", 1 / 3, "0.333333343"),
        ("float", 1435774380.0, "1.43577434e+09"),
        ("float", 3.0, "3.0"),
        ("float", 0.1, "0.1"),
        ("float", 0.00003, "3e-05"),
        ("float", -0.0, "-0.0"),
        ("float", 16777216.0, "16777216.0"),
        ("double", 1 / 3, "0.33333333333333331"),
        ("double", 0.1, "0.1"),
        ("double", 123456789.0, "123456789.0"),
        ("double", 1e22, "1e+22"),
    ],
)
def test_4_26_exact_text(kinds, kind, value, text):
    answer = kinds(kind, {"inputs": [value]})
    assert answer.body.decode().split("[")[1].split("]")[0].strip() == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("YQ==", b"a"),
        ("YQ", b"a"),
        ("YWI=", b"ab"),
        ("YWI", b"ab"),
        ("", b""),
        ("+/+/", b"\xfb\xff\xbf"),
    ],
)
def test_4_27_base64(kinds, text, plain):
    answer = kinds("bytes", {"inputs": [{"b64": text}]})
    assert answer.json == {"outputs": [{"b64": base64.b64encode(plain).decode()}]}


@pytest.mark.parametrize("text", ["YQ=", "YWI==", "YWJj=", "-_-_", "Y", "=", "YQ==YQ==", "YÄ=="])
def test_4_27_wrong_base64(kinds, text):
    answer = kinds("bytes", {"inputs": [{"b64": text}]})
    assert (answer.status, answer.error) == (400, "Unable to base64 decode")


@pytest.mark.parametrize("text", ["", "plain", "Ünïcödé ∑", '\u0000\t\n"\\/', "😀"])
def test_4_27_strings_are_utf_8(kinds, text):
    expected = base64.b64encode(text.encode()).decode()
    for body in (
        json.dumps({"inputs": [text]}),
        json.dumps({"inputs": [text]}, ensure_ascii=False),
    ):
        answer = kinds("bytes", body[1:-1])
        assert answer.json == {"outputs": [{"b64": expected}]}
    assert kinds("string", {"inputs": [text]}).json == {"outputs": [text]}


def test_4_28_only_names_that_end_in_bytes_are_base64(kinds):
    answer = kinds("both", {"instances": ["a"]})
    assert answer.json == {"predictions": [{"text": "a", "raw_bytes": {"b64": "YQ=="}}]}


def test_4_29_other_strings_are_written_byte_for_byte(kinds):
    answer = kinds("string", {"inputs": [{"b64": base64.b64encode(b"\xff\xfe").decode()}]})
    assert answer.status == 200
    assert b'"\xff\xfe"' in answer.body


def test_4_14_layout(rest):
    answer = rest.predict("half_plus_two", {"instances": [1.0, 2.0, 5.0]})
    assert answer.body == b'{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}'


def test_4_23_nan_in_the_answer_is_a_bare_token(kinds):
    assert math.isnan(kinds("float", '"inputs": [NaN]').json["outputs"][0])
