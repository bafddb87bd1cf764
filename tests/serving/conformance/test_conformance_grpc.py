"""Section 6 of the protocol: PredictionService."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def request(model="half_plus_two", signature="", version=None, label="", kind=None, **inputs):
    """A PredictRequest; inputs are arrays or TensorProtos."""
    message = (kind or predict_pb2.PredictRequest)()
    message.model_spec.name = model
    message.model_spec.signature_name = signature
    if version is not None:
        message.model_spec.version.value = version
    if label:
        message.model_spec.version_label = label
    for name, value in inputs.items():
        proto = value if isinstance(value, tf.make_tensor_proto(0).__class__) else None
        message.inputs[name].CopyFrom(proto or tf.make_tensor_proto(value))
    return message


def refusal(method, message, **options):
    """(code, details) of a call that has to fail."""
    with pytest.raises(grpc.RpcError) as caught:
        method(message, timeout=options.pop("timeout", 60), **options)
    return caught.value.code(), caught.value.details()


def floats(*values):
    return np.array(values, np.float32)


def test_6_1_missing_spec(prediction):
    assert refusal(prediction.Predict, predict_pb2.PredictRequest()) == (
        INVALID,
        "Missing ModelSpec",
    )
    empty = request("")
    assert refusal(prediction.Predict, empty) == (INVALID, "ModelSpec has no name specified.")


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"model": "none"}, (NOT_FOUND, "Servable not found for request: Latest(none)")),
        (
            {"model": "versions", "version": 3},
            (NOT_FOUND, "Servable not found for request: Specific(versions, 3)"),
        ),
        (
            {"model": "versions", "label": "no"},
            (INVALID, "Unrecognized servable version label: no"),
        ),
    ],
)
def test_6_2_unknown_model_version_label(prediction, options, refused):
    assert refusal(prediction.Predict, request(x=floats(1), **options)) == refused


@pytest.mark.parametrize(
    ("options", "version", "value"),
    [({}, 2, 2.5), ({"version": 1}, 1, 1.5), ({"label": "stable"}, 1, 1.5)],
)
def test_6_3_spec_of_the_answer(prediction, options, version, value):
    answer = prediction.Predict(request("versions", x=floats(1), **options))
    spec = answer.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (
        "versions",
        version,
        "serving_default",
    )
    assert spec.WhichOneof("version_choice") == "version"
    assert list(answer.outputs["y"].float_val) == [value]


SAMPLES = {
    "float": (np.float32, [1.5, -2], "float_val"),
    "double": (np.float64, [1.5, -2], "double_val"),
    "int8": (np.int8, [-128, 127], "int_val"),
    "int16": (np.int16, [-128, 127], "int_val"),
    "int32": (np.int32, [-128, 127], "int_val"),
    "int64": (np.int64, [-(2**63), 2**63 - 1], "int64_val"),
    "uint8": (np.uint8, [0, 255], "int_val"),
    "uint16": (np.uint16, [0, 65535], "int_val"),
    "uint32": (np.uint32, [0, 2**32 - 1], "uint32_val"),
    "uint64": (np.uint64, [0, 2**64 - 1], "uint64_val"),
    "bool": (np.bool_, [True, False], "bool_val"),
    "string": (object, [b"a", b"\xff"], "string_val"),
    "half": (np.float16, [1.5, -2], "half_val"),
    "bfloat16": (tf.bfloat16.as_numpy_dtype, [1.5, -2], "half_val"),
    "complex64": (np.complex64, [1 + 2j, 3], "scomplex_val"),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_6_4_answers_use_the_typed_fields(prediction, kind):
    dtype, values, field = SAMPLES[kind]
    array = np.array(values, dtype).reshape(2, 1)
    output = prediction.Predict(request("kinds", kind, x=array)).outputs["y"]
    assert output.tensor_content == b""
    assert [dim.size for dim in output.tensor_shape.dim] == [2, 1]
    assert len(getattr(output, field)) == (4 if kind == "complex64" else 2)
    assert np.array_equal(tf.make_ndarray(output), array)


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if kind != "string"])
def test_6_5_requests_in_typed_fields(prediction, kind):
    dtype, values, field = SAMPLES[kind]
    array = np.array(values, dtype)
    proto = tf.make_tensor_proto(array)
    raw = np.frombuffer(proto.tensor_content, np.uint16) if field == "half_val" else array
    if kind == "complex64":
        raw = array.view(np.float32)
    proto.ClearField("tensor_content")
    getattr(proto, field).extend(raw.tolist())
    output = prediction.Predict(request("kinds", kind, x=proto)).outputs["y"]
    assert np.array_equal(tf.make_ndarray(output), array)


def tensor(size, dtype="DT_FLOAT", **fields):
    proto = tf.make_tensor_proto(0).__class__(dtype=dtype, **fields)
    proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    ("proto", "values"),
    [
        (tensor(3, float_val=[1, 2]), [1, 2, 2]),
        (tensor(3, float_val=[1]), [1, 1, 1]),
        (tensor(2), [0, 0]),
        (tensor(1, float_val=[1, 2]), [1]),
        (tensor(0), []),
    ],
)
def test_6_5_missing_values_repeat_the_last(prediction, proto, values):
    output = prediction.Predict(request("kinds", "float", x=proto)).outputs["y"]
    assert tf.make_ndarray(output).tolist() == values


def unknown_rank():
    proto = tensor(1)
    proto.tensor_shape.unknown_rank = True
    return proto


def tensor_of_rank(rank: int, size: int = 1):
    """A float tensor of so many dimensions of `size`, and a last one that is empty."""
    proto = tensor(size, float_val=[1])
    for _ in range(rank - 2):
        proto.tensor_shape.dim.add(size=size)
    proto.tensor_shape.dim.add(size=0)
    return proto


@pytest.mark.parametrize(
    "proto",
    [
        tensor(3, tensor_content=b"\0" * 4),
        tensor(-1, float_val=[1]),
        tensor(1, dtype="DT_INVALID"),
        tensor(2**60, float_val=[1]),
        unknown_rank(),
        tensor_of_rank(300),
        tensor_of_rank(3, 2**62),
    ],
    ids=[
        "content-size",
        "negative-size",
        "no-dtype",
        "bomb",
        "unknown-rank",
        "rank",
        "sizes-beyond-int64",
    ],
)
def test_6_5_what_is_no_tensor(prediction, proto):
    message = request("kinds", "float", x=proto)
    assert refusal(prediction.Predict, message) == (INVALID, "tensor parsing error: x")


def test_6_6_number_of_inputs(prediction):
    code, details = refusal(prediction.Predict, request(x=floats(1), z=floats(1), b=floats(1)))
    assert code == INVALID
    assert details == (
        "input size does not match signature: 3!=1 len({b,x,z}) != len({x})."
        " Sent extra: {b,z}. Missing but required: {}."
    )
    code, details = refusal(prediction.Predict, request())
    assert details == (
        "input size does not match signature: 0!=1 len({}) != len({x})."
        " Sent extra: {}. Missing but required: {x}."
    )


def test_6_6_wrong_name(prediction):
    code, details = refusal(prediction.Predict, request(z=floats(1)))
    assert code == INVALID
    assert details.startswith("Signature input alias: x(feed name: ")
    assert ") not found in request and no default value provided. " in details


def test_6_6_defaults_fill_in(prediction):
    answer = prediction.Predict(request("kinds", "add", x=floats(1)))
    assert list(answer.outputs["y"].float_val) == [11]
    answer = prediction.Predict(request("kinds", "add", x=floats(1), k=np.float32(2)))
    assert list(answer.outputs["y"].float_val) == [3]
    code, details = refusal(prediction.Predict, request("kinds", "add", k=np.float32(2)))
    assert code == INVALID
    assert "Signature input alias: x(feed name: " in details


def filtered(*names):
    message = request("kinds", "two", a=floats(1), b=np.array([2]))
    message.output_filter.extend(names)
    return message


@pytest.mark.parametrize(
    ("names", "outputs"), [((), {"b", "sum"}), (("b",), {"b"}), (("sum", "b"), {"b", "sum"})]
)
def test_6_7_output_filter(prediction, names, outputs):
    assert set(prediction.Predict(filtered(*names)).outputs) == outputs


def test_6_7_output_filter_refused(prediction):
    assert refusal(prediction.Predict, filtered("b", "no")) == (
        INVALID,
        "output tensor alias not found in signature: no Outputs expected to be in the set {b,sum}.",
    )
    assert refusal(prediction.Predict, filtered("b", "b")) == (
        INVALID,
        "duplicate output tensor alias: b",
    )


def test_6_8_wrong_dtype(prediction):
    code, details = refusal(prediction.Predict, request(x=np.array([b"a"], object)))
    assert (code, "to be float but string is provided" in details) == (INVALID, True)
    code, details = refusal(prediction.Predict, request(x=np.array([1], np.int32)))
    assert (code, "to be float but int32 is provided" in details) == (INVALID, True)


def test_6_8_shape_is_left_to_the_graph(prediction):
    output = prediction.Predict(request(x=floats(1, 2).reshape(2, 1))).outputs["y"]
    assert tf.make_ndarray(output).tolist() == [[2.5], [3.0]]


def test_6_9_unknown_signature(prediction):
    refused = refusal(prediction.Predict, request(signature="no", x=floats(1)))
    assert refused == (PRECONDITION, 'Serving signature key "no" not found.')
    expected = (INVALID, "No signature was found with the name: no")
    for method, kind in (
        (prediction.Classify, classification_pb2.ClassificationRequest),
        (prediction.Regress, regression_pb2.RegressionRequest),
    ):
        assert refusal(method, examples(kind, "no", {"x": 1.0})) == expected


def examples(kind, signature, *rows, context=None):
    """A ClassificationRequest or RegressionRequest of float features."""
    message = kind()
    message.model_spec.name = "half_plus_two"
    message.model_spec.signature_name = signature
    add_examples(message.input, rows, context)
    return message


def add_examples(target, rows, context=None):
    holder = target.example_list_with_context if context else target.example_list
    if context:
        fill(holder.context, context)
    for row in rows:
        fill(holder.examples.add(), row)


def fill(example, row):
    for name, value in row.items():
        example.features.feature[name].float_list.value.append(value)


def test_6_10_predict_may_call_any_signature(prediction):
    row = tf.train.Example()
    fill(row, {"x": 1.0})
    inputs = np.array([row.SerializeToString()], object)
    answer = prediction.Predict(request(signature="classify_labels", inputs=inputs))
    assert answer.outputs["classes"].string_val[:] == [b"low", b"high"]


def test_6_11_failures_of_the_graph_keep_their_code(prediction):
    code, details = refusal(
        prediction.Predict, request("kinds", "size", x=np.array([b"no image"], object))
    )
    assert (code, "Unknown image file format" in details) == (INVALID, True)
    code, _ = refusal(prediction.Predict, request("kinds", "matrix", x=floats(1)))
    assert code == INVALID


def test_6_12_large_messages(prediction):
    array = np.ones(4_000_000, np.float32)
    output = prediction.Predict(request("kinds", "float", x=array)).outputs["y"]
    assert len(output.float_val) == len(array)


def test_6_13_deadline(prediction):
    code, _ = refusal(prediction.Predict, request("kinds", "slow", x=floats(1)), timeout=0.5)
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert prediction.Predict(request(x=floats(1)), timeout=30).outputs["y"].float_val[0] == 2.5


def test_6_14_gzip(prediction):
    answer = prediction.Predict(request(x=floats(1)), compression=grpc.Compression.Gzip)
    assert answer.outputs["y"].float_val[0] == 2.5


def test_6_15_long_messages_are_cut(prediction):
    code, details = refusal(prediction.Predict, request("n" * 5000))
    assert (code, len(details)) == (NOT_FOUND, 1024)
    assert details.endswith("...TRUNCATED")


@pytest.mark.parametrize("signature", ["regress_x_to_y", "regress_column"])
def test_6_16_regress(prediction, signature):
    kind = regression_pb2.RegressionRequest
    answer = prediction.Regress(examples(kind, signature, {"x": 1.0}, {"x": 2.0}))
    assert [row.value for row in answer.result.regressions] == [2.5, 3.0]
    assert answer.model_spec.version.value == 123
    assert answer.model_spec.signature_name == signature


def test_6_16_classify(prediction):
    kind = classification_pb2.ClassificationRequest
    answer = prediction.Classify(examples(kind, "classify_labels", {"x": 1.0}))
    classes = answer.result.classifications[0].classes
    assert [(entry.label, entry.score) for entry in classes] == [("low", 2.5), ("high", 3.5)]
    assert answer.model_spec.signature_name == "classify_labels"


def test_6_17_context(prediction):
    kind = regression_pb2.RegressionRequest
    message = examples(kind, "regress_x_to_y", {"x": 1.0}, context={"c": 10.0})
    assert prediction.Regress(message).result.regressions[0].value == 7.5


@pytest.mark.parametrize(
    ("signature", "rows", "code", "message"),
    [
        ("regress_x_to_y", [], INVALID, "Input is empty."),
        ("", [{"x": 1.0}], PRECONDITION, "No regression inputs found in SignatureDef: "),
        ("classify_labels", [{"x": 1.0}], INVALID, "Expected one output Tensor."),
        ("regress_x_to_y", [{}], INVALID, ""),
    ],
)
def test_6_16_regress_refused(prediction, signature, rows, code, message):
    refused = refusal(
        prediction.Regress, examples(regression_pb2.RegressionRequest, signature, *rows)
    )
    assert refused[0] == code
    assert message in refused[1]


def test_6_16_missing_spec(prediction):
    for method, kind in (
        (prediction.Classify, classification_pb2.ClassificationRequest),
        (prediction.Regress, regression_pb2.RegressionRequest),
    ):
        assert refusal(method, kind()) == (INVALID, "Missing ModelSpec")


def tasks(*entries, rows=({"x": 1.0},)):
    """A MultiInferenceRequest of (model, signature, method)."""
    message = inference_pb2.MultiInferenceRequest()
    for model, signature, method in entries:
        task = message.tasks.add(method_name=method)
        task.model_spec.name = model
        task.model_spec.signature_name = signature
    add_examples(message.input, rows)
    return message


REGRESSION = ("half_plus_two", "regress_x_to_y", REGRESS)


def test_6_18_multi_inference_of_one_task(prediction):
    answer = prediction.MultiInference(tasks(REGRESSION))
    assert answer.results[0].regression_result.regressions[0].value == 2.5
    assert answer.results[0].model_spec.version.value == 123
    assert answer.results[0].model_spec.signature_name == "regress_x_to_y"


@pytest.mark.parametrize(
    ("entries", "code", "message"),
    [
        ((REGRESSION, REGRESSION), INVALID, "Duplicate evaluation of signature: regress_x_to_y"),
        ((REGRESSION, ("versions", "", REGRESS)), INVALID, "must access the same model name."),
        (
            (("half_plus_two", "no", REGRESS),),
            INVALID,
            "Requested signature not found in model graph: no",
        ),
        (
            (("half_plus_two", "regress_x_to_y", "tensorflow/serving/predict"),),
            grpc.StatusCode.UNIMPLEMENTED,
            "Unsupported signature method_name: ",
        ),
        (
            (REGRESSION, ("half_plus_two", "classify_labels", CLASSIFY)),
            INVALID,
            "Input tensor must be the same for all Signatures.",
        ),
        ((("none", "", REGRESS),), NOT_FOUND, "Servable not found for request: Latest(none)"),
    ],
)
def test_6_18_multi_inference_refused(prediction, entries, code, message):
    refused = refusal(prediction.MultiInference, tasks(*entries))
    assert (refused[0], message in refused[1]) == (code, True)


def metadata(name, *fields, **options):
    message = request(name, kind=get_model_metadata_pb2.GetModelMetadataRequest, **options)
    message.metadata_field.extend(fields)
    return message


def test_6_19_metadata(prediction):
    answer = prediction.GetModelMetadata(metadata("half_plus_two", "signature_def"))
    assert (answer.model_spec.name, answer.model_spec.version.value) == ("half_plus_two", 123)
    assert answer.model_spec.signature_name == ""
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert "__saved_model_init_op" in signatures.signature_def
    assert signatures.signature_def["serving_default"].inputs["x"].name


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        (metadata("half_plus_two"), (INVALID, "at least one metadata_field")),
        (metadata("half_plus_two", "no"), (INVALID, "no is not supported")),
        (metadata("none", "signature_def"), (NOT_FOUND, "Latest(none)")),
        (get_model_metadata_pb2.GetModelMetadataRequest(), (INVALID, "Missing ModelSpec")),
        (metadata("versions", "signature_def", label="no"), (INVALID, "label: no")),
    ],
)
def test_6_19_metadata_refused(prediction, message, refused):
    code, details = refusal(prediction.GetModelMetadata, message)
    assert (code, refused[1] in details) == (refused[0], True)


def test_6_other_services_are_not_there(channel):
    for path in ("/tensorflow.serving.SessionService/SessionRun", "/grpc.health.v1.Health/Check"):
        method = channel.unary_unary(path)
        assert refusal(method, b"")[0] == grpc.StatusCode.UNIMPLEMENTED
