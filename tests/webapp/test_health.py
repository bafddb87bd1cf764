"""/live and /ready."""

from serving.client import UNAVAILABLE, ServingFailed


class Server:
    """A model server that is up or down."""

    up = True

    def wait_until_ready(self, seconds):
        if not self.up:
            raise ServingFailed(UNAVAILABLE, "down")


def test_ready_follows_the_model_server_and_live_does_not(make_app):
    server = Server()
    browser = make_app(SERVING_CLIENT=server).test_client()
    assert browser.get("/ready").status_code == 200
    assert browser.get("/ready").json["status"] == "ok"
    server.up = False
    answer = browser.get("/ready")
    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": "ok", "model_server": "unavailable"}
    assert browser.get("/live").json == {"status": "ok"}
    server.up = True
    assert browser.get("/ready").status_code == 200


def test_a_database_without_tables_is_not_ready(make_app, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "portal.db").touch()
    answer = make_app(SERVING_CLIENT=Server(), STATE=tmp_path / "empty").test_client().get("/ready")
    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": "unavailable", "model_server": "ok"}


def test_a_real_client_without_a_server_is_not_ready(make_app):
    app = make_app(SERVING_CLIENT=None, SERVING="http://127.0.0.1:9")
    answer = app.test_client().get("/ready")
    assert answer.status_code == 503
    assert answer.json["checks"]["model_server"] == "unavailable"
    app.extensions["model_server"].close()


def test_probes_are_not_logged(browser, log_lines):
    browser.get("/live")
    browser.get("/ready")
    assert log_lines() == []
    browser.get("/log-in")
    assert len(log_lines()) == 1
