"""The portal: log in, upload a page, see the answer and why. Imports no TensorFlow."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import cli, logs, model_server, settings, tables
from webapp.auth import auth
from webapp.extensions import init_extensions
from webapp.gallery import gallery
from webapp.health import health
from webapp.security import errors, headers, limits
from webapp.studies import studies


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The WSGI application, set by the environment; `config` overrides it (see settings.py).

    Raises settings.BadSetting with one sentence that says what to change.
    """
    app = Flask(__name__)
    app.config.update(settings.read())
    app.config.update(config or {})
    settings.complete(app.config)
    if app.config["PROXIES"]:
        hops = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    logs.init_app(app)
    limits.init_app(app)  # before the extensions: a body that is too large is not read by CSRF
    init_extensions(app)
    headers.init_app(app)
    errors.init_app(app)
    model_server.init_app(app)
    for blueprint in (auth, studies, gallery, health):
        app.register_blueprint(blueprint)
    tables.init_app(app)
    cli.init_app(app)
    return app
