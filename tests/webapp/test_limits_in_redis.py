"""Several processes share their limits in Redis; without it each goes on by itself."""

import pytest

from tests.webapp.databases import empty_redis
from webapp.extensions import limiter


@pytest.fixture
def address():
    with empty_redis() as address:
        yield address


def test_two_processes_count_together_and_redis_holds_no_name(make_app, address):
    import redis

    first, second = make_app(REDIS_URL=address), make_app(REDIS_URL=address)
    for app in [first] * 6 + [second] * 4:
        assert app.test_client().log_in("nobody@example.org", "x").status_code == 422
    assert first.test_client().log_in("nobody@example.org", "x").status_code == 429
    client = redis.Redis.from_url(address)
    keys = b" ".join(client.scan_iter("*"))
    assert keys
    assert b"nobody" not in keys
    client.close()


def test_a_lost_redis_stops_nobody_and_still_limits(make_app):
    browser = make_app(REDIS_URL="redis://127.0.0.1:9/0").test_client()
    status = [browser.log_in("nobody@example.org", "x").status_code for _ in range(11)]
    assert status == [422] * 10 + [429]
    limiter._storage_dead = False  # the object outlives this portal
