"""gRPC on a port or a socket: services, limits, TLS, health."""

from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from serving.embedded.configs import BadConfig, read_text_proto
from serving.embedded.endpoints import Endpoints
from serving.embedded.flags import BadFlag, Flags
from serving.embedded.grpc_service import ModelService, PredictionService
from serving.protos import server_config_pb2

LARGEST_MESSAGE = 2**31 - 1
HEALTH_NAMES = ("", "ModelService", "PredictionService")


def grpc_server(endpoints: Endpoints, flags: Flags) -> grpc.Server:
    """A server that listens but does not answer before `start()`. Raises RuntimeError if the
    port is taken, BadConfig for unusable TLS files, BadFlag for unusable options."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=flags.grpc_threads, thread_name_prefix="grpc"),
        options=_options(flags.grpc_channel_arguments),
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(endpoints, flags.enable_serialization_as_tensor_content), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(endpoints), server)
    if flags.enable_grpc_healthcheck_service:
        servicer = health.HealthServicer()
        for name in HEALTH_NAMES:
            servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if flags.port:
        host = f"[{flags.bind_address}]" if ":" in flags.bind_address else flags.bind_address
        address = f"{host}:{flags.port}"
        if flags.ssl_config_file:
            server.add_secure_port(address, _credentials(flags.ssl_config_file))
        else:
            server.add_insecure_port(address)
    if flags.grpc_socket_path:
        server.add_insecure_port(f"unix:{flags.grpc_socket_path}")
    return server


def _options(text: str) -> list[tuple[str, int | str]]:
    """Server options: no limit on messages, no silent sharing of a port, and the user's."""
    options: dict[str, int | str] = {
        "grpc.max_receive_message_length": LARGEST_MESSAGE,
        "grpc.max_send_message_length": LARGEST_MESSAGE,
        "grpc.so_reuseport": 0,
    }
    for pair in filter(None, text.split(",")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadFlag(f"--grpc_channel_arguments takes key=value, got {pair!r}")
        options[name] = int(value) if value.lstrip("-").isdigit() else value
    return list(options.items())


def _credentials(path: str) -> grpc.ServerCredentials:
    """Keys and certificates stand in the SSLConfig itself, as PEM text."""
    config = read_text_proto(path, server_config_pb2.SSLConfig())
    if not (config.server_key and config.server_cert):
        raise BadConfig(f"{path}: server_key and server_cert have to hold PEM text")
    if config.client_verify and not config.custom_ca:
        raise BadConfig(f"{path}: client_verify needs custom_ca to check clients against")
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )
