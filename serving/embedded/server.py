"""The whole server: models, REST and gRPC, from the command line to a graceful end."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from serving.embedded.batching import read_batch_limits
from serving.embedded.configs import BadConfig, metrics_path, read_model_config, single_model
from serving.embedded.endpoints import Endpoints
from serving.embedded.errors import ServingError
from serving.embedded.flags import BadFlag, Flags
from serving.embedded.grpc_server import grpc_server
from serving.embedded.http_server import RestServer
from serving.embedded.loader import load_plan
from serving.embedded.metrics import Metrics
from serving.embedded.models import Models
from serving.embedded.rest import Rest

log = logging.getLogger("serving")

LOOK_EVERY = 0.1  # seconds between two looks whether the end was asked for


class _Ended(Exception):
    """The end came while the models were still loading."""


class ModelServer:
    """A server made of `flags`; `start` returns when it answers, `stop` after the last answer."""

    def __init__(self, flags: Flags):
        """Raises BadConfig or ServingError for files and models that cannot be used."""
        self.flags = flags
        self._asked_to_end = False
        self._ended = threading.Event()
        self._rest: RestServer | None = None
        self._grpc = None
        processors = os.cpu_count() or 1
        limits = None
        if flags.enable_batching:
            limits = read_batch_limits(flags.batching_parameters_file, processors)
        self.metrics = Metrics()
        self._metrics_path = metrics_path(flags.monitoring_config_file)
        self.models = Models(
            _configs(flags),
            load_plan(flags, self.metrics, limits),
            flags.allow_version_labels_for_unavailable_models,
        )
        self.endpoints = Endpoints(
            self.models, self.metrics, flags.enable_signature_method_name_check
        )

    def start(self) -> None:
        """Loads the models, then opens the ports (or the ports first, if so told)."""
        self._every(self.flags.file_system_poll_wait_seconds, self.models.poll)
        if self.flags.model_config_file:
            self._every(self.flags.model_config_file_poll_wait_seconds, self._reread, first=False)
        if self.flags.serve_while_loading:
            self._open_ports()
        self._await_models()
        if not self.flags.serve_while_loading:
            self._open_ports()

    def _await_models(self) -> None:
        try:
            self.models.wait_until_available(still_wanted=lambda: not self._asked_to_end)
        except ServingError:
            if self._asked_to_end:
                raise _Ended from None
            if not self.flags.serve_while_loading:
                raise
            log.exception("serving without the models that failed")

    def wait(self) -> None:
        """Returns after `end` was called, in the main thread or from a signal handler.

        Not by waiting for a lock or an event: a signal that comes just before the wait begins
        wakes nobody, and a handler that takes a lock may wait for the thread it interrupts.
        """
        while not self._asked_to_end:
            time.sleep(LOOK_EVERY)

    def end(self) -> None:
        """Asks for the end; may be called from a signal handler."""
        self._asked_to_end = True

    def stop(self) -> None:
        """Refuses new connections, finishes the requests in flight, unloads the models."""
        self._ended.set()
        seconds = self.flags.drain_timeout_in_s
        grpc_stopped = self._grpc.stop(seconds) if self._grpc else None
        if self._rest:
            self._rest.stop(seconds)
        if grpc_stopped:
            grpc_stopped.wait(seconds + 5)
        self.models.close()

    def _open_ports(self) -> None:
        flags = self.flags
        if flags.port or flags.grpc_socket_path:
            self._grpc = grpc_server(self.endpoints, flags)
            self._grpc.start()
            log.info("Running gRPC ModelServer at %s:%d ...", flags.bind_address, flags.port)
        if flags.rest_api_port:
            rest = Rest(
                self.endpoints,
                flags.rest_api_timeout_in_ms,
                flags.rest_api_enable_cors_support,
                self._metrics_path,
            )
            self._rest = RestServer(
                rest,
                flags.bind_address,
                flags.rest_api_port,
                flags.rest_threads,
                flags.rest_api_max_body_bytes,
                flags.rest_api_receive_timeout_in_s,
            )
            self._rest.start()
            log.info(
                "Exporting HTTP/REST API at:%s:%d ...", flags.bind_address, flags.rest_api_port
            )

    def _every(self, seconds: float, work: Callable, first: bool = True) -> None:
        """Does `work` now (if `first`) and every `seconds` in a thread; not again for 0."""
        if first:
            work()
        if seconds > 0:
            threading.Thread(target=self._repeat, args=(seconds, work), daemon=True).start()

    def _repeat(self, seconds: float, work: Callable) -> None:
        while not self._ended.wait(seconds):
            try:
                work()
            except Exception:  # the next turn may find the disk in order again
                log.exception("polling")

    def _reread(self) -> None:
        try:
            self.models.reload(
                read_model_config(self.flags.model_config_file), lambda: not self._ended.is_set()
            )
        except (BadConfig, ServingError) as error:
            log.error("keeping the configuration as it is: %s", error)


def _configs(flags: Flags):
    if flags.model_config_file:
        return read_model_config(flags.model_config_file)
    return single_model(flags.model_name, flags.model_base_path)


def run(flags: Flags) -> int:
    """Serves until SIGTERM or SIGINT; the exit status."""
    try:
        server = ModelServer(flags)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.end())
        server.start()
    except _Ended:
        return 0
    except (BadConfig, BadFlag, ServingError, OSError, RuntimeError) as error:
        print(f"Failed to start server. Error: {error}", file=sys.stderr)
        return 1
    server.wait()
    log.info("finishing the requests in flight")
    server.stop()
    return 0
