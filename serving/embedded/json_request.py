"""The inputs of a :predict request, by row ("instances") or by column ("inputs")."""

import numpy as np

from serving.embedded.errors import ServingError, invalid
from serving.embedded.json_base64 import is_base64
from serving.embedded.json_text import shown
from serving.embedded.json_values import shape_of, to_array

Kinds = dict[str, int]  # input name -> DataType


def signature_name(document: dict) -> str:
    """The signature that a request names, "" if none."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"JSON Value: {shown(document)} not formatted correctly."
            " 'signature_name' key must be a string value."
        )
    return name


def read_inputs(document: dict, kinds: Kinds, signature: str) -> tuple[dict[str, np.ndarray], bool]:
    """(input name -> array, whether the request is by row); raises ServingError."""
    if not kinds:
        raise invalid(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
    by_row, by_column = "instances" in document, "inputs" in document
    if by_row and by_column:
        raise invalid(
            f"JSON Value: {shown(document)} Not formatted correctly expecting only one of"
            " 'inputs' or 'instances' keys to exist "
        )
    if by_row:
        return _by_row(document, kinds), True
    if by_column:
        return _by_column(document["inputs"], kinds), False
    raise invalid("Missing 'inputs' or 'instances' key")


def _by_column(value, kinds: Kinds) -> dict[str, np.ndarray]:
    if not isinstance(value, dict) or is_base64(value):
        if len(kinds) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple"
                " input tensors required as per tensorinfo_map"
            )
        ((name, dtype),) = kinds.items()
        return {name: to_array(value, dtype)}
    arrays = {}
    for name, dtype in kinds.items():
        if name not in value:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        arrays[name] = to_array(value[name], dtype)
    return arrays


def _by_row(document: dict, kinds: Kinds) -> dict[str, np.ndarray]:
    rows = document["instances"]
    if not isinstance(rows, list):
        raise invalid(f"JSON Value: {shown(document)} Expecting 'instances' to be an list/array")
    if not rows:
        raise invalid(f"JSON Value: {shown(document)} No values in 'instances' array")
    if not isinstance(rows[0], dict) and len(kinds) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple"
            " input tensors required as per tensorinfo_map"
        )
    named = _is_row_object(rows[0])
    name = next(iter(kinds))
    try:
        if not named and not any(map(_is_row_object, rows)):
            return {name: to_array(rows, kinds[name])}
        if named and all(isinstance(row, dict) and row.keys() == kinds.keys() for row in rows):
            return {
                name: to_array([row[name] for row in rows], dtype) for name, dtype in kinds.items()
            }
    except (ServingError, OverflowError, ValueError):
        pass  # the walk below finds the row and words the refusal
    return _row_by_row(rows, kinds, named)


def _is_row_object(value) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _row_by_row(rows: list, kinds: Kinds, named: bool) -> dict[str, np.ndarray]:
    """The same as the fast way, one row at a time, to find the first row that does not fit."""
    seen: dict[str, list[np.ndarray]] = {}
    only = next(iter(kinds))
    for index, row in enumerate(rows):
        if named != _is_row_object(row):
            raise invalid(
                f"Expecting object but got list at item {index} of input list"
                if named
                else f"Expecting value/list but got object at item {index} of input list"
            )
        for name, value in row.items() if named else [(only, row)]:
            try:
                seen.setdefault(name, []).append(_one(value, name, kinds, seen.get(name)))
            except ServingError as error:
                key = f" key: {name}" if named else ""
                raise invalid(
                    f"Failed to process element: {index}{key} of 'instances' list. Error: {error}"
                ) from None
        if named and row.keys() != kinds.keys():
            raise invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object:"
                f" {shown(row)} keys must be equal to: {','.join(sorted(kinds))}"
            )
    return {name: np.stack(arrays) for name, arrays in seen.items()}


def _one(value, name: str, kinds: Kinds, before: list[np.ndarray] | None) -> np.ndarray:
    if name not in kinds:
        raise invalid(f"JSON object: does not have named input: {name}")
    array = to_array(value, kinds[name])
    if before and array.size != before[0].size:
        raise invalid(f"Expecting tensor size: {before[0].size} but got: {array.size}")
    if before and array.shape != before[0].shape:
        raise invalid(f"Expecting shape {_text(before[0].shape)} but got: {_text(shape_of(value))}")
    return array


def _text(shape) -> str:
    return f"[{','.join(map(str, shape))}]"
