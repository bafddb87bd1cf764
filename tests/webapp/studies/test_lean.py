"""The portal's processes are small: what they import, each in a fresh one."""

import subprocess
import sys

import pytest

from tests.serving.wire_server import ROOT


@pytest.mark.parametrize(
    ("module", "spared"),
    [
        ("webapp", ("tensorflow", "keras", "scipy", "sklearn", "matplotlib", "fpdf")),
        ("webapp.studies.worker", ("tensorflow", "keras", "scipy", "sklearn", "matplotlib")),
        (
            "webapp.gallery.worker",
            ("tensorflow", "keras", "scipy", "sklearn", "matplotlib", "fpdf"),
        ),
        ("webapp.studies.explaining", ("tensorflow", "keras", "scipy", "sklearn", "matplotlib")),
        ("webapp.studies.report", ("tensorflow", "keras", "scipy", "sklearn", "matplotlib")),
    ],
)
def test_what_is_not_needed_is_not_imported(module, spared):
    code = f"import sys, {module}; print([m for m in {spared!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
