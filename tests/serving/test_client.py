"""The client against a server over both wires, and against servers that misbehave."""

import io
import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from ecg_tf.labels import LABELS
from serving.client import DEADLINE, REFUSED, UNAVAILABLE, Client, ServingFailed
from serving.client_grpc import array_of
from serving.protos import wire_pb2
from tests.serving import wire_server


def page(white: int, form: str = "PNG") -> bytes:
    """A small grey page."""
    out = io.BytesIO()
    Image.new("RGB", (16, 8), (white,) * 3).save(out, form)
    return out.getvalue()


@pytest.fixture(params=["grpc", "http"])
def client(request, served):
    """A client of the shared server over one of the wires."""
    address = served.grpc_address if request.param == "grpc" else served.rest_address
    with Client(f"{request.param}://{address}") as client:
        yield client


def test_predict(client, tmp_path):
    (tmp_path / "black.png").write_bytes(page(0))
    first, second, third = client.predict([tmp_path / "black.png", page(255, "JPEG"), page(128)])
    assert (first.label, first.confidence, first.decision) == ("normal", 1.0, "answer")
    assert (first.model, first.version, first.page_score) == ("ecg", 1, 0.0)
    assert tuple(first.probabilities) == LABELS
    assert second.label == "abnormal_heartbeat"
    assert third.decision == "refer"
    assert sum(third.probabilities.values()) == pytest.approx(1.0)
    assert client.predict([]) == []


def test_predict_more_files_than_one_request_takes(client):
    results = client.predict([page(0)] * 20 + [page(255)])
    assert [result.label for result in results] == ["normal"] * 20 + ["abnormal_heartbeat"]


def test_explain(client):
    explained = client.explain(page(255))
    assert (explained.label, explained.model) == ("abnormal_heartbeat", "ecg_explain")
    assert explained.gradcam.dtype == explained.integrated_gradients.dtype == np.float32
    assert np.array_equal(explained.gradcam, np.ones((3, 5)))
    assert np.array_equal(explained.integrated_gradients, -np.ones((3, 5)))
    assert np.array_equal(explained.gradcam_traces, np.ones((3, 5)) / 2)
    assert explained.scale_weights == pytest.approx((0.2, 0.3, 0.5))
    assert explained.box == (0.0, 0.25, 1.0, 0.75)
    assert explained.lead_occlusion == pytest.approx([-lead / 10 for lead in range(13)])


def test_a_page_of_another_layout_has_no_numbers_by_lead(client):
    assert client.explain(page(0)).lead_occlusion == ()


def test_a_model_of_before_says_less():
    row = ROW | {"gradcam": [[0.5]], "integrated_gradients": [[0.5]], "box": [0, 0, 1, 1]}
    answer = response(200, {"predictions": [row]})
    with scripted(VERSION, answer) as address, Client(f"http://{address}", timeout=20) as client:
        explained = client.explain(page(0))
    assert explained.lead_occlusion == () and explained.gradcam_traces is None


def test_status_and_wait_until_ready(client):
    client.wait_until_ready(30)
    states = {(entry.model, entry.version): entry.state for entry in client.status()}
    assert states == {("ecg", 1): "AVAILABLE", ("ecg_explain", 1): "AVAILABLE"}
    assert client.status(["none"]) == []
    with pytest.raises(ServingFailed, match="none not ready after 0.1 s") as failure:
        client.wait_until_ready(0.1, models=["ecg", "none"])
    assert failure.value.cause == UNAVAILABLE


def test_a_file_that_is_no_image_is_refused(client):
    with pytest.raises(ServingFailed, match="Unknown image file format") as failure:
        client.predict([page(0), b"no image"])
    assert failure.value.cause == REFUSED


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_an_unknown_label_is_refused(served, scheme):
    address = served.grpc_address if scheme == "grpc" else served.rest_address
    with Client(f"{scheme}://{address}", label="canary") as client:
        with pytest.raises(ServingFailed, match="Unrecognized servable version label") as failure:
            client.predict([page(0)])
    assert failure.value.cause == REFUSED


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_no_server_is_unavailable(scheme):
    with Client(f"{scheme}://127.0.0.1:{wire_server.free_port()}", timeout=5) as client:
        with pytest.raises(ServingFailed) as failure:
            client.predict([page(0)])
    assert failure.value.cause == UNAVAILABLE


