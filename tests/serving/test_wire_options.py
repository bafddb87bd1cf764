"""What the flags switch on: CORS, health, TLS, batching, content, checks, the command line."""

import subprocess
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from serving.embedded.batching import BatchedModel, BatchLimits, read_batch_limits
from serving.embedded.configs import BadConfig, metrics_path
from serving.embedded.errors import Code, ServingError
from serving.embedded.flags import BadFlag, Flags, parse_flags
from serving.embedded.grpc_server import grpc_server
from serving.embedded.server import ModelServer
from tests.serving import wire_server
from tests.serving.wire_local import FAST, rest_of, running


def predict_request(**inputs) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "m"
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


@pytest.fixture(scope="module")
def everything(wire_base, tmp_path_factory):
    """A server with most options on, over the model `half_plus_two` as m."""
    folder = tmp_path_factory.mktemp("options")
    (folder / "batching").write_text(
        "max_batch_size { value: 4 } batch_timeout_micros { value: 20000 }"
        " num_batch_threads { value: 2 } allowed_batch_sizes: 2 allowed_batch_sizes: 4"
    )
    with running(
        model_name="m",
        model_base_path=str(wire_base / "half_plus_two"),
        rest_api_enable_cors_support=True,
        enable_grpc_healthcheck_service=True,
        enable_serialization_as_tensor_content=True,
        enable_signature_method_name_check=True,
        enable_batching=True,
        batching_parameters_file=str(folder / "batching"),
        grpc_channel_arguments="grpc.max_connection_age_ms=60000",
        grpc_socket_path=str(folder / "socket"),
    ) as server:
        yield server


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/models/m", None, 200),
        ("GET", "/v1/models/no", None, 404),
        ("POST", "/v1/models/m:predict", '{"instances": [1.0]}', 200),
        ("POST", "/v1/models/m:predict", "{", 400),
        ("OPTIONS", "/v1/models/m", None, 400),
    ],
)
def test_2_8_cors(everything, method, path, body, status):
    answer = rest_of(everything).call(method, path, body=body)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST, GET"
    assert answer.headers["access-control-allow-headers"] == "Content-Type"


def test_9_1_no_metrics_without_the_file(everything):
    assert rest_of(everything).get("/monitoring/prometheus/metrics").status == 404


def test_9_6_health(everything):
    with wire_server.grpc_channel(f"127.0.0.1:{everything.flags.port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", "ModelService", "PredictionService"):
            status = stub.Check(health_pb2.HealthCheckRequest(service=name)).status
            assert status == health_pb2.HealthCheckResponse.SERVING


