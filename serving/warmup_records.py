"""Requests that a server replays before a version answers: the first client need not wait."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw


@cache
def drawn_files() -> tuple[bytes, ...]:
    """PNG files of drawn pages, of different sizes, one per label."""
    files = []
    for number, label in enumerate(LABELS):
        size = (304 + 32 * number, 523 + 55 * number)
        page = draw(number, label=label, layout="3x4+1", size=size)
        file = io.BytesIO()
        Image.fromarray(page.image).save(file, "PNG")
        files.append(file.getvalue())
    return tuple(files)


def write_warmup(path: Path, model: str, signatures: dict) -> None:
    """One request per signature, as TFRecord of PredictionLog: the graph takes any size, so one
    page makes all that a first call makes."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, (_, spec) in signatures.items():
            request = predict_pb2.PredictRequest(
                model_spec=model_pb2.ModelSpec(name=model, signature_name=signature),
                inputs={spec.name: tf.make_tensor_proto(_page(spec))},
            )
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())


def _page(spec: tf.TensorSpec) -> np.ndarray:
    """One page as a batch: its file or its pixels, whichever `spec` takes."""
    file = drawn_files()[0]
    if spec.dtype == tf.string:
        return np.array([file], dtype=object)
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))[None]