@contextmanager
def scripted(*answers):
    """An HTTP server that gives one of `answers` (bytes, or None: says nothing) a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def work():
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                if answer is None:
                    over.wait(20)
                else:
                    connection.sendall(answer)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)  # ends a waiting accept
        listener.close()
        thread.join(1)


def response(status: int, value) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


VERSION = response(200, {"model_spec": {"version": "7"}})
ROW = {
    "probabilities": [1.0, 0.0, 0.0, 0.0],
    "label": "normal",
    "decision": "answer",
    "page_score": 0.5,
}
ANSWER = response(200, {"predictions": [ROW]})


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_silent_server_runs_into_the_deadline(scheme):
    with scripted(None, None) as address, Client(f"{scheme}://{address}", timeout=0.3) as client:
        with pytest.raises(ServingFailed) as failure:
            client.predict([page(0)])
        assert failure.value.cause in (DEADLINE, UNAVAILABLE)


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ((response(400, {"error": "no"}),), REFUSED),
        ((response(413, {}),), REFUSED),
        ((response(504, {"error": "late"}),), DEADLINE),
        ((response(404, {"error": "gone"}),) * 3, UNAVAILABLE),
        ((response(503, {"error": "busy"}),) * 3, UNAVAILABLE),
        ((response(200, [1]),) * 3, UNAVAILABLE),
        ((b"HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nno!",) * 3, UNAVAILABLE),
        ((b"nonsense\r\n\r\n",) * 3, UNAVAILABLE),
        ((response(200, {"model_spec": {"version": "x"}}),) * 3, UNAVAILABLE),
        ((response(200, {"model_spec": []}),) * 3, UNAVAILABLE),
        ((VERSION, response(200, {"predictions": [1.0]})) * 3, UNAVAILABLE),
        ((VERSION, response(200, {"predictions": [ROW, ROW]})), UNAVAILABLE),
        ((VERSION, response(200, {"predictions": [{"label": "normal"}]})), UNAVAILABLE),
    ],
)
def test_answers_that_fail(answers, cause):
    with scripted(*answers) as address, Client(f"http://{address}", timeout=20) as client:
        with pytest.raises(ServingFailed) as failure:
            client.predict([page(0)])
    assert failure.value.cause == cause


@pytest.mark.parametrize("value", [{}, {"model_version_status": [{"version": "1"}]}])
def test_a_status_that_is_none(value):
    with scripted(*(response(200, value),) * 3) as address:
        with Client(f"http://{address}", timeout=20) as client:
            with pytest.raises(ServingFailed, match="the status is malformed") as failure:
                client.status(["ecg"])
    assert failure.value.cause == UNAVAILABLE


@pytest.mark.parametrize(
    "tensor",
    [
        {"dtype": wire_pb2.DT_FLOAT, "float_val": [1.0, 2.0]},
        {"dtype": wire_pb2.DT_FLOAT, "tensor_content": b"abc"},
        {"dtype": wire_pb2.DT_INVALID},
    ],
    ids=["too-many-values", "odd-content", "no-dtype"],
)
def test_a_tensor_that_is_none(tensor):
    with pytest.raises(ServingFailed) as failure:
        array_of(wire_pb2.Tensor(**tensor))
    assert failure.value.cause == UNAVAILABLE


def test_unavailable_is_tried_again():
    busy = response(503, {"error": "busy"})
    with scripted(busy, VERSION, busy, ANSWER) as address:
        with Client(f"http://{address}", timeout=20) as client:
            assert client.predict([page(0)])[0].version == 7


def test_a_version_that_is_gone_is_looked_up_again():
    gone = response(404, {"error": "Servable not found for request: Specific(ecg, 6)"})
    old = response(200, {"model_spec": {"version": "6"}})
    with scripted(old, gone, VERSION, ANSWER) as address:
        with Client(f"http://{address}", timeout=20, attempts=1) as client:
            assert client.predict([page(0)])[0].version == 7


@pytest.mark.parametrize(
    ("address", "options"),
    [("ftp://x:1", {}), ("x:1", {"timeout": 0}), ("x:1", {"attempts": 0})],
)
def test_wrong_settings(address, options):
    with pytest.raises(ValueError):
        Client(address, **options)


@pytest.mark.parametrize("address", ["grpc://127.0.0.1:1", "http://127.0.0.1:1"])
def test_the_client_is_light(address):
    """No TensorFlow, no Keras, under 80 MB: the portal's processes are small."""
    code = (
        "import sys\n"
        "from serving.client import Client\n"
        f"Client({address!r})\n"
        "print([name for name in ('tensorflow', 'keras', 'PIL') if name in sys.modules])\n"
        "print(open('/proc/self/status').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=wire_server.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    heavy, _, status = done.stdout.partition("\n")
    assert heavy == "[]"
    assert int(status.split("VmHWM:")[1].split()[0]) < 80_000
