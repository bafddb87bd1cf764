"""MultiInference: several classify and regress tasks of one model in one run."""

from tensorflow_serving.apis import inference_pb2

from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.inference import (
    CLASSIFY,
    REGRESS,
    REGRESSION,
    check_method,
    classification,
    classify_tensors,
    example_strings,
    regress_tensors,
    regression,
)
from serving.embedded.predict import DEFAULT_SIGNATURE, Run


def multi_inference(
    signatures: dict, version: int, run: Run, request, timeout_ms: int, check: bool
):
    """A MultiInferenceResponse; all tasks share one run."""
    plans, feed = _plans(signatures, request, check)
    examples = example_strings(request.input)
    names = sorted({plan[1].outputs[alias].name for plan in plans for alias in plan[2]})
    values = dict(zip(names, run({feed: examples}, names, timeout_ms), strict=True))
    response = inference_pb2.MultiInferenceResponse()
    for task, signature, aliases in plans:
        outputs = {alias: values[signature.outputs[alias].name] for alias in aliases}
        result = response.results.add()
        if task.method_name == CLASSIFY:
            result.classification_result.CopyFrom(classification(outputs, len(examples)))
        else:
            result.regression_result.CopyFrom(regression(outputs[REGRESSION], len(examples)))
        result.model_spec.name = task.model_spec.name
        result.model_spec.signature_name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        result.model_spec.version.value = version
    return response


def _plans(signatures: dict, request, check: bool):
    """[(task, signature, output aliases)] and the one tensor that all tasks feed."""
    plans, feeds, seen = [], set(), set()
    for task in request.tasks:
        _check_task(task, request.tasks[0], seen)
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name not in signatures:
            raise invalid(f"Requested signature not found in model graph: {name}")
        if task.method_name not in (CLASSIFY, REGRESS):
            raise ServingError(
                Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
            )
        signature = signatures[name]
        check_method(signature, task.method_name, check)
        tensors = classify_tensors if task.method_name == CLASSIFY else regress_tensors
        feed, aliases = tensors(signature)
        feeds.add(feed)
        plans.append((task, signature, aliases))
        if len(feeds) > 1:
            raise invalid("Input tensor must be the same for all Signatures.")
    return plans, feeds.pop()


def _check_task(task, first, seen: set[str]) -> None:
    if not task.model_spec.name:
        raise invalid("Found ModelSpec with an empty model name.")
    if task.model_spec.name != first.model_spec.name:
        raise invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
    name = task.model_spec.signature_name or DEFAULT_SIGNATURE
    if name in seen:
        raise invalid(f"Duplicate evaluation of signature: {name}")
    seen.add(name)
