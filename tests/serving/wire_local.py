"""Embedded servers inside the test's process: quick to start, with the flags of one test."""

import time
from contextlib import contextmanager

from serving.embedded.flags import Flags
from serving.embedded.server import ModelServer
from tests.serving import wire_server

FAST = {
    "file_system_poll_wait_seconds": 0.1,
    "max_num_load_retries": 1,
    "load_retry_interval_micros": 100_000,
    "tensorflow_session_parallelism": 1,
    "bind_address": "127.0.0.1",
    "drain_timeout_in_s": 5,
}


@contextmanager
def running(**flags):
    """A server in this process, with addresses to talk to."""
    flags = (
        FAST | {"port": wire_server.free_port(), "rest_api_port": wire_server.free_port()} | flags
    )
    server = ModelServer(Flags(**flags))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def rest_of(server) -> wire_server.Rest:
    return wire_server.Rest(f"127.0.0.1:{server.flags.rest_api_port}")


def eventually(check, seconds: float = 180):
    """The first true value of `check()`."""
    end = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return value