def test_6_4_tensor_content_on_request(everything):
    with wire_server.grpc_channel(f"unix:{everything.flags.grpc_socket_path}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        output = stub.Predict(predict_request(x=np.ones(2, np.float32))).outputs["y"]
    assert (len(output.float_val), len(output.tensor_content)) == (0, 8)
    assert tf.make_ndarray(output).tolist() == [2.5, 2.5]


@pytest.mark.parametrize(
    ("signature", "status"), [("classify_labels", 200), ("classify_x_to_y", 400)]
)
def test_5_4_method_name_check_on_request(everything, signature, status):
    body = {"signature_name": signature, "examples": [{"x": 1.0}]}
    answer = rest_of(everything).post("/v1/models/m:classify", body)
    assert answer.status == status
    if status == 400:
        assert answer.error.startswith("Expected classification signature method_name to be ")


@pytest.mark.parametrize("rows", [1, 3, 4, 9])
def test_8_11_batched_answers_are_each_client_s_own(everything, rows):
    answers = {}

    def client(index: int) -> None:
        body = {"instances": [float(index)] * rows}
        answers[index] = rest_of(everything).predict("m", body).json

    clients = [threading.Thread(target=client, args=(index,)) for index in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert answers == {i: {"predictions": [i / 2 + 2] * rows} for i in range(8)}


class Recorder:
    """A model that doubles its input, remembers the sizes of its runs and refuses 13."""

    signatures: dict = {}

    def __init__(self):
        self.sizes, self.gate, self.closed = [], threading.Event(), False

    def run(self, feeds, fetches, timeout_ms=0):
        self.gate.wait(5)
        x = feeds["x"]
        self.sizes.append(x.shape)
        if 13 in x:
            raise ServingError(Code.INVALID_ARGUMENT, "no thirteen")
        return [np.sum(x) if fetches == ["sum"] else 2 * x]

    def close(self):
        self.closed = True


def batched(limits: BatchLimits, arrays, fetches=("y",)):
    """(model, values or errors) of parallel requests that wait for each other."""
    model = Recorder()
    shared = BatchedModel(model, limits)
    found: dict = {}

    def client(index: int, array) -> None:
        try:
            found[index] = shared.run({"x": array}, list(fetches), 10_000)[0]
        except ServingError as error:
            found[index] = error.message

    threads = [threading.Thread(target=client, args=item) for item in enumerate(arrays)]
    for thread in threads:
        thread.start()
    model.gate.set()
    for thread in threads:
        thread.join()
    shared.close()
    assert model.closed
    return model, [found[index] for index in range(len(arrays))]


FOUR = BatchLimits(size=4, wait=5.0, threads=1)


def test_requests_share_a_run():
    model, values = batched(FOUR, [np.array([i, i + 1]) for i in range(2)])
    assert model.sizes == [(4,)]
    assert [value.tolist() for value in values] == [[0, 2], [2, 4]]


def test_one_bad_image_does_not_fail_its_neighbours():
    model, values = batched(FOUR, [np.array([i]) for i in (1, 13, 3, 4)])
    assert model.sizes[0] == (4,)
    assert values[1] == "no thirteen"
    assert [value.tolist() for value in (values[0], *values[2:])] == [[2], [6], [8]]


def test_outputs_without_rows_are_computed_alone():
    _, values = batched(FOUR, [np.array([i, 1]) for i in range(2)], ["sum"])
    assert values == [1, 2]


def test_batches_are_filled_up_to_an_allowed_size():
    limits = BatchLimits(size=8, wait=0.3, threads=1, allowed=(4, 8))
    model, values = batched(limits, [np.array([1, 2]), np.array([3])])
    assert model.sizes == [(4,)]
    assert [value.tolist() for value in values] == [[2, 4], [6]]


def test_variable_lengths_are_padded_on_request():
    limits = BatchLimits(size=2, wait=5.0, threads=1, pad=True)
    model, values = batched(limits, [np.array([[1]]), np.array([[2, 3]])])
    assert model.sizes == [(2, 2)]
    assert [value.tolist() for value in values] == [[[2, 0]], [[4, 6]]]


def test_different_shapes_do_not_share_a_run():
    limits = BatchLimits(size=2, wait=0.05, threads=1)
    model, _ = batched(limits, [np.array([[1]]), np.array([[2, 3]])])
    assert sorted(model.sizes) == [(1, 1), (1, 2)]


@pytest.mark.parametrize("array", [np.array(1), np.zeros((0,)), np.zeros(4)])
def test_what_cannot_be_joined_runs_alone(array):
    model, _ = batched(FOUR, [array])
    assert model.sizes == [array.shape]


def test_a_full_queue_is_unavailable():
    limits = BatchLimits(size=2, wait=30.0, queued=1, threads=1)
    shared = BatchedModel(Recorder(), limits)
    shared._changed.acquire()  # the worker cannot take anything meanwhile
    shared._queues["key"] = [type("Waiting", (), {"rows": 2})()]
    with pytest.raises(ServingError, match="queue to which this task was submitted is full"):
        shared._enqueue("key", type("Late", (), {"rows": 1})())
    shared._queues.clear()
    shared._changed.release()
    shared.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size { value: 0 }", "max_batch_size is 0"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "end in max_batch_size 8"),
        ("allowed_batch_sizes: 4 allowed_batch_sizes: 2", "have to increase"),
        ("nonsense: 1", "nonsense"),
    ],
)
def test_batching_files_that_cannot_be_used(tmp_path, text, message):
    (tmp_path / "batching").write_text(text)
    with pytest.raises(BadConfig, match=message):
        read_batch_limits(str(tmp_path / "batching"), 2)


