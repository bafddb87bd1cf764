"""Section 3 of the protocol: what is refused, with which status and words."""

import json

import pytest

ONE = {"instances": [1.0]}
TWO_ROWS = [{"a": 1.0, "b": 2}, {"a": 3.0, "b": 4}]
REFUSED = [
    ("unknown-model", "none", ONE, 404, "Servable not found for request: Latest(none)"),
    (
        "unknown-version",
        "versions/versions/3",
        ONE,
        404,
        "Servable not found for request: Specific(versions, 3)",
    ),
    (
        "unknown-label",
        "versions/labels/no",
        ONE,
        400,
        "Unrecognized servable version label: no",
    ),
    (
        "unknown-signature",
        "half_plus_two",
        ONE | {"signature_name": "no"},
        400,
        'Serving signature name: "no" not found in signature def',
    ),
    ("empty-body", "half_plus_two", "", 400, "JSON Parse error: The document is empty"),
    ("no-json", "half_plus_two", "x", 400, "JSON Parse error: Invalid value. at offset: 0"),
    ("broken-json", "half_plus_two", '{"instances": [1.0', 400, "JSON Parse error: "),
    ("missing-colon", "half_plus_two", '{"instances"}', 400, "JSON Parse error: "),
    ("missing-name", "half_plus_two", "{1: 2}", 400, "JSON Parse error: "),
    ("trailing-comma", "half_plus_two", '{"instances": [1.0,]}', 400, "JSON Parse error: "),
    ("4.30-huge-number", "half_plus_two", '{"instances": [1e400]}', 400, "JSON Parse error: "),
    ("control-character", "half_plus_two", '{"instances": ["\n"]}', 400, "JSON Parse error: "),
    ("lone-surrogate", "half_plus_two", '{"a": "\\ud800"}', 400, "JSON Parse error: "),
    ("comment", "half_plus_two", '/**/{"instances": [1.0]}', 400, "JSON Parse error: "),
    ("no-object", "half_plus_two", "[1.0]", 400, "Is not object"),
    ("no-object-number", "half_plus_two", "1", 400, "Is not object"),
    (
        "signature-name-no-string",
        "half_plus_two",
        ONE | {"signature_name": 5},
        400,
        "'signature_name' key must be a string value.",
    ),
    ("neither-key", "half_plus_two", {}, 400, "Missing 'inputs' or 'instances' key"),
    (
        "both-keys",
        "half_plus_two",
        ONE | {"inputs": [1.0]},
        400,
        "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
    ),
    (
        "instances-no-list",
        "half_plus_two",
        {"instances": 1.0},
        400,
        "Expecting 'instances' to be an list/array",
    ),
    (
        "instances-object",
        "half_plus_two",
        {"instances": {"x": 1.0}},
        400,
        "Expecting 'instances' to be an list/array",
    ),
    (
        "instances-empty",
        "half_plus_two",
        {"instances": []},
        400,
        "No values in 'instances' array",
    ),
    (
        "ragged-size",
        "half_plus_two",
        {"instances": [[1.0], [1.0, 2.0]]},
        400,
        "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT:"
        " Expecting tensor size: 1 but got: 2",
    ),
    (
        "ragged-shape",
        "half_plus_two",
        {"instances": [[1.0, 2.0], [[1.0, 2.0]]]},
        400,
        "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT:"
        " Expecting shape [2] but got: [1,2]",
    ),
    (
        "ragged-inside-size",
        "half_plus_two",
        {"inputs": [[1.0], [1.0, 2.0]]},
        400,
        "Encountered list at unexpected size: 2",
    ),
    (
        "ragged-inside-level",
        "half_plus_two",
        {"inputs": [1.0, [1.0]]},
        400,
        "Encountered list at unexpected level: ",
    ),
    (
        "ragged-inside-incorrect-level",
        "half_plus_two",
        {"inputs": [[1.0], 1.0]},
        400,
        "found at incorrect level: ",
    ),
    (
        "ragged-inside-in-a-row",
        "half_plus_two",
        {"instances": [[[1.0], [1.0, 2.0]]]},
        400,
        "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT:"
        " Encountered list at unexpected size: 2",
    ),
    (
        "plain-rows-for-several-inputs",
        "kinds",
        {"signature_name": "two", "instances": [1.0]},
        400,
        "instances is a plain list, but expecting list of objects as multiple input tensors"
        " required",
    ),
    (
        "plain-column-for-several-inputs",
        "kinds",
        {"signature_name": "two", "inputs": [1.0]},
        400,
        "inputs is a plain value/list, but expecting an object ",
    ),
    (
        "value-among-objects",
        "kinds",
        {"signature_name": "two", "instances": [TWO_ROWS[0], 1.0]},
        400,
        "Expecting object but got list at item 1 of input list",
    ),
    (
        "object-among-values",
        "half_plus_two",
        {"instances": [1.0, {"x": 1.0}]},
        400,
        "Expecting value/list but got object at item 1 of input list",
    ),
    (
        "row-lacks-input",
        "kinds",
        {"signature_name": "two", "instances": [TWO_ROWS[0], {"a": 1.0}]},
        400,
        "keys must be equal to: a,b",
    ),
    (
        "row-has-extra-key",
        "kinds",
        {"signature_name": "two", "instances": [TWO_ROWS[0] | {"c": 1}]},
        400,
        "JSON object: does not have named input: c",
    ),
    (
        "wrong-value-in-named-row",
        "kinds",
        {"signature_name": "two", "instances": [TWO_ROWS[0], {"a": "1", "b": 1}]},
        400,
        "Failed to process element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT:"
        ' JSON Value: "1" Type: String is not of expected type: float',
    ),
    (
        "column-lacks-input",
        "kinds",
        {"signature_name": "two", "inputs": {"a": [1.0]}},
        400,
        "Missing named input: b in 'inputs' object.",
    ),
    (
        "4.11-defaults-do-not-help",
        "kinds",
        {"signature_name": "add", "inputs": {"x": [1.0]}},
        400,
        "Missing named input: k in 'inputs' object.",
    ),
    (
        "bad-base64",
        "kinds",
        {"signature_name": "string", "inputs": [{"b64": "?"}]},
        400,
        "Unable to base64 decode",
    ),
    (
        "object-with-more-than-b64",
        "kinds",
        {"signature_name": "string", "inputs": [{"b64": "YQ==", "c": 1}]},
        400,
        "not formatted correctly for base64 data",
    ),
    (
        "b64-no-string",
        "kinds",
        {"signature_name": "string", "inputs": [{"b64": 1}]},
        400,
        "not formatted correctly for base64 data",
    ),
    (
        "object-for-a-float",
        "half_plus_two",
        {"inputs": [{"b64": "YQ=="}]},
        400,
        "Type: Object is not of expected type: float",
    ),
    (
        "half-by-column",
        "kinds",
        {"signature_name": "half", "inputs": [1.0]},
        501,
        "to type: half",
    ),
    (
        "half-by-row",
        "kinds",
        {"signature_name": "half", "instances": [1.0]},
        400,
        "to type: half",
    ),
    (
        "half-output",
        "kinds",
        {"signature_name": "half_out", "instances": [1.0]},
        400,
        "Failed to write JSON value for tensor type: half",
    ),
    (
        "no-batch-dimension",
        "kinds",
        {"signature_name": "scalar", "instances": [1.0]},
        400,
        "Tensor name: y has no shape information ",
    ),
    (
        "inconsistent-batch",
        "kinds",
        {"signature_name": "uneven", "instances": [1.0]},
        400,
        " has inconsistent batch size: ",
    ),
    ("the-graph-refuses-a-shape", "kinds", {"signature_name": "matrix", "inputs": [1.0]}, 400, ""),
    (
        "the-graph-refuses-an-image",
        "kinds",
        {"signature_name": "size", "inputs": ["no image"]},
        400,
        "Unknown image file format",
    ),
]


