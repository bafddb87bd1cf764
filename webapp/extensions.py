"""The extensions, made once and bound to an application by `init_extensions`."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from sqlalchemy import event

from webapp.models import Base

SQLITE_WAIT = 30_000  # milliseconds that a writer waits for others

db = SQLAlchemy(model_class=Base)
login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
talisman = Talisman()  # bound in security/headers.py


def init_extensions(app: Flask) -> None:
    """Binds every extension to `app`."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _prepare_sqlite)
    login.session_protection = "strong"
    login.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)


def _prepare_sqlite(connection, _) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and one writer at once
    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_WAIT}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
