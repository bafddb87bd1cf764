"""Bytes in JSON: {"b64": "..."}."""

import base64
import binascii
import re

from serving.embedded.errors import invalid

_STANDARD = re.compile(rb"[A-Za-z0-9+/]*")
_SPACE = b" \t\n\v\f\r"


def is_base64(value) -> bool:
    """True for exactly {"b64": "..."}."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode_base64(text: str) -> bytes:
    """Bytes of standard base64: white space is skipped, padding optional but right if present."""
    if len(text) % 4 == 0 and not text.endswith("==="):
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            pass
    raw = text.encode("utf-8", "surrogateescape").translate(None, _SPACE)
    data = raw.rstrip(b"=.")  # absl takes a dot for padding, too
    padding = len(raw) - len(data)
    needed = -len(data) % 4
    if needed == 3 or padding not in (0, needed) or not _STANDARD.fullmatch(data):
        raise invalid("Unable to base64 decode")
    return base64.b64decode(data + b"=" * needed)
