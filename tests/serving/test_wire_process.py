"""The server as a process: how it ends, how it is killed, and how it comes back."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import grpc
import pytest

from serving.client import UNAVAILABLE, Client, ServingFailed
from serving.embedded.flags import Flags
from serving.embedded.server import run
from tests.serving import wire_server
from tests.serving.wire_local import FAST, eventually
from tests.serving.wire_server import ROOT, serving

_BODY = json.dumps({"signature_name": "slow", "instances": [1.0]}).encode()
_HEAD = b"POST /v1/models/kinds:predict HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
SLOW = _HEAD + _BODY  # a request that runs into its time limit


def test_sigkill_is_survived_and_sigterm_drains(wire_base, tmp_path):
    """Killed, it leaves clients a clear error; started again on its ports, it serves them again.
    8.10: at SIGTERM requests in flight are answered and new connections refused."""
    flags = (
        f"--model_config_file={wire_base}/models.config",
        "--allow_version_labels_for_unavailable_models=true",
        "--rest_api_timeout_in_ms=3000",
    )
    with serving(tmp_path, *flags) as first:
        clients = [
            Client(f"http://{first.rest_address}", timeout=30, attempts=2),
            Client(f"grpc://{first.grpc_address}", timeout=30, attempts=2),
        ]
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
        for client in clients:
            with pytest.raises(ServingFailed) as failure:
                client.predict([b"the server is gone"])
            assert failure.value.cause == UNAVAILABLE
    grpc_port = int(first.grpc_address.rsplit(":", 1)[1])
    with serving(tmp_path, *flags, rest_port=first.rest.port, grpc_port=grpc_port) as second:
        for client in clients:
            client.wait_until_ready(300)
            client.close()
        with socket.create_connection((second.rest.host, second.rest.port)) as sock:
            sock.sendall(SLOW)
            # Connections are taken in order: once this is answered, the slow one is in flight.
            assert second.rest.predict("half_plus_two", {"instances": [1.0]}).status == 200
            assert second.end(signal.SIGTERM) == 0  # long before its time limit
            received = b"".join(iter(lambda: sock.recv(65536), b""))
        assert received.startswith(b"HTTP/1.1 504 ")
        assert b"\r\nconnection: close\r\n" in received.lower()
        with pytest.raises(OSError):
            second.rest.get("/v1/models/kinds")


def test_a_signal_is_heeded_at_any_moment():
    """Also just before the main thread begins to wait, which missed it when it waited for an event,
    and waited for good."""
    code = """
import random, signal
from serving.embedded import server
server.LOOK_EVERY = 0.001
for _ in range(3000):
    waiting = object.__new__(server.ModelServer)
    waiting._asked_to_end = False
    signal.signal(signal.SIGALRM, lambda *_: waiting.end())
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 6e-5))
    waiting.wait()
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_slow_and_silent_clients_keep_nobody_waiting(served):
    """More half-sent requests than there are worker threads."""
    sockets = []
    for index in range(40):
        sock = socket.create_connection((served.rest.host, served.rest.port))
        if index % 2:
            sock.sendall(b"POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Le")
        else:
            head = b"POST /v1/models/half_plus_two:predict HTTP/1.1\r\nContent-Length: 999\r\n\r\n"
            sock.sendall(head + b'{"instances"')
        sockets.append(sock)
    answer = served.rest.predict("half_plus_two", {"instances": [1.0]})
    assert answer.json == {"predictions": [2.5]}
    for sock in sockets[:20]:
        sock.close()
    for sock in sockets[20:]:
        sock.shutdown(socket.SHUT_WR)
        sock.close()
    assert served.rest.get("/v1/models/half_plus_two").status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"POST /v1/models/x:predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/models/x:predict HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\nabcde",
        b"POST /v1/models/x:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/models/x:predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /v1/models/" + b"x" * 300_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /v1/models/%ff%fe HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /v1/models/\xff\xfe HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_no_nonsense_stops_the_server(served, data):
    with socket.create_connection((served.rest.host, served.rest.port), timeout=20) as sock:
        try:  # the server may hang up before everything is sent
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            received = sock.recv(65536)
        except OSError:
            received = b""
    assert received == b"" or received.startswith(b"HTTP/1.")
    assert served.rest.get("/v1/models/half_plus_two").status == 200


def test_a_client_that_leaves_early(served):
    """Their runs cannot be taken back, but do not keep those of others waiting."""
    for _ in range(4):
        with socket.create_connection((served.rest.host, served.rest.port)) as sock:
            sock.sendall(SLOW)
    assert served.rest.predict("half_plus_two", {"instances": [1.0]}).status == 200


def test_a_body_beyond_the_limit(served):
    head = b"POST /v1/models/x:predict HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"
    answer = served.rest.raw(head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert error_in(answer) == "Request Entity Too Large: exceeds max_body of 1073741824"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"GET /v1/models/\xc3\xa9 HTTP/1.1", "Bad Request: Bad URI"),
        (b"GET /v1/models/x HTTP/1.1\r\nContent-Length: -1", "Content-Length is invalid"),
        (b"hello", "Bad Request: Start line is invalid"),
    ],
)
def test_what_is_no_http_is_refused_in_the_form_of_the_api(served, head, message):
    answer = served.rest.raw(head + b"\r\n\r\n")
    assert answer.split()[1] == b"400"
    assert message in error_in(answer)


def error_in(answer: bytes) -> str:
    """The message of a raw HTTP answer, which has the form of the API."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/json\r\n" in head
    value = json.loads(body)
    assert list(value) == ["error"]
    return value["error"]


def test_garbage_over_grpc(served):
    with wire_server.grpc_channel(served.grpc_address) as channel:
        method = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        for data in (b"\xff" * 100, b"\x0a\xff\xff\xff\xff\x7f"):
            with pytest.raises(grpc.RpcError):
                method(data, timeout=20)
    assert served.rest.get("/v1/models/half_plus_two").status == 200


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (["--bad_flag=1"], 2, "unknown flag '--bad_flag=1'"),
        (["--help"], 0, "--rest_api_timeout_in_ms=30000"),
    ],
)
def test_the_command_line(flags, status, message):
    command = [sys.executable, str(ROOT / "scripts" / "serve.py"), *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status
    assert message in done.stdout + done.stderr


def test_a_start_that_fails_says_why(capsys):
    assert run(Flags(model_base_path="relative")) == 1
    assert capsys.readouterr().err == (
        "Failed to start server. Error: INVALID_ARGUMENT: Expected model default to have an"
        " absolute path or URI; got base_path()=relative\n"
    )


@pytest.fixture
def handlers():
    """Puts the signal handlers back that the server replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_end_may_come_while_models_load(tmp_path, handlers):
    def end():
        eventually(lambda: signal.getsignal(signal.SIGTERM) != handlers[signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGTERM)

    ending = threading.Thread(target=end)
    ending.start()
    assert run(Flags(model_base_path=str(tmp_path), **FAST)) == 0
    ending.join()
