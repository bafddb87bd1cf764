"""Settings: what is refused at start-up, and what follows from them."""

import socket
import stat
from types import SimpleNamespace

import pytest

from webapp import create_app, gunicorn_conf, settings
from webapp.extensions import db

KEY = "k" * 64
PUBLIC = {
    "ECG_TF_HOST": "0.0.0.0",
    "ECG_TF_SECRET_KEY": KEY,
    "ECG_TF_PROXIES": "1",
    "ECG_TF_TRUSTED_HOSTS": "ecg.example.org",
}


def configured(tmp_path, **environ) -> dict:
    config = settings.read({"ECG_TF_STATE": str(tmp_path / "state"), **environ})
    settings.complete(config)
    return config


def without(name: str) -> dict:
    return {key: value for key, value in PUBLIC.items() if key != name}


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (without("ECG_TF_SECRET_KEY"), "set ECG_TF_SECRET_KEY"),
        (without("ECG_TF_PROXIES"), "without encryption"),
        (without("ECG_TF_TRUSTED_HOSTS"), "set ECG_TF_TRUSTED_HOSTS"),
        ({**without("ECG_TF_PROXIES"), "ECG_TF_TLS_CERT": "c.pem"}, "set together"),
        ({**PUBLIC, "ECG_TF_TLS_KEY": "k.pem"}, "set together"),
        ({"ECG_TF_HOST": "0.0.0.0"}, "reachable beyond this machine"),
        ({"ECG_TF_HOST": "::"}, "reachable beyond this machine"),
        ({"ECG_TF_HOST": "192.168.1.5"}, "reachable beyond this machine"),
        ({"ECG_TF_HOST": "ecg.example.org"}, "reachable beyond this machine"),
        ({"ECG_TF_TLS_CERT": "c.pem", "ECG_TF_TLS_KEY": "k.pem"}, "reachable beyond this machine"),
        ({"ECG_TF_PROXIES": "1"}, "reachable beyond this machine"),
        ({"ECG_TF_TRUSTED_HOSTS": "ecg.example.org"}, "reachable beyond this machine"),
        ({"ECG_TF_SECRET_KEY": "short"}, "has 5 characters, at least 32"),
        ({"ECG_TF_WORKERS": "2"}, "set ECG_TF_REDIS_URL"),
        ({"ECG_TF_PORT": "0"}, "whole number from 1 to 65535"),
        ({"ECG_TF_PORT": "eight"}, "whole number"),
        ({"ECG_TF_PORT": "\u0663"}, "whole number"),
        ({"ECG_TF_RETENTION_DAYS": "0"}, "from 1 to 3650"),
        ({"ECG_TF_DATABASE_URL": "mysql://x/y"}, "has to be postgresql"),
        ({"ECG_TF_STATE": "/proc/nothing"}, "cannot be used"),
    ],
)
def test_start_up_refuses(tmp_path, environ, message):
    with pytest.raises(settings.BadSetting, match=message):
        configured(tmp_path, **environ)
    assert not (tmp_path / "state" / "portal.db").exists()


@pytest.mark.parametrize(
    "environ",
    [
        PUBLIC,
        {**without("ECG_TF_PROXIES"), "ECG_TF_TLS_CERT": "c.pem", "ECG_TF_TLS_KEY": "k.pem"},
    ],
)
def test_a_portal_for_others_is_secure(tmp_path, environ):
    config = configured(tmp_path, **environ)
    assert config["EXPOSED"]
    assert config["SESSION_COOKIE_SECURE"]
    assert not (tmp_path / "state" / "secret.key").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.5"])
def test_loopback_needs_nothing_and_keeps_one_key(tmp_path, host):
    first = configured(tmp_path, ECG_TF_HOST=host)
    second = configured(tmp_path, ECG_TF_HOST=host)
    assert not first["EXPOSED"]
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) == 64
    key = tmp_path / "state" / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_processes_that_start_at_once_get_one_key(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: configured(tmp_path)["SECRET_KEY"], range(40)))
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["secret.key"]


def test_two_installations_have_two_keys(tmp_path):
    one = configured(tmp_path, ECG_TF_STATE=str(tmp_path / "a"))
    two = configured(tmp_path, ECG_TF_STATE=str(tmp_path / "b"))
    assert one["SECRET_KEY"] != two["SECRET_KEY"]


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"ECG_TF_STATE": "/srv/ecg"}, "/srv/ecg"),
        ({"XDG_STATE_HOME": "/x"}, "/x/ecg-tf"),
        ({"HOME": "/home/ann"}, "/home/ann/.local/state/ecg-tf"),
    ],
)
def test_where_the_state_is(environ, folder, monkeypatch):
    monkeypatch.setenv("HOME", environ.get("HOME", "/nobody"))
    assert str(settings.read(environ)["STATE"]) == folder


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_postgresql_is_reached_with_psycopg(tmp_path, given, used):
    config = configured(tmp_path, ECG_TF_DATABASE_URL=given)
    assert config["SQLALCHEMY_DATABASE_URI"] == used


def test_sqlite_is_set_up_for_readers_beside_a_writer(app):
    with app.app_context():
        for pragma, value in (
            ("journal_mode", "wal"),
            ("foreign_keys", 1),
            ("busy_timeout", 30000),
        ):
            assert db.session.scalar(db.text(f"PRAGMA {pragma}")) == value


def test_every_variable_is_documented():
    from pathlib import Path

    root = Path(__file__).parents[2]
    asked = []

    class Asked(dict):
        def get(self, name, default=None):
            asked.append(name)
            return default

    settings.read(Asked())
    guide = (root / "docs" / "PORTAL.md").read_text()
    names = {name for name in asked if name.startswith("ECG_TF_")}
    assert len(names) > 10
    assert {name for name in names if f"`{name}`" not in guide} == set()


def test_create_app_checks(monkeypatch, tmp_path):
    monkeypatch.setenv("ECG_TF_STATE", str(tmp_path))
    monkeypatch.setenv("ECG_TF_HOST", "0.0.0.0")
    with pytest.raises(settings.BadSetting):
        create_app()


def test_a_request_that_stops_on_its_way_keeps_no_thread(monkeypatch):
    monkeypatch.setattr(gunicorn_conf, "LONGEST_SILENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gunicorn_conf.when_ready(SimpleNamespace(LISTENERS=[SimpleNamespace(sock=listener)]))
        with socket.create_connection(listener.getsockname()) as slow:
            slow.sendall(b"GET / HTTP/1.1")
            connection, _ = listener.accept()
            with connection:
                connection.setblocking(True)  # as gunicorn does before it reads
                assert connection.recv(100) == b"GET / HTTP/1.1"
                with pytest.raises(BlockingIOError):
                    connection.recv(100)