@pytest.mark.parametrize(
    ("model", "body", "status", "message"),
    [entry[1:] for entry in REFUSED],
    ids=[f"3-{entry[0]}" for entry in REFUSED],
)
def test_3_predict_refusals(rest, model, body, status, message):
    answer = rest.predict(model, body)
    assert (answer.status, message in answer.error) == (status, True), answer.error
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("float", None, "Null"),
        ("float", True, "True"),
        ("float", False, "False"),
        ("float", "1", "String"),
        ("float", {"a": 1}, "Object"),
        ("bool", 1, "Number"),
        ("bool", None, "Null"),
        ("string", 1, "Number"),
        ("string", None, "Null"),
        ("string", True, "True"),
        ("int32", 1.0, "Number"),
        ("int32", True, "True"),
        ("int64", 1.5, "Number"),
        ("uint8", "1", "String"),
    ],
)
def test_3_value_of_the_wrong_type(rest, kind, value, name):
    answer = rest.predict("kinds", {"signature_name": kind, "inputs": value})
    single_input = isinstance(value, dict)  # then it is an object of inputs
    assert answer.status == 400
    if not single_input:
        expected = f"Type: {name} is not of expected type: {kind}"
        assert expected in answer.error
        assert answer.error.startswith("JSON Value: ")


