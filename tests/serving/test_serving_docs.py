"""docs/SERVING.md: its examples run word for word against the embedded server."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from serving.embedded.flags import Flags
from tests.serving.test_client import page
from tests.serving.wire_local import running
from tests.serving.wire_server import ROOT

TEXT = (ROOT / "docs" / "SERVING.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def shell(wire_base, tmp_path_factory):
    """Runs a block in a folder with page.png; of both models 1 is served, 2 lies beside it."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "page.png").write_bytes(page(0))
    policy = "model_version_policy { specific { versions: 1 } }"
    entry = 'config {{ name: "{0}" base_path: "{1}/{0}" model_platform: "tensorflow" {2} }}'
    for name in ("ecg", "ecg_explain"):
        for number in ("1", "2"):
            shutil.copytree(wire_base / name / "1", folder / "models" / name / number)
    config = folder / "models.config"
    names = ("ecg", "ecg_explain")
    models = " ".join(entry.format(name, folder / "models", policy) for name in names)
    config.write_text(f"model_config_list {{ {models} }}")
    with running(model_config_file=str(config)) as server:
        variables = {
            "ECG_TF_REST": f"http://127.0.0.1:{server.flags.rest_api_port}",
            "ECG_TF_GRPC": f"127.0.0.1:{server.flags.port}",
            "ECG_TF_MODELS": str(folder / "models"),
            "PYTHONPATH": str(ROOT),
        }

        def run(language: str, block: str) -> str:
            program = ["bash", "-euo", "pipefail"] if language == "sh" else [sys.executable]
            done = subprocess.run(
                [*program, "-c", block],
                cwd=folder,
                env=os.environ | variables,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
            return done.stdout

        yield run


def test_the_examples_run(shell):
    """In order; the first block only says where the server is."""
    assert BLOCKS[0][1].startswith("export ECG_TF_REST=")
    printed = [shell(language, block) for language, block in BLOCKS[1:]]
    status, rest, python, official, own, shifted, label = printed
    assert '"AVAILABLE"' in status
    assert '"label": "normal"' in rest
    assert python.startswith("normal [1.0, 0.0, 0.0, 0.0] answer")
    assert official.startswith("normal 1\n[1.0, 0.0, 0.0, 0.0]")
    assert own.splitlines()[0] == "normal 1.0 answer 1"
    assert own.splitlines()[-1] == "refused"
    assert shifted == ""
    assert '"label": "normal"' in label


def test_flags_in_the_text_exist():
    names = set(re.findall(r"--([a-z_]{4,})", TEXT)) - {"base", "fail", "silent", "data"}
    export = (ROOT / "scripts" / "export.py").read_text()
    exports = {name for name in names if f'"--{name}"' in export}
    assert names <= set(Flags.__dataclass_fields__) | exports | {"help"}, names


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:serving|tests|scripts)/[\w/.]+)`", TEXT)))
)
def test_paths_in_the_text_exist(path):
    assert (ROOT / path).exists()
