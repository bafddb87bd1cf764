"""Classify and Regress: tf.Example in, labels, scores and numbers out."""

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    input_pb2,
    regression_pb2,
)

from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.predict import DEFAULT_SIGNATURE, Run
from serving.embedded.tensors import data_type

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
INPUT = "inputs"
CLASSES, SCORES, REGRESSION = "classes", "scores", "outputs"


def example_strings(request_input: input_pb2.Input) -> np.ndarray:
    """Serialized examples (n,), the context's bytes before each one's: protobuf merges them."""
    kind = request_input.WhichOneof("kind")
    context = b""
    examples = []
    if kind == "example_list":
        examples = request_input.example_list.examples
    elif kind == "example_list_with_context":
        context = request_input.example_list_with_context.context.SerializeToString()
        examples = request_input.example_list_with_context.examples
    if not examples:
        raise invalid("Input is empty.")
    array = np.empty(len(examples), object)
    array[:] = [context + example.SerializeToString() for example in examples]
    return array


def named_signature(signatures: dict, name: str, method: str, check: bool):
    """The signature of a Classify or Regress request, in the words of its refusals."""
    name = name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise invalid(f"No signature was found with the name: {name}")
    check_method(signatures[name], method, check)
    return signatures[name]


def classify_tensors(signature) -> tuple[str, list[str]]:
    """(feed name, output aliases) of a signature that can classify."""
    feed = _single_input(signature, "classification")
    if len(signature.outputs) not in (1, 2):
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    aliases = [name for name in (CLASSES, SCORES) if name in signature.outputs]
    if not aliases:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "Expected classification signature outputs to contain at least one of"
            f' "{CLASSES}" or "{SCORES}". Signature was: {signature}',
        )
    return feed, aliases


def regress_tensors(signature) -> tuple[str, list[str]]:
    """(feed name, output aliases) of a signature that can regress."""
    feed = _single_input(signature, "regression")
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if REGRESSION not in signature.outputs:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"No regression outputs found in SignatureDef: {signature}"
        )
    return feed, [REGRESSION]


def _single_input(signature, what: str) -> str:
    if len(signature.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if INPUT not in signature.inputs:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"No {what} inputs found in SignatureDef: {signature}"
        )
    return signature.inputs[INPUT].name


def classify(signature, run: Run, request_input, timeout_ms: int):
    """A ClassificationResult."""
    feed, aliases = classify_tensors(signature)
    examples = example_strings(request_input)
    names = [signature.outputs[alias].name for alias in aliases]
    values = run({feed: examples}, names, timeout_ms)
    return classification(dict(zip(aliases, values, strict=True)), len(examples))


def regress(signature, run: Run, request_input, timeout_ms: int):
    """A RegressionResult."""
    feed, aliases = regress_tensors(signature)
    examples = example_strings(request_input)
    values = run({feed: examples}, [signature.outputs[REGRESSION].name], timeout_ms)
    return regression(values[0], len(examples))


def classification(outputs: dict[str, np.ndarray], count: int):
    """A ClassificationResult of the arrays "classes" and/or "scores" (count, labels)."""
    for name, kind in ((CLASSES, types_pb2.DT_STRING), (SCORES, types_pb2.DT_FLOAT)):
        array = outputs.get(name)
        if array is None:
            continue
        if array.ndim != 2:
            raise invalid(
                f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}"
            )
        _check_dtype(array, kind, f"{name} Tensor")
        if len(array) != count:
            raise invalid(f"Expected {name} output batch size of {count}. Got: {len(array)}")
    widths = [array.shape[1] for array in outputs.values()]
    if len(set(widths)) > 1:
        raise invalid(
            f"Tensors class and score should match in dim_size(1). Got {widths[0]} vs. {widths[1]}"
        )
    labels = outputs.get(CLASSES, np.full((count, widths[0]), b"", object)).tolist()
    scores = outputs.get(SCORES, np.zeros((count, widths[0]), np.float32)).tolist()
    result = classification_pb2.ClassificationResult()
    for row_labels, row_scores in zip(labels, scores, strict=True):
        row = result.classifications.add()
        for label, score in zip(row_labels, row_scores, strict=True):
            row.classes.add(label=label.decode("utf-8", "replace"), score=score)
    return result


def regression(array: np.ndarray, count: int):
    """A RegressionResult of the array "outputs", (count,) or (count, 1)."""
    if array.ndim != 1 and not (array.ndim == 2 and array.shape[1] == 1):
        raise invalid(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            + _shape(array)
        )
    if len(array) != count:
        raise invalid(f"Input batch size did not match output batch size: {count} vs. {len(array)}")
    _check_dtype(array, types_pb2.DT_FLOAT, "output Tensor")
    result = regression_pb2.RegressionResult()
    for value in array.ravel().tolist():
        result.regressions.add(value=value)
    return result


def _check_dtype(array: np.ndarray, kind: int, what: str) -> None:
    if data_type(array) != kind:
        raise invalid(
            f"Expected {what} of {types_pb2.DataType.Name(kind)}."
            f" Got: {types_pb2.DataType.Name(data_type(array))}"
        )


def check_method(signature, method: str, check: bool) -> None:
    """Refuses another method_name, if that check is switched on: TF 2 always writes predict."""
    if check and signature.method_name != method:
        kind = "classification" if method == CLASSIFY else "regression"
        raise invalid(
            f"Expected {kind} signature method_name to be {method}. Was: {signature.method_name}"
        )


def _shape(array: np.ndarray) -> str:
    return f"[{','.join(map(str, array.shape))}]"
