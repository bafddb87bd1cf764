"""The report: names in any alphabet."""

import pytest

from webapp.studies.report import latin


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Müller, 3 × 4", "Müller, 3 × 4"),
        ("łóżko – “2”…", 'lózko - "2"...'),
        ("Škoda Ōsaka", "Skoda Osaka"),
        ("心電図.png", "???.png"),
        ("a\u202f%", "a %"),
    ],
)
def test_names_are_printed_as_far_as_the_fonts_go(name, printed):
    assert latin(name) == printed
    latin(name).encode("latin-1")
