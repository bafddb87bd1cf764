"""Replays the warm-up requests that lie beside a SavedModel before it becomes available."""

import os

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.inference import (
    CLASSIFY,
    REGRESS,
    classify,
    named_signature,
    regress,
)
from serving.embedded.multi_inference import multi_inference
from serving.embedded.predict import find_signature, predict
from serving.embedded.session import FOREVER

REQUESTS = os.path.join("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000


def warm_up(model, path: str, iterations: int = 1) -> int:
    """Replays every record `iterations` times; returns their number, 0 if there is no file.

    Raises ServingError if a record fails: a version that cannot answer its own examples is bad.
    """
    file = os.path.join(path, REQUESTS)
    if not os.path.exists(file):
        return 0
    count = 0
    try:
        for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
            count += 1
            if count > MOST_RECORDS:
                raise invalid(
                    f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {file}"
                )
            entry = _parsed(record, file)
            for _ in range(iterations):
                _replay(model, entry)
    except tf.errors.DataLossError as error:
        raise ServingError(
            Code.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    return count


def _parsed(record: bytes, file: str):
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except Exception as error:  # protobuf's DecodeError has no stable home
        raise invalid(f"Failed to parse warmup record: {record[:100]!r} from {file}") from error


def _replay(model, entry) -> None:
    kind = entry.WhichOneof("log_type")
    if kind == "predict_log":
        request = entry.predict_log.request
        signature = find_signature(model.signatures, request.model_spec.signature_name)
        predict(signature, model.run, request.inputs, FOREVER, tuple(request.output_filter))
    elif kind == "classify_log":
        request = entry.classify_log.request
        name = request.model_spec.signature_name
        signature = named_signature(model.signatures, name, CLASSIFY, False)
        classify(signature, model.run, request.input, FOREVER)
    elif kind == "regress_log":
        request = entry.regress_log.request
        name = request.model_spec.signature_name
        signature = named_signature(model.signatures, name, REGRESS, False)
        regress(signature, model.run, request.input, FOREVER)
    elif kind == "multi_inference_log":
        request = entry.multi_inference_log.request
        multi_inference(model.signatures, 0, model.run, request, FOREVER, False)
    else:
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
