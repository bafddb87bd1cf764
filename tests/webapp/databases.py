"""Databases for tests: SQLite always, PostgreSQL and Redis where they run on this machine."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis

# Local defaults; another server is named by the same variables that its own tools take.
POSTGRES = os.environ.get("ECG_TF_TEST_POSTGRES", "postgresql:///postgres")
REDIS = os.environ.get("ECG_TF_TEST_REDIS", "redis://127.0.0.1:6379")
FIRST = 9  # Redis' databases from here on belong to the tests, one for each of their processes


@contextmanager
def new_postgres() -> Iterator[str]:
    """The address of an empty PostgreSQL database; skips the test where no server runs."""
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL runs here")
    name = f"ecg_tf_test_{uuid.uuid4().hex[:12]}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{POSTGRES.rsplit('/', 1)[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def empty_redis() -> Iterator[str]:
    """The address of an empty Redis database; skips the test where no server runs."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    address = f"{REDIS}/{FIRST + process % (16 - FIRST)}"
    client = redis.Redis.from_url(address, socket_connect_timeout=3)
    try:
        client.flushdb()
    except redis.ConnectionError:
        pytest.skip("no Redis runs here")
    try:
        yield address
    finally:
        client.flushdb()
        client.close()
