"""How gunicorn serves the portal: `gunicorn -c python:webapp.gunicorn_conf "webapp:create_app()"`.

Address, processes and certificates come from the same settings as the portal's own, so that what
it believes about its exposure is true.
"""

import socket
import struct

from webapp import settings

LONGEST_SILENCE = 30  # seconds in the middle of a request; then its thread is given to others

_config = settings.read()

_host = _config["HOST"]
bind = f"{f'[{_host}]' if ':' in _host else _host}:{_config['PORT']}"
worker_class = "gthread"
workers = _config["WORKERS"]
threads = _config["THREADS"]
certfile = _config["TLS_CERT"] or None
keyfile = _config["TLS_KEY"] or None
umask = 0o077  # what the portal writes is for its own eyes
timeout = 120  # seconds without a sign of life from a worker
graceful_timeout = 30  # seconds for requests under way at the end
accesslog = None  # the portal logs requests itself, without what a query could tell
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "webapp.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}


def when_ready(server) -> None:
    """Sets the patience for requests that stop on their way. Connections inherit it from the
    socket they came in by; gunicorn has no setting for it."""
    patience = struct.pack("ll", LONGEST_SILENCE, 0)
    for listener in server.LISTENERS:
        for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, way, patience)
