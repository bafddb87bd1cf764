"""REST on a port: waitress with limits on time and size, and an end that drops no request.

Waitress was chosen because one thread reads all requests completely before a worker sees them:
slow, stalled and half-closed clients cost a socket, never a worker. It keeps connections alive,
reads chunked bodies, answers `Expect: 100-continue` and hands the raw path through.
"""

import http
import logging
import socket
import threading
import time

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask

from serving.embedded.rest import Rest, error_body

log = logging.getLogger("serving")

CONNECTIONS = 2000
IDLE_SECONDS = 120
LINGER_SECONDS = 0.3  # how long a drained server still answers on open connections
RESPONSE_BUFFER = 1 << 30  # a worker never waits for a client that reads slowly


class _Task(WSGITask):
    """An answer that closes its connection once the server is about to end."""

    def build_response_header(self) -> bytes:
        if self.channel.server.draining.is_set():
            self.set_close_on_finish()
        return super().build_response_header()


class _Refusal(ErrorTask):
    """What waitress itself refuses (no HTTP, a body beyond the limit), in the form of the API."""

    def execute(self) -> None:
        error = self.request.error
        body = error_body(f"{error.reason}: {error.body}")
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _TimedChannel(HTTPChannel):
    """A connection that knows since when it has been sending its current request."""

    task_class = _Task
    error_task_class = _Refusal
    began = 0.0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.time()
        return super().received(data)


class RestServer:
    """Listens from `start` on; `stop` finishes what is under way."""

    def __init__(
        self, rest: Rest, address: str, port: int, threads: int, most_bytes: int, receive_s: float
    ):
        self._rest = rest
        self._receive_s = receive_s
        self._stop_by: float | None = None
        self._draining = threading.Event()
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._map: dict = {}
        self._server = create_server(
            self._application,
            map=self._map,
            sockets=[_listening(address, port)],
            threads=threads,
            ident="tensorflow_model_server (embedded)",
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            max_request_body_size=most_bytes,
            inbuf_overflow=8 << 20,
            recv_bytes=1 << 18,
            outbuf_overflow=64 << 20,
            outbuf_high_watermark=RESPONSE_BUFFER,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,
        )
        self._server.channel_class = _TimedChannel
        self._server.draining = self._draining
        self._thread = threading.Thread(target=self._loop, name="rest", daemon=True)

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.effective_port)

    def start(self) -> None:
        """Starts to answer."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Takes no new connection, answers what has arrived for up to `seconds`, closes."""
        self._stop_by = time.time() + seconds
        self._draining.set()
        self._server.pull_trigger()
        self._thread.join(seconds + 10)

    def _application(self, environ: dict, start_response) -> list[bytes]:
        headers = {
            "content-encoding": environ.get("HTTP_CONTENT_ENCODING", ""),
            "origin": environ.get("HTTP_ORIGIN", ""),
        }
        path = _raw_path(environ["REQUEST_URI"])
        answer = self._rest.answer(
            environ["REQUEST_METHOD"], path, headers, environ["wsgi.input"].read
        )
        fields = list(answer.headers)
        if answer.content_type:
            fields.append(("Content-Type", answer.content_type))
        fields.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {_reason(answer.status)}", fields)
        return [answer.body]

    def _loop(self) -> None:
        while not self._draining.is_set():
            self._turn(1.0)
            self._cut_off_slow_clients()
        # The listening socket goes first; its port answers "refused" from here on.
        wasyncore.dispatcher.close(self._server)
        linger = time.time() + LINGER_SECONDS
        while time.time() < self._stop_by and (self._busy() or time.time() < linger):
            self._turn(0.05)
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)

    def _turn(self, seconds: float) -> None:
        try:
            wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)
        except Exception:  # one broken connection must not stop the server
            log.exception("REST loop")

    def _busy(self) -> bool:
        return any(
            channel.requests or channel.request is not None or channel.total_outbufs_len
            for channel in list(self._server.active_channels.values())
        )

    def _cut_off_slow_clients(self) -> None:
        latest = time.time() - self._receive_s
        for channel in list(self._server.active_channels.values()):
            if channel.request is not None and channel.began < latest:
                channel.will_close = True


def _listening(address: str, port: int) -> socket.socket:
    """A bound socket; "::" listens on IPv4, too. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def _raw_path(target: str) -> str:
    """The request target without the scheme and host that a proxy-style client sends."""
    if target.startswith(("http://", "https://")):
        return "/" + target.split("//", 1)[1].partition("/")[2]
    return target


def _reason(status: int) -> str:
    return "Client Closed Request" if status == 499 else http.HTTPStatus(status).phrase
