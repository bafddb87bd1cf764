"""JSON text to Python values and floats to JSON text, with RapidJSON's dialect and messages.

The dialect: NaN, Infinity, Inf (and with a minus) are numbers, the first of duplicate keys wins,
text after the first value is ignored, and no depth of nesting can exhaust the stack.

Two parsers give the same values. The standard library's scanner is fast but recursive, and holds
the interpreter lock until it ends, so it sees small documents only. Whatever it refuses, and
every large document, goes to the iterative parser, which hands it flat lists piece by piece.
"""

import json
import re
import threading

from serving.embedded.errors import ServingError, invalid
from serving.embedded.json_parser import WORD_VALUES, parse_iteratively
from serving.embedded.json_strings import BadJson

SMALL = 16_000_000  # characters; the scanner takes about 0.2 s for them
# One big document at a time: values need several times the memory of their text.
_big_documents = threading.Semaphore(1)
_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _first_wins(pairs: list) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        members = dict(reversed(pairs))
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_first_wins, parse_constant=WORD_VALUES.__getitem__)


def parse_object(body: bytes) -> dict:
    """The JSON object in `body`; raises ServingError with the real server's message.

    Bytes that are no UTF-8 survive as surrogate escapes, so strings keep their bytes.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    try:
        document = _parse(text)
    except BadJson as error:
        offset = len(text[: error.at].encode("utf-8", "surrogateescape"))
        raise invalid(f"JSON Parse error: {error.reason} at offset: {offset}") from None
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {shown(document)} Is not object")
    return document


def _parse(text: str):
    if len(text) > SMALL:
        with _big_documents:
            return parse_iteratively(text)
    # A lone surrogate escape is an error here but not for the scanner.
    if "\\u" in text and _SURROGATE.search(text):
        return parse_iteratively(text)
    try:
        return _DECODER.raw_decode(text, _SPACE.match(text).end())[0]
    except (ValueError, RecursionError):
        return parse_iteratively(text)


def number_too_big() -> ServingError:
    """A number beyond a double, found when the value is used: its offset is not known any more."""
    return invalid("JSON Parse error: Number too big to be stored in double. at offset: 0")


def shown(value, most: int = 1000) -> str:
    """`value` as JSON for a message, cut after `most` characters."""
    pieces: list[str] = []
    length = 0
    try:
        for piece in json.JSONEncoder(ensure_ascii=False, indent=4).iterencode(value):
            pieces.append(piece[: most + 1])
            length += len(piece)
            if length > most:
                return "".join(pieces)[:most] + "..."
    except RecursionError:
        return "".join(pieces) + "..."
    return "".join(pieces)


def float_texts(values: list[float], readable_by: type, digits: int) -> list[str]:
    """JSON tokens of finite and other floats: six digits where they read back the same, else
    `digits` (9 for float32, 17 for float64), always with a point or an exponent.

    `readable_by`: numpy type that a reader stores the number in.
    """
    short = list(map("%.6g".__mod__, values))
    if readable_by is float:
        again = list(map(float, short))
    else:
        again = readable_by(list(map(float, short))).tolist()
    full = f"%.{digits}g"
    return [
        _with_point(text if back == value else full % value)
        for text, back, value in zip(short, again, values, strict=True)
    ]


def _with_point(text: str) -> str:
    if "." in text or "e" in text:
        return text
    if text in ("inf", "-inf", "nan", "-nan"):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(text, "NaN")
    return text + ".0"
