"""Predict: the checks and the run that REST and gRPC share."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.tensors import BadTensor, from_proto

DEFAULT_SIGNATURE = "serving_default"
Run = Callable[[dict[str, np.ndarray], list[str], int], list[np.ndarray]]


def predict(
    signature,
    run: Run,
    inputs: Mapping[str, Any],
    timeout_ms: int,
    output_filter: tuple[str, ...] = (),
    decode: Callable[[Any], np.ndarray] = from_proto,
) -> dict[str, np.ndarray]:
    """Output name -> array of a SignatureDef called with `inputs` (name -> what `decode` takes).

    Shapes are the graph's business; names and numbers of inputs are checked here.
    """
    _check_number(signature, inputs)
    feeds = _feeds(signature, inputs, decode)
    names = _wanted(signature, output_filter)
    values = run(feeds, [signature.outputs[name].name for name in names], timeout_ms)
    return dict(zip(names, values, strict=True))


def find_signature(signatures: dict, name: str):
    """The SignatureDef that a gRPC Predict names; "" is the default one."""
    name = name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    return signatures[name]


def _check_number(signature, inputs: Mapping) -> None:
    if len(inputs) <= len(signature.inputs) and (
        len(inputs) == len(signature.inputs) or signature.defaults
    ):
        return
    sent, known = set(inputs), set(signature.inputs)
    raise invalid(
        f"input size does not match signature: {len(sent)}!={len(known)}"
        f" len({_braces(sent)}) != len({_braces(known)})."
        f" Sent extra: {_braces(sent - known)}."
        f" Missing but required: {_braces(known - sent)}."
    )


def _feeds(signature, inputs: Mapping, decode: Callable) -> dict[str, np.ndarray]:
    """Tensor name -> array, with the signature's defaults where the request has nothing."""
    feeds = {}
    for alias in sorted(signature.inputs):
        feed_name = signature.inputs[alias].name
        if alias not in inputs and alias not in signature.defaults:
            raise invalid(
                f"Signature input alias: {alias}(feed name: {feed_name}) not found in request and"
                " no default value provided. Inputs expected to be in the request"
                f" {_braces(inputs)}, or default input alias set:"
                f" {','.join(sorted(signature.defaults))}"
            )
        try:
            if alias in inputs:
                feeds[feed_name] = decode(inputs[alias])
            else:
                feeds[feed_name] = from_proto(signature.defaults[alias])
        except BadTensor:
            raise invalid(f"tensor parsing error: {alias}") from None
    used = set(inputs) & set(signature.inputs)
    if len(used) != len(inputs):
        raise invalid(
            f"Inputs contains invalid name. Used request inputs: {','.join(sorted(used))},"
            f" request input: {','.join(sorted(inputs))}"
        )
    return feeds


def _wanted(signature, output_filter: tuple[str, ...]) -> list[str]:
    seen: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {alias}"
                f" Outputs expected to be in the set {_braces(signature.outputs)}."
            )
        if alias in seen:
            raise invalid(f"duplicate output tensor alias: {alias}")
        seen.append(alias)
    return seen or sorted(signature.outputs)


def _braces(names) -> str:
    return "{" + ",".join(sorted(names)) + "}"
