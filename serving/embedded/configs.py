"""Reads the text files of the command line into messages; a bad file raises BadConfig."""

import os
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.embedded.errors import ServingError, invalid
from serving.protos import server_config_pb2

PLATFORM = "tensorflow"
DEFAULT_METRICS_PATH = "/monitoring/prometheus/metrics"
Models = dict[str, model_server_config_pb2.ModelConfig]


class BadConfig(ValueError):
    """A configuration file that cannot be used; the message names the file and the line."""


def read_text_proto(path: str, message):
    """`message`, filled from the text file at `path`."""
    try:
        return text_format.Parse(Path(path).read_text(), message)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise BadConfig(f"{path}: {error}") from error


def read_model_config(path: str) -> Models:
    """The models of a ModelServerConfig file by name, checked as the gRPC reload checks them."""
    try:
        return checked_models(read_text_proto(path, model_server_config_pb2.ModelServerConfig()))
    except ServingError as error:
        raise BadConfig(f"{path}: {error.message}") from error


def single_model(name: str, base_path: str) -> Models:
    """The models when only --model_name and --model_base_path are given."""
    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform=PLATFORM)
    return checked_models(config)


def checked_models(config: model_server_config_pb2.ModelServerConfig) -> Models:
    """The models of `config` by name; raises ServingError in the real server's words."""
    if config.WhichOneof("config") != "model_config_list":
        raise invalid(
            "ServerModelConfig type not supported by HandleReloadConfigRequest."
            " Only ModelConfigList is currently supported"
        )
    models: Models = {}
    for model in config.model_config_list.config:
        if model.name in models:
            raise invalid(f"Illegal to list model {model.name} multiple times in config list")
        models[model.name] = model
    for model in models.values():
        if not os.path.isabs(model.base_path):
            raise invalid(
                f"Expected model {model.name} to have an absolute path or URI;"
                f" got base_path()={model.base_path}"
            )
        _check_platform(model)
    return models


def _check_platform(model) -> None:
    deprecated = model_server_config_pb2.ModelType.Name(model.model_type)
    if deprecated != "MODEL_TYPE_UNSPECIFIED" and model.model_platform:
        raise invalid(
            f"Model {model.name}: illegal setting both model_type(deprecated) and model_platform."
        )
    platform = model.model_platform or deprecated.lower()
    if platform != PLATFORM:
        shown = "" if platform == "model_type_unspecified" else platform
        raise invalid(f"Model {model.name} requests unsupported platform {shown}")


def metrics_path(path: str) -> str | None:
    """Where Prometheus metrics are served, after a MonitoringConfig file; None: nowhere."""
    if not path:
        return None
    config = read_text_proto(path, server_config_pb2.MonitoringConfig()).prometheus_config
    if not config.enable:
        return None
    return config.path or DEFAULT_METRICS_PATH
