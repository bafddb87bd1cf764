"""Strings of the iterative JSON parser."""

import re

_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"')
_STRING_PART = re.compile(r'[^"\\\x00-\x1f]+')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class BadJson(ValueError):
    """`reason` in RapidJSON's words, `at` a position in the text."""

    def __init__(self, reason: str, at: int):
        super().__init__(reason)
        self.reason, self.at = reason, at


def read_string(text: str, at: int) -> tuple[str, int]:
    """The string whose opening quotation mark is at `at`, and where the text goes on."""
    if simple := _STRING.match(text, at):
        return simple.group(1), simple.end()
    opening, pieces = at, []
    at += 1
    while True:
        if part := _STRING_PART.match(text, at):
            pieces.append(part.group())
            at = part.end()
        if at >= len(text):
            raise BadJson("Missing a closing quotation mark in string.", opening)
        if text[at] == '"':
            return "".join(pieces), at + 1
        if text[at] != "\\":
            raise BadJson("Invalid encoding in string.", at)
        piece, at = _escape(text, at)
        pieces.append(piece)


def _escape(text: str, at: int) -> tuple[str, int]:
    letter = text[at + 1 : at + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], at + 2
    if letter != "u":
        raise BadJson("Invalid escape character in string.", at)
    code = _hex(text, at)
    if not 0xD800 <= code <= 0xDFFF:
        return chr(code), at + 6
    if code > 0xDBFF or text[at + 6 : at + 8] != "\\u":
        raise BadJson("The surrogate pair in string is invalid.", at)
    low = _hex(text, at + 6)
    if not 0xDC00 <= low <= 0xDFFF:
        raise BadJson("The surrogate pair in string is invalid.", at)
    return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00), at + 12


def _hex(text: str, at: int) -> int:
    digits = _HEX.match(text, at + 2)
    if not digits:
        raise BadJson("Incorrect hex digit after \\u escape in string.", at)
    return int(digits.group(), 16)
