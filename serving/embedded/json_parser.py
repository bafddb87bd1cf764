"""A JSON parser without recursion, for documents that are large, deep or broken."""

import json
import math
import re

from serving.embedded.json_strings import BadJson, read_string

DEEPEST = 100_000  # levels; each costs about 100 bytes while the document lives

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]*)?")
_WORDS = re.compile(r"-?(?:Infinity|Inf)|NaN|-NaN|null|true|false")
# A list of plain numbers, or the next part of a long one: short enough not to hold up others.
_FLAT_LIST = re.compile(r"\[[-+0-9.eE, \t\r\n]{1,65536}\]")
_FLAT_PART = re.compile(r"[-+0-9.eE, \t\r\n]{64,65536},")
_LONG = re.compile(r"[0-9]{300}")  # only such a number is beyond a double without an exponent
_scan = json.JSONDecoder().raw_decode


class Constant(float):
    """A number that was written as a word; a plain infinite float was a number too big."""


WORD_VALUES = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": Constant("nan"),
    "-NaN": Constant("nan"),
    "Inf": Constant("inf"),
    "Infinity": Constant("inf"),
    "-Inf": Constant("-inf"),
    "-Infinity": Constant("-inf"),
}


def parse_iteratively(text: str):
    """The first JSON value of `text`; raises BadJson."""
    at = _skip(text, 0)
    if at == len(text):
        raise BadJson("The document is empty.", at)
    root, opened, at = _begin(text, at)
    stack = [root] if opened else []
    fresh = True  # the innermost container has just been opened
    while stack:
        parent = stack[-1]
        is_object = isinstance(parent, dict)
        at = _skip(text, at)
        if text.startswith("}" if is_object else "]", at):
            stack.pop()
            at, fresh = at + 1, False
            continue
        if not fresh:
            at = _comma(text, at, is_object)
        if is_object:
            key, at = _key(text, at)
            child, opened, at = _begin(text, at)
            parent.setdefault(key, child)
        else:
            at = _numbers(text, at, parent)
            child, opened, at = _begin(text, at)
            parent.append(child)
        fresh = opened
        if opened:
            stack.append(child)
            if len(stack) > DEEPEST:
                raise BadJson(f"Nested deeper than {DEEPEST} levels.", at)
    return root


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()


def _comma(text: str, at: int, is_object: bool) -> int:
    if not text.startswith(",", at):
        raise BadJson(
            "Missing a comma or } after an object member."
            if is_object
            else "Missing a comma or ] after an array element.",
            at,
        )
    return _skip(text, at + 1)


def _key(text: str, at: int) -> tuple[str, int]:
    if not text.startswith('"', at):
        raise BadJson("Missing a name for object member.", at)
    key, at = read_string(text, at)
    at = _skip(text, at)
    if not text.startswith(":", at):
        raise BadJson("Missing a colon after a name of object member.", at)
    return key, _skip(text, at + 1)


def _numbers(text: str, at: int, into: list) -> int:
    """Appends runs of plain numbers; returns where the next element starts."""
    while part := _FLAT_PART.match(text, at):
        values = _flat(f"[{text[at : part.end() - 1]}]")
        if values is None:
            break
        into.extend(values)
        at = _skip(text, part.end())
    return at


def _flat(piece: str) -> list | None:
    """The numbers of one flat list; None if it has to be read one by one to find the mistake."""
    try:
        values = _scan(piece)[0]
    except ValueError:
        return None
    may_be_big = "e" in piece or "E" in piece or _LONG.search(piece)
    return None if may_be_big and _beyond_double(values) else values


def _beyond_double(values: list) -> bool:
    try:
        return math.inf in map(abs, map(float, values))
    except OverflowError:
        return True


def _begin(text: str, at: int):
    """(value, whether it is a container whose members follow, where to go on)."""
    first = text[at : at + 1]
    if first == "{":
        return {}, True, at + 1
    if first == "[":
        piece = _FLAT_LIST.match(text, at)
        values = _flat(piece.group()) if piece else None
        return ([], True, at + 1) if values is None else (values, False, piece.end())
    if first == '"':
        value, at = read_string(text, at)
        return value, False, at
    if word := _WORDS.match(text, at):
        return WORD_VALUES[word.group()], False, word.end()
    value, at = _number(text, at)
    return value, False, at


def _number(text: str, at: int) -> tuple[int | float, int]:
    token = _NUMBER.match(text, at)
    if not token:
        raise BadJson("Invalid value.", at)
    fraction, exponent = token.groups()
    if fraction == ".":
        raise BadJson("Miss fraction part in number.", token.end(1))
    if exponent and not exponent[-1].isdigit():
        raise BadJson("Miss exponent in number.", token.end(2))
    value = float(token.group())
    if math.isinf(value):
        raise BadJson("Number too big to be stored in double.", at)
    return (value if fraction or exponent else int(token.group())), token.end()