def test_3_array_type_is_named(rest):
    answer = rest.predict("kinds", {"signature_name": "float", "instances": [None]})
    assert "Type: Null is not of expected type: float" in answer.error


@pytest.mark.parametrize("verb", ["classify", "regress"])
def test_3_unknown_signature_of_examples(rest, verb):
    body = {"signature_name": "no", "examples": [{"x": 1.0}]}
    answer = rest.post(f"/v1/models/half_plus_two:{verb}", body)
    assert (answer.status, answer.error) == (400, "No signature was found with the name: no")


def test_3_column_with_an_extra_key_is_answered(rest):
    answer = rest.predict("half_plus_two", {"inputs": {"x": [1.0], "more": "ignored"}})
    assert (answer.status, answer.json) == (200, {"outputs": [2.5]})


@pytest.mark.parametrize(
    ("model", "body", "status", "message"),
    [
        ("none", "{", 400, "JSON Parse error: "),
        ("none", {}, 404, "Servable not found"),
        ("none", {"signature_name": 1}, 400, "'signature_name' key must be a string value."),
        ("half_plus_two", {"signature_name": "no"}, 400, "Serving signature name: "),
        ("half_plus_two", {"signature_name": "no", "inputs": 1, "instances": 1}, 400, '"no"'),
    ],
)
def test_3_order_of_checks(rest, model, body, status, message):
    answer = rest.predict(model, body)
    assert answer.status == status
    assert message in answer.error


@pytest.mark.parametrize(
    ("opening", "depth"),
    [("[", 100_000), ('{"a":', 10_000), ('{"instances":[', 10_000), ("[{},", 5000)],
)
def test_4_13_no_depth_of_nesting_stops_the_server(rest, opening, depth):
    answer = rest.predict("half_plus_two", opening * depth)
    assert answer.status == 400
    assert answer.error.startswith("JSON Parse error: ")
    assert rest.predict("half_plus_two", ONE).status == 200


def test_4_13_deep_but_well_formed(rest):
    depth = 20_000
    ignored = '{"more": ' + "[" * depth + "]" * depth + ', "instances": [1.0]}'
    assert rest.predict("half_plus_two", ignored).json == {"predictions": [2.5]}
    answer = rest.predict("half_plus_two", '{"instances": ' + "[" * depth + "]" * depth + "}")
    assert answer.status == 400


def test_4_13_garbage_of_every_first_byte(rest):
    for first in range(0, 256, 5):
        body = bytes([first]) + b"\xff\x00{[" * 3
        assert rest.predict("half_plus_two", body).status == 400
    assert rest.predict("half_plus_two", b"\x00" * 1_000_000).status == 400
    assert rest.predict("half_plus_two", json.dumps(ONE)).status == 200
