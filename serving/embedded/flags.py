"""The command line of `tensorflow_model_server`, as far as the embedded server supports it."""

import os
from dataclasses import dataclass, field, fields


def _flag(default, help_text: str):
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class Flags:
    """Values of all flags; the names and defaults are the real server's unless marked [own]."""

    port: int = _flag(8500, "port of gRPC; 0 switches it off")
    rest_api_port: int = _flag(0, "port of REST; 0 switches it off")
    bind_address: str = _flag(
        "127.0.0.1", "[own] address to listen on; 0.0.0.0 (or ::) for every interface"
    )
    model_name: str = _flag("default", "name of the single model")
    model_base_path: str = _flag("", "absolute folder of the single model's versions")
    model_config_file: str = _flag("", "text ModelServerConfig; replaces the two flags above")
    model_config_file_poll_wait_seconds: float = _flag(0, "re-read that file this often; 0: never")
    file_system_poll_wait_seconds: float = _flag(1, "look for new versions this often; 0: once")
    allow_version_labels_for_unavailable_models: bool = _flag(
        False, "a new label may point to a version that is not available yet"
    )
    max_num_load_retries: int = _flag(5, "further tries after a version failed to load")
    load_retry_interval_micros: int = _flag(60_000_000, "pause between those tries")
    num_load_threads: int = _flag(0, "versions that load at a time; 0: two")
    enable_model_warmup: bool = _flag(True, "replay assets.extra/tf_serving_warmup_requests")
    num_request_iterations_for_warmup: int = _flag(1, "times each warm-up record is replayed")
    saved_model_tags: str = _flag("serve", "comma-separated tags of the graph to load")
    rest_api_num_threads: int = _flag(0, "parallel REST requests; 0: four times the processors")
    rest_api_timeout_in_ms: int = _flag(30_000, "run limit of a REST request; 0: none")
    rest_api_enable_cors_support: bool = _flag(False, "send Access-Control-Allow-* headers")
    rest_api_max_body_bytes: int = _flag(1 << 30, "[own] largest request body (413 above)")
    rest_api_receive_timeout_in_s: int = _flag(
        300, "[own] seconds a client may take to send one request before it is cut off"
    )
    grpc_max_threads: int = _flag(0, "parallel gRPC calls; 0: four times the processors")
    grpc_channel_arguments: str = _flag("", "comma-separated key=value options of the gRPC server")
    grpc_socket_path: str = _flag("", "also listen on this Unix socket")
    ssl_config_file: str = _flag("", "text SSLConfig; gRPC then speaks TLS only")
    enable_grpc_healthcheck_service: bool = _flag(False, "register grpc.health.v1.Health")
    monitoring_config_file: str = _flag("", "text MonitoringConfig; Prometheus on the REST port")
    enable_batching: bool = _flag(False, "join requests that arrive together")
    batching_parameters_file: str = _flag("", "text BatchingParameters")
    enable_signature_method_name_check: bool = _flag(
        False, "refuse classify and regress on signatures of another method_name"
    )
    enable_serialization_as_tensor_content: bool = _flag(
        False, "gRPC answers carry tensor_content instead of the typed fields"
    )
    tensorflow_session_parallelism: int = _flag(0, "threads of both pools below; 0: automatic")
    tensorflow_intra_op_parallelism: int = _flag(0, "threads inside one operation; 0: automatic")
    tensorflow_inter_op_parallelism: int = _flag(
        0, "operations at a time; 0: as many as requests may run"
    )
    xla_cpu_compilation_enabled: bool = _flag(
        False, "accepted; functions with jit_compile=True are compiled either way"
    )
    serve_while_loading: bool = _flag(
        False, "[own] open the ports at once and answer for models as they become available"
    )
    drain_timeout_in_s: int = _flag(
        30, "[own] seconds that requests in flight get after SIGTERM before they are cut off"
    )

    @property
    def rest_threads(self) -> int:
        """REST requests that run at a time."""
        return self.rest_api_num_threads or 4 * (os.cpu_count() or 1)

    @property
    def grpc_threads(self) -> int:
        """gRPC calls that run at a time."""
        return self.grpc_max_threads or 4 * (os.cpu_count() or 1)


class BadFlag(ValueError):
    """An unknown flag or a value that does not fit; the message names both."""


def usage() -> str:
    """All flags with their defaults, one a line."""
    lines = [f"  --{f.name}={f.default!s:<10} {f.metadata['help']}" for f in fields(Flags)]
    return "Flags (--name=value):\n" + "\n".join(lines)


def parse_flags(arguments: list[str]) -> Flags:
    """Flags of `--name=value` and `--name value`; a bare boolean means true. Raises BadFlag."""
    known = {f.name: f for f in fields(Flags)}
    values = {}
    rest = list(arguments)
    while rest:
        text = rest.pop(0)
        name, equals, value = text.removeprefix("--").partition("=")
        if not text.startswith("--") or name not in known:
            raise BadFlag(f"unknown flag {text!r}. {usage()}")
        if not equals and rest and not rest[0].startswith("--"):
            value = rest.pop(0)
        elif not equals:
            value = "true" if known[name].type is bool else ""
        values[name] = _convert(name, known[name].type, value)
    return _checked(Flags(**values))


def _convert(name: str, kind: type, value: str):
    if kind is bool:
        if value.lower() not in ("true", "false", "1", "0"):
            raise BadFlag(f"--{name} is true or false, got {value!r}")
        return value.lower() in ("true", "1")
    try:
        return kind(value)
    except ValueError:
        raise BadFlag(f"--{name} takes a {kind.__name__}, got {value!r}") from None


def _checked(flags: Flags) -> Flags:
    if not flags.model_config_file and not flags.model_base_path:
        raise BadFlag(f"give --model_base_path or --model_config_file. {usage()}")
    if not (flags.port or flags.rest_api_port or flags.grpc_socket_path):
        raise BadFlag("--port and --rest_api_port are both 0: nothing would be served")
    for name in ("port", "rest_api_port"):
        if not 0 <= getattr(flags, name) <= 65535:
            raise BadFlag(f"--{name} is 0 to 65535, got {getattr(flags, name)}")
    for name in (
        "model_config_file",
        "ssl_config_file",
        "monitoring_config_file",
        "batching_parameters_file",
    ):
        path = getattr(flags, name)
        if path and not os.path.isfile(path):
            raise BadFlag(f"--{name}: there is no file {path}")
    return flags