def certificate(folder):
    """(key, certificate) in PEM for localhost, made by openssl."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert]
        + ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )
    return key.read_text(), cert.read_text()


def pem(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'


def test_10_tls(wire_base, tmp_path):
    key, cert = certificate(tmp_path)
    file = tmp_path / "ssl.config"
    file.write_text(
        f"server_key: {pem(key)} server_cert: {pem(cert)}"
        f" custom_ca: {pem(cert)} client_verify: true"
    )
    base = str(wire_base / "half_plus_two")
    with running(model_name="m", model_base_path=base, ssl_config_file=str(file)) as server:
        trusted = grpc.ssl_channel_credentials(cert.encode(), key.encode(), cert.encode())
        stranger = grpc.ssl_channel_credentials(cert.encode())
        address = f"localhost:{server.flags.port}"
        request = predict_request(x=np.ones(1, np.float32))
        with grpc.secure_channel(address, trusted) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            assert stub.Predict(request, timeout=30).outputs["y"].float_val[:] == [2.5]
        for channel in (grpc.secure_channel(address, stranger), grpc.insecure_channel(address)):
            with channel, pytest.raises(grpc.RpcError) as caught:
                prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("text", "message"),
    [("server_key: 'x'", "have to hold PEM"), ("nonsense", "ssl.config"), ("", "PEM")],
)
def test_10_tls_files_that_cannot_be_used(tmp_path, text, message):
    (tmp_path / "ssl.config").write_text(text)
    flags = Flags(model_base_path="/m", port=1, ssl_config_file=str(tmp_path / "ssl.config"))
    with pytest.raises(BadConfig, match=message):
        grpc_server(None, flags)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config { enable: true path: "/m" }', "/m"),
        ("prometheus_config { enable: false }", None),
        ("", None),
    ],
)
def test_9_1_monitoring_file(tmp_path, text, path):
    (tmp_path / "monitoring").write_text(text)
    assert metrics_path(str(tmp_path / "monitoring")) == path


def test_a_taken_port_is_an_error(wire_base, everything):
    flags = {"model_name": "m", "model_base_path": str(wire_base / "half_plus_two")}
    for name in ("port", "rest_api_port"):
        taken = {name: getattr(everything.flags, name)}
        other = {"port", "rest_api_port"} - {name}
        server = ModelServer(Flags(**FAST, **flags, **taken, **dict.fromkeys(other, 0)))
        with pytest.raises((RuntimeError, OSError)):
            server.start()
        server.stop()


def test_flags():
    base = "--model_base_path=/m"
    flags = parse_flags([base, "--port=1", "--rest_api_port", "2", "--enable_batching"])
    assert (flags.port, flags.rest_api_port, flags.enable_batching) == (1, 2, True)
    flags = parse_flags([base, "--enable_batching=false", "--model_name="])
    assert (flags.port, flags.rest_api_port, flags.enable_batching) == (8500, 0, False)
    assert flags.bind_address == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no_such_flag=1"], "unknown flag '--no_such_flag=1'.*--model_base_path"),
        (["positional"], "unknown flag"),
        ([], "--model_base_path or --model_config_file"),
        (["--model_base_path=/m", "--port=x"], "--port takes a int, got 'x'"),
        (["--model_base_path=/m", "--port=70000"], "0 to 65535"),
        (["--model_base_path=/m", "--enable_batching=maybe"], "true or false"),
        (["--model_base_path=/m", "--port=0"], "nothing would be served"),
        (["--model_config_file=/no/such/file"], "there is no file /no/such/file"),
    ],
)
def test_flags_that_are_refused(arguments, message):
    with pytest.raises(BadFlag, match=f"(?s){message}"):
        parse_flags(arguments)
