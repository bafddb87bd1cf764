"""The portal's connection to the model server, one for each process."""

import threading

from flask import Flask, current_app

from serving.client import Client

_lock = threading.Lock()


def init_app(app: Flask) -> None:
    """Takes the client in the setting SERVING_CLIENT (tests), or connects when first asked: a
    gRPC channel does not survive the fork of a worker."""
    app.extensions["model_server"] = app.config.get("SERVING_CLIENT")


def client() -> Client:
    """The client of the server in the setting SERVING; safe to use from several threads."""
    extensions = current_app.extensions
    with _lock:
        if extensions["model_server"] is None:
            extensions["model_server"] = Client(current_app.config["SERVING"])
        return extensions["model_server"]
