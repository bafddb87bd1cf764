"""The portal's settings: from the environment, checked once at start-up.

Each variable is documented in docs/PORTAL.md; the names in the configuration are those here.
"""

import ipaddress
import os
import secrets
import tempfile
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK_HOSTS = ["127.0.0.1", "localhost"]
SHORTEST_KEY = 32  # characters of a secret key
FORM_BYTES = 256 * 1024  # of a request that is no upload
FORM_PARTS = 100


class BadSetting(Exception):
    """A setting that the portal does not start with; the message says what to do."""


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The configuration that the variables ECG_TF_* ask for. Raises BadSetting."""
    return {
        "STATE": Path(environ.get("ECG_TF_STATE") or _default_state(environ)).absolute(),
        "DATABASE_URL": environ.get("ECG_TF_DATABASE_URL", ""),
        "REDIS_URL": environ.get("ECG_TF_REDIS_URL", ""),
        "SERVING": environ.get("ECG_TF_SERVING") or "grpc://127.0.0.1:8500",
        "HOST": environ.get("ECG_TF_HOST") or "127.0.0.1",
        "PORT": _number(environ, "ECG_TF_PORT", 8000, 1, 65535),
        "WORKERS": _number(environ, "ECG_TF_WORKERS", 1, 1, 64),
        "THREADS": _number(environ, "ECG_TF_THREADS", 24, 1, 64),
        "PROXIES": _number(environ, "ECG_TF_PROXIES", 0, 0, 10),
        "TLS_CERT": environ.get("ECG_TF_TLS_CERT", ""),
        "TLS_KEY": environ.get("ECG_TF_TLS_KEY", ""),
        "TRUSTED_HOSTS": _words(environ.get("ECG_TF_TRUSTED_HOSTS", "")),
        "SECRET_KEY": environ.get("ECG_TF_SECRET_KEY", ""),
        "SECRET_KEY_FALLBACKS": _words(environ.get("ECG_TF_SECRET_KEY_FALLBACKS", "")),
        "RETENTION_DAYS": _number(environ, "ECG_TF_RETENTION_DAYS", 30, 1, 3650),
    }


def complete(config: MutableMapping[str, Any]) -> None:
    """Adds what follows from the settings and makes the state folder. Raises BadSetting for an
    exposed portal without a secret key, TLS or a proxy."""
    config["EXPOSED"] = exposed = is_exposed(config)
    if exposed:
        _check_exposed(config)
    if config["WORKERS"] > 1 and not config["REDIS_URL"]:
        raise BadSetting(
            f"ECG_TF_WORKERS is {config['WORKERS']}: more than one process has to share its rate "
            "limits; set ECG_TF_REDIS_URL, or raise ECG_TF_THREADS instead."
        )
    state: Path = config["STATE"]
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not config["SECRET_KEY"]:
            config["SECRET_KEY"] = _kept_key(state / "secret.key")
    except OSError as error:
        raise BadSetting(
            f"ECG_TF_STATE={state} cannot be used ({error.strerror}); name a folder that the "
            "portal may write to."
        ) from error
    if len(config["SECRET_KEY"]) < SHORTEST_KEY:
        raise BadSetting(
            f"ECG_TF_SECRET_KEY has {len(config['SECRET_KEY'])} characters, at least "
            f"{SHORTEST_KEY} are needed; make one with `openssl rand -hex 32`."
        )
    # The loopback names, too: probes on the machine itself use them.
    config["TRUSTED_HOSTS"] = [*config["TRUSTED_HOSTS"], *LOOPBACK_HOSTS]
    config.update(_database(config), **_requests(exposed), **_rate_limits(config["REDIS_URL"]))


def is_exposed(config: Mapping[str, Any]) -> bool:
    """Whether others than this machine's own people can reach the portal: by its address,
    through a proxy, or under a name (which a certificate is for, too)."""
    names = set(config["TRUSTED_HOSTS"]) - set(LOOPBACK_HOSTS)
    meant_for_others = config["PROXIES"] or config["TLS_CERT"] or names
    return bool(not is_loopback(config["HOST"]) or meant_for_others)


def is_loopback(host: str) -> bool:
    """True for localhost and the loopback addresses."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_exposed(config: Mapping[str, Any]) -> None:
    beyond = "The portal would be reachable beyond this machine"
    if not config["SECRET_KEY"]:
        raise BadSetting(f"{beyond}: set ECG_TF_SECRET_KEY (make one with `openssl rand -hex 32`).")
    if bool(config["TLS_CERT"]) != bool(config["TLS_KEY"]):
        raise BadSetting("ECG_TF_TLS_CERT and ECG_TF_TLS_KEY have to be set together.")
    if not (config["TLS_CERT"] or config["PROXIES"]):
        raise BadSetting(
            f"{beyond} without encryption: set ECG_TF_TLS_CERT and ECG_TF_TLS_KEY, or "
            "ECG_TF_PROXIES to the number of proxies that encrypt in front of it."
        )
    if not config["TRUSTED_HOSTS"]:
        raise BadSetting(f"{beyond}: set ECG_TF_TRUSTED_HOSTS to the names it is reached under.")


