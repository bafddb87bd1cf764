"""The models and the servers that the tests of the wire share."""

import shutil
from pathlib import Path

import pytest

from tests.serving import wire_server


@pytest.fixture(scope="session")
def wire_base(tmp_path_factory) -> Path:
    """The folder with the models of the conformance suite."""
    from tests.serving import wire_models  # imports TensorFlow

    return wire_models.write_all(tmp_path_factory.mktemp("wire_models"))


@pytest.fixture(scope="session")
def served(wire_base, tmp_path_factory):
    """One embedded server over those models for the whole session."""
    flags = (
        f"--model_config_file={wire_base}/models.config",
        "--allow_version_labels_for_unavailable_models=true",
        f"--monitoring_config_file={wire_base}/monitoring.config",
        "--rest_api_timeout_in_ms=2000",
        "--grpc_max_threads=16",
        "--rest_api_num_threads=8",
    )
    with wire_server.serving(tmp_path_factory.mktemp("served"), *flags) as running:
        yield running


@pytest.fixture
def put(wire_base, tmp_path):
    """put("m", 2) makes version 2 of model m (y = x / 2 + 2) appear at once; returns its folder."""

    def place(name: str, number, like: int = 0) -> Path:
        source = wire_base / "versions" / str(like or number)
        base = tmp_path / name
        base.mkdir(exist_ok=True)
        shutil.copytree(source, base / f"{number}.tmp")
        (base / f"{number}.tmp").rename(base / str(number))
        return base / str(number)

    return place
