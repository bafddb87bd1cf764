"""What a study is called: the name of the uploaded file, made harmless to show."""

import unicodedata

LONGEST = 120  # characters
UNNAMED = "page"


def display_name(given: str | None) -> str:
    """The last part of a file's name without control, direction and other unseen characters, at
    most LONGEST characters; "page" where nothing is left. It is shown, never used as a path."""
    last = (given or "").replace("\\", "/").rsplit("/", 1)[-1]
    # Categories C*: control, format (marks that turn the direction), surrogates, private, unused.
    seen = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in last)
    name = " ".join(unicodedata.normalize("NFC", seen).split()).strip(". ")
    if len(name) > LONGEST:
        start, dot, kind = name.rpartition(".")
        kind = dot + kind if start and len(kind) <= 5 else ""
        name = name[: LONGEST - len(kind) - 1].rstrip() + "…" + kind
    return name or UNNAMED
