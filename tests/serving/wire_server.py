"""Starts embedded servers for tests and talks HTTP to any server without a library's opinions."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; header names in lower case."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The message of an error body, which holds nothing else."""
        value = self.json
        assert list(value) == ["error"], value
        return value["error"]


class Rest:
    """Requests to one REST address (`host:port`)."""

    def __init__(self, address: str):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)

    def call(self, method: str, path: str, body=None, headers=None) -> Answer:
        """One request on a connection of its own; `path` is sent as it is."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def get(self, path: str, **options) -> Answer:
        return self.call("GET", path, **options)

    def post(self, path: str, body, **options) -> Answer:
        """`body`: bytes or text as they are, anything else as JSON."""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        return self.call("POST", path, body=body, **options)

    def predict(self, model: str, body, **options) -> Answer:
        return self.post(f"/v1/models/{model}:predict", body, **options)

    def raw(self, data: bytes, half_close: bool = False) -> bytes:
        """Everything that the server sends in answer to `data`, until it closes."""
        with socket.create_connection((self.host, self.port), timeout=60) as sock:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            received = b""
            while part := sock.recv(65536):
                received += part
            return received


def exchange(connection, method: str, path: str, body=None, headers=None) -> Answer:
    """One request on an open connection."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    fields = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, fields, response.read())


def free_port() -> int:
    """A port that nothing listens on at present."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@dataclass
class Running:
    """A server process with its addresses."""

    process: subprocess.Popen
    rest_address: str
    grpc_address: str
    log: Path

    @property
    def rest(self) -> Rest:
        return Rest(self.rest_address)

    def wait_ready(self, seconds: float = 300) -> None:
        """Returns when the REST port answers; raises with the log if the process ends before."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended early:\n{self.log.read_text()}")
            try:
                self.rest.get("/v1/models/none")
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"no answer within {seconds} s:\n{self.log.read_text()}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signals the process and returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(180)


@contextmanager
def serving(folder: Path, *flags: str, rest_port: int = 0, grpc_port: int = 0, ready: bool = True):
    """An embedded server in a process of its own; its log lies in `folder`."""
    rest_port, grpc_port = rest_port or free_port(), grpc_port or free_port()
    log = folder / f"server-{rest_port}.log"
    command = [
        sys.executable,
        str(ROOT / "scripts" / "serve.py"),
        f"--port={grpc_port}",
        f"--rest_api_port={rest_port}",
        *flags,
    ]
    with open(log, "ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | {"TF_NUM_INTRAOP_THREADS": "1"}
        )
    running = Running(process, f"127.0.0.1:{rest_port}", f"127.0.0.1:{grpc_port}", log)
    try:
        if ready:
            running.wait_ready()
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def grpc_channel(address: str):
    """A channel without limits on messages."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    return grpc.insecure_channel(address, options=unlimited)
