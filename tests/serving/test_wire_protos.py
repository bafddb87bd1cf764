"""Our own messages: generated as committed, and the same bytes as the official ones."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving import client_grpc
from serving.protos import wire_pb2
from tests.serving.wire_server import ROOT


def test_generated_code_is_up_to_date():
    """In a process of its own: grpcio-tools and TensorFlow do not get along in one."""
    command = [sys.executable, "-m", "serving.protos.generate", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


REQUEST = """
model_spec { name: "ecg" version_label: "canary" signature_name: "png" }
inputs { key: "image_bytes" value { dtype: DT_STRING tensor_shape { dim { size: 1 } }
  string_val: "\\377\\000" } }
output_filter: "label"
"""
RESPONSE = """
model_spec { name: "ecg" version { value: 7 } signature_name: "serving_default" }
outputs { key: "f" value { dtype: DT_FLOAT tensor_shape { dim { size: 2 } } float_val: 0.5
  float_val: -1 } }
outputs { key: "s" value { dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: "x" } }
outputs { key: "i" value { dtype: DT_INT64 tensor_shape { } int64_val: -5 } }
outputs { key: "b" value { dtype: DT_BOOL tensor_shape { dim { size: 1 } } bool_val: true } }
"""
STATUS = """
model_version_status { version: 3 state: AVAILABLE status { } }
model_version_status { version: 2 state: END status { error_code: NOT_FOUND error_message: "e" } }
"""


@pytest.mark.parametrize(
    ("official", "own", "text"),
    [
        (predict_pb2.PredictRequest, wire_pb2.PredictRequest, REQUEST),
        (predict_pb2.PredictResponse, wire_pb2.PredictResponse, RESPONSE),
        (
            get_model_status_pb2.GetModelStatusResponse,
            wire_pb2.GetModelStatusResponse,
            STATUS,
        ),
        (
            get_model_status_pb2.GetModelStatusRequest,
            wire_pb2.GetModelStatusRequest,
            'model_spec { name: "ecg" version { value: 3 } }',
        ),
    ],
)
def test_each_side_reads_the_other_s_bytes(official, own, text):
    message = text_format.Parse(text, official())
    translated = own.FromString(message.SerializeToString())
    assert not list(unknown_fields(translated))
    assert official.FromString(translated.SerializeToString()) == message


def unknown_fields(message):
    """Fields that our definition lacks, at any depth."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    yield from UnknownFieldSet(message)
    for field, value in message.ListFields():
        if field.message_type and field.message_type.GetOptions().map_entry:
            parts = (
                value.values() if field.message_type.fields_by_name["value"].message_type else []
            )
        elif field.message_type:
            parts = value if field.is_repeated else [value]
        else:
            parts = []
        for part in parts:
            yield from unknown_fields(part)


@pytest.mark.parametrize(
    "array",
    [np.array([[1.5, 2]], np.float32), np.array(3, np.int64), np.array([True]), np.array([2.5])],
)
@pytest.mark.parametrize("as_content", [True, False])
def test_tensors_of_the_answer(array, as_content):
    from serving.embedded.tensors import to_proto

    official = to_proto(array, as_content)
    read = client_grpc.array_of(wire_pb2.Tensor.FromString(official.SerializeToString()))
    assert np.array_equal(read, tf.make_ndarray(official))
    assert read.dtype == array.dtype


def test_paths_of_the_methods():
    seen = []

    class Channel:
        def unary_unary(self, path, **_):
            seen.append(path)

    prediction_service_pb2_grpc.PredictionServiceStub(Channel())
    model_service_pb2_grpc.ModelServiceStub(Channel())
    assert {client_grpc.PREDICT, client_grpc.STATUS} <= set(seen)