def _database(config: Mapping[str, Any]) -> dict[str, Any]:
    """What Flask-SQLAlchemy needs, for SQLite in the state folder or the given PostgreSQL."""
    url = config["DATABASE_URL"] or f"sqlite:///{config['STATE'] / 'portal.db'}"
    scheme = urlsplit(url).scheme
    if scheme in ("postgres", "postgresql"):
        url = "postgresql+psycopg" + url[len(scheme) :]
    elif scheme not in ("sqlite", "postgresql+psycopg"):
        raise BadSetting(
            f"ECG_TF_DATABASE_URL starts with {scheme!r}; it has to be postgresql:// or sqlite:///."
        )
    # Parameters, such as names, do not belong into logs; no thread waits for a connection.
    options: dict[str, Any] = {"hide_parameters": True, "pool_size": config["THREADS"]}
    if scheme != "sqlite":
        options.update(pool_pre_ping=True, connect_args={"connect_timeout": 5})
    return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}


def _requests(exposed: bool) -> dict[str, Any]:
    """Limits, cookies and sessions, the same for every installation."""
    return {
        "MAX_CONTENT_LENGTH": FORM_BYTES,  # @limits.takes(bytes) raises it for an upload
        "MAX_FORM_MEMORY_SIZE": FORM_BYTES,
        "MAX_FORM_PARTS": FORM_PARTS,
        # The prefix binds the cookie to this host and to HTTPS.
        "SESSION_COOKIE_NAME": "__Host-ecg-tf" if exposed else "ecg-tf",
        "SESSION_COOKIE_SECURE": exposed,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_IDLE": timedelta(minutes=30),
        "SESSION_ABSOLUTE": timedelta(hours=12),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session, which has limits of its own
    }


def _rate_limits(redis_url: str) -> dict[str, Any]:
    """Counted in Redis, so that several processes share them, else in memory."""
    seconds = {"socket_connect_timeout": 2, "socket_timeout": 2}
    return {
        "RATELIMIT_STORAGE_URI": redis_url or "memory://",
        "RATELIMIT_STORAGE_OPTIONS": seconds if redis_url else {},
        "RATELIMIT_KEY_PREFIX": "ecg-tf",
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,  # while Redis is away
    }


def _default_state(environ: Mapping[str, str]) -> str:
    home = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return str(Path(home) / "ecg-tf")


def _kept_key(path: Path) -> str:
    """The key in a file that only its owner may read; made at the first start. Of two processes
    that start at once, both get the same: a link to a whole file appears at once or not at all."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # mode 0600
            file.write(secrets.token_hex(32))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip()


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"{name}={text!r} has to be a whole number from {low} to {high}.")
    return int(text)
