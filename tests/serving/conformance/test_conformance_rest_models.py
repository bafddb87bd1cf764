"""Sections 5 and 9 of the protocol: classify, regress, status, metadata, metrics."""

import pytest

HALF = "/v1/models/half_plus_two"


@pytest.fixture
def examples(rest):
    """Calls :classify or :regress with a signature and a body."""

    def call(verb: str, signature: str, body: dict):
        return rest.post(f"{HALF}:{verb}", {"signature_name": signature} | body)

    return call


@pytest.mark.parametrize("signature", ["regress_x_to_y", "regress_column"])
def test_5_1_and_5_3_regress(examples, signature):
    answer = examples("regress", signature, {"examples": [{"x": 1.0}, {"x": [2.0]}]})
    assert (answer.status, answer.json) == (200, {"results": [2.5, 3.0]})


@pytest.mark.parametrize(
    ("signature", "results"),
    [
        ("classify_x_to_y", [[["", 2.5], ["", 3.5]], [["", 3.0], ["", 4.0]]]),
        ("classify_labels", [[["low", 2.5], ["high", 3.5]], [["low", 3.0], ["high", 4.0]]]),
    ],
)
def test_5_3_classify(examples, signature, results):
    answer = examples("classify", signature, {"examples": [{"x": 1.0}, {"x": 2.0}]})
    assert (answer.status, answer.json) == (200, {"results": results})


def test_5_1_context_is_merged_into_every_example(examples):
    body = {"context": {"c": 10.0}, "examples": [{"x": 1.0}, {"x": 2.0}]}
    assert examples("regress", "regress_x_to_y", body).json == {"results": [7.5, 8.0]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "When method is classify, key 'examples' is expected and was not found"),
        ({"examples": {}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type: Null"),
        ({"examples": [{"x": [[1.0]]}]}, "Feature: x has element with unexpected JSON type: Array"),
        ({"examples": [{"x": [1.0, 2]}]}, "Unexpected element type in feature: x"),
        ({"examples": [{"x": ["a", 2]}]}, "Unexpected element type in feature: x"),
        ({"examples": [{"x": 2**63}]}, "Feature: x has uint64 element. Only int64 is supported."),
        ({"examples": [{"x": 2}]}, ""),
        ({"examples": [{}]}, ""),
    ],
    ids=[
        "5.5-missing",
        "5.1-no-list",
        "5.1-empty",
        "5.1-no-object",
        "5.2-null",
        "5.2-nested",
        "5.2-mixed",
        "5.2-mixed-string",
        "5.2-uint64",
        "5.2-int-for-float",
        "5.2-missing-feature",
    ],
)
@pytest.mark.parametrize(
    ("verb", "signature"), [("regress", "regress_x_to_y"), ("classify", "classify_x_to_y")]
)
def test_5_examples_refused(examples, verb, signature, body, message):
    answer = examples(verb, signature, body)
    assert (answer.status, message in answer.error) == (400, True), answer.error


@pytest.mark.parametrize(
    ("verb", "signature", "message"),
    [
        ("classify", "other_names", "No classification inputs found in SignatureDef: "),
        ("regress", "other_names", "No regression inputs found in SignatureDef: "),
        ("regress", "classify_x_to_y", "No regression outputs found in SignatureDef: "),
        ("classify", "regress_x_to_y", "Expected classification signature outputs to contain "),
        ("regress", "classify_labels", "Expected one output Tensor."),
        ("classify", "classify_flat", "Expected Tensor shape: [batch_size num_classes] but got "),
        ("regress", "regress_twice", "Expected output Tensor shape to be either [batch_size] or "),
    ],
)
def test_5_4_signatures_that_do_not_fit(examples, verb, signature, message):
    answer = examples(verb, signature, {"examples": [{"x": 1.0}]})
    assert (answer.status, message in answer.error) == (400, True), answer.error


def test_5_4_method_name_is_not_checked(examples):
    """`classify_x_to_y` says predict, as all signatures that TF 2 saves."""
    assert examples("classify", "classify_x_to_y", {"examples": [{"x": 1.0}]}).status == 200


def test_5_examples_for_an_unknown_model(rest):
    answer = rest.post("/v1/models/none:regress", {"examples": [{"x": 1.0}]})
    assert (answer.status, answer.error) == (404, "Servable not found for request: Latest(none)")
    assert rest.post("/v1/models/none:regress", {}).status == 400


def test_5_6_status(rest):
    status = {"error_code": "OK", "error_message": ""}
    assert rest.get(HALF).json == {
        "model_version_status": [{"version": "123", "state": "AVAILABLE", "status": status}]
    }


def test_5_6_newest_version_first(rest):
    entries = rest.get("/v1/models/versions").json["model_version_status"]
    assert [entry["version"] for entry in entries] == ["2", "1"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/models/none", "Could not find any versions of model none"),
        ("/v1/models/none/versions/1", "Could not find version 1 of model none"),
        ("/v1/models/versions/versions/3", "Could not find version 3 of model versions"),
    ],
)
def test_5_8_status_of_the_unknown(rest, path, message):
    answer = rest.get(path)
    assert (answer.status, answer.error) == (404, message)


def test_5_10_metadata(rest):
    body = rest.get(f"{HALF}/metadata").json
    assert body["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": "123"}
    signatures = body["metadata"]["signature_def"]["signature_def"]
    x = signatures["serving_default"]["inputs"]["x"]
    assert x["dtype"] == "DT_FLOAT"
    assert x["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert ":" in x["name"]
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert signatures["classify_labels"]["method_name"] == "tensorflow/serving/classify"


def test_5_11_metadata_shows_the_file(rest):
    body = rest.get(f"{HALF}/metadata").json
    assert "__saved_model_init_op" in body["metadata"]["signature_def"]["signature_def"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("none", 404, "Servable not found for request: Latest(none)"),
        ("versions/versions/3", 404, "Servable not found for request: Specific(versions, 3)"),
        ("versions/labels/no", 400, "Unrecognized servable version label: no"),
    ],
)
def test_5_12_metadata_of_the_unknown(rest, path, status, message):
    answer = rest.get(f"/v1/models/{path}/metadata")
    assert (answer.status, answer.error) == (status, message)


def test_5_10_metadata_names_the_version_of_a_label(rest):
    body = rest.get("/v1/models/versions/labels/stable/metadata").json
    assert body["model_spec"]["version"] == "1"


def test_9_metrics(rest):
    rest.predict("half_plus_two", {"instances": [1.0]})
    rest.predict("none", {"instances": [1.0]})
    answer = rest.get("/monitoring/prometheus/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain")
    page = answer.body.decode()
    for part in (
        "# TYPE :tensorflow:serving:request_count counter\n",
        ':tensorflow:serving:request_count{model_name="half_plus_two",status="OK"} ',
        ':tensorflow:serving:request_count{model_name="none",status="NOT_FOUND"} ',
        "# TYPE :tensorflow:serving:request_latency histogram\n",
        'model_name="half_plus_two",API="Predict",entrypoint="REST",le="10"}',
        'le="+Inf"}',
        "# TYPE :tensorflow:serving:runtime_latency histogram\n",
        ":tensorflow:serving:runtime_latency_sum{",
        ":tensorflow:serving:runtime_latency_count{",
    ):
        assert part in page
    assert "# HELP" not in page
    latency = [line for line in page.splitlines() if "request_latency_bucket" in line]
    assert len(latency) % 33 == 0


def test_9_4_metrics_with_a_query(rest):
    answer = rest.get("/monitoring/prometheus/metrics?x=1")
    assert answer.status == 400
    assert answer.body.startswith(b"Unexpected path: ")
