"""Sections 1 and 2 of the protocol: URLs, verbs and transport. Names carry the fact's number."""

import gzip
import http.client
import json
import threading

import pytest

from tests.serving import wire_server

HALF = "/v1/models/half_plus_two"
ONE = json.dumps({"instances": [1.0]})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{HALF}:predict", 2.5),
        (f"{HALF}/versions/123:predict", 2.5),
        (f"{HALF}/versions/00000123:predict", 2.5),
        ("/v1/models/versions:predict", 2.5),
        ("/v1/models/versions/versions/1:predict", 1.5),
        ("/v1/models/versions/labels/stable:predict", 1.5),
        ("/v1/models/versions/labels/canary:predict", 2.5),
        ("/v1/models/%68alf_plus_two:predict", 2.5),
        ("/V1/MODELS/half_plus_two:predict", 2.5),
    ],
    ids=[
        "1.1-model",
        "1.1-version",
        "1.4-zero-padded",
        "1.3-largest-version",
        "1.1-older-version",
        "1.1-label",
        "1.1-other-label",
        "1.5-percent-encoded",
        "1.13-case",
    ],
)
def test_1_predict_paths(rest, path, value):
    answer = rest.post(path, ONE)
    assert (answer.status, answer.json) == (200, {"predictions": [value]})


@pytest.mark.parametrize(
    ("path", "version"),
    [(HALF, "123"), (f"{HALF}/versions/123", "123"), ("/v1/models/versions/labels/no", "2")],
    ids=["1.2-model", "1.2-version", "5.9-label-ignored"],
)
def test_1_2_status_paths(rest, path, version):
    answer = rest.get(path)
    assert answer.status == 200
    assert answer.json["model_version_status"][0]["version"] == version


@pytest.mark.parametrize(
    "path",
    [
        f"{HALF}/metadata",
        f"{HALF}/versions/123/metadata",
        "/v1/models/versions/labels/stable/metadata",
    ],
)
def test_1_2_metadata_paths(rest, path):
    answer = rest.get(path)
    assert answer.status == 200
    assert set(answer.json) == {"model_spec", "metadata"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{HALF}:predict"),
        ("POST", HALF),
        ("POST", f"{HALF}/metadata"),
        ("PUT", f"{HALF}:predict"),
        ("DELETE", HALF),
        ("PATCH", HALF),
        ("POST", f"{HALF}:explain"),
        ("POST", f"{HALF}:PREDICT"),
        ("POST", f"{HALF}:predict/"),
        ("GET", f"{HALF}/"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/"),
        ("GET", "/v1/foo"),
        ("POST", f"{HALF}/versions/:predict"),
        ("POST", f"{HALF}/versions/one:predict"),
        ("POST", f"{HALF}/versions/-1:predict"),
        ("POST", f"{HALF}/versions/123/labels/stable:predict"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models/a/b:predict"),
        ("POST", "/v1/models/a:b:predict"),
        ("POST", f"{HALF}:predict?x=1"),
        ("GET", f"{HALF}/versions/123/metadata/x"),
        ("POST", f"{HALF}%3Apredict"),
    ],
)
def test_1_6_malformed(rest, method, path):
    answer = rest.call(method, path, body=ONE if method == "POST" else None)
    assert (answer.status, answer.error) == (400, f"Malformed request: {method} {path}")
    assert answer.headers["content-type"] == "application/json"


def test_1_7_no_model_name(rest):
    answer = rest.get("/v1/models")
    assert (answer.status, answer.error) == (400, "Missing model name in request.")


@pytest.mark.parametrize(
    "path", [f"{HALF}/versions/9223372036854775808", f"{HALF}/versions/{'9' * 5000}"]
)
def test_1_8_version_beyond_int64(rest, path):
    number = path.rsplit("/", 1)[1]
    for answer in (rest.get(path), rest.post(f"{path}:predict", ONE)):
        assert answer.status == 400
        assert answer.error == f"Failed to convert version: {number} to numeric."


@pytest.mark.parametrize("path", ["/", "/v2/models/x", "/v1", "/index.html", "//v1/models/x"])
def test_1_9_outside_the_api(rest, path):
    answer = rest.get(path)
    assert answer.status == 404
    assert answer.headers.get("content-type", "") != "application/json"
    assert not answer.body.startswith(b"{")


def test_1_10_head(rest):
    answer = rest.call("HEAD", HALF)
    assert (answer.status, answer.body) == (400, b"")
    connection = http.client.HTTPConnection(rest.host, rest.port, timeout=60)
    for path, status in ((HALF, 400), ("/nowhere", 404), (HALF, 400)):
        assert wire_server.exchange(connection, "HEAD", path).status == status
    connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://x.org"}, 200),
        ({"Origin": "http://x.org"}, 200),
        ({}, 400),
        ({"Origin": "x.org"}, 400),
    ],
)
def test_1_11_options(rest, headers, status):
    answer = rest.call("OPTIONS", HALF, headers=headers)
    assert (answer.status, answer.body) == (status, b"")
    assert "access-control-allow-origin" not in answer.headers


def test_1_12_trace(rest):
    assert rest.call("TRACE", HALF).status == 501


def test_1_13_uppercase_metadata_is_the_status(rest):
    assert "model_version_status" in rest.get(f"{HALF}/METADATA").json


def test_1_14_query_belongs_to_the_name(rest):
    answer = rest.get(f"{HALF}?a=1")
    assert answer.status == 404
    assert answer.error == "Could not find any versions of model half_plus_two?a=1"


@pytest.mark.parametrize("path", [HALF, f"{HALF}:nothing", "/v1/models/none"])
def test_2_1_content_type(rest, path):
    assert rest.get(path).headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        "nonsense",
    ],
)
def test_2_2_request_content_type_is_ignored(rest, kind):
    answer = rest.predict("half_plus_two", ONE, headers={"Content-Type": kind})
    assert answer.json == {"predictions": [2.5]}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate, gzip"])
def test_2_3_gzip_request(rest, encoding):
    body = gzip.compress(ONE.encode())
    answer = rest.predict("half_plus_two", body, headers={"Content-Encoding": encoding})
    assert answer.json == {"predictions": [2.5]}


@pytest.mark.parametrize(
    "body",
    [ONE.encode(), gzip.compress(ONE.encode())[:-9], b""],
    ids=["not packed", "cut off", "empty"],  # packed bytes hold the time, and names must not
)
def test_2_3_what_does_not_unpack_is_empty(rest, body):
    answer = rest.predict("half_plus_two", body, headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.error) == (400, "JSON Parse error: The document is empty")


def test_2_3_gzip_bomb(rest):
    bomb = gzip.compress(b" " * 120_000_000, 9)
    answer = rest.predict("half_plus_two", bomb, headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.error) == (400, "JSON Parse error: The document is empty")


def test_2_4_responses_are_not_compressed(rest):
    answer = rest.predict("half_plus_two", ONE, headers={"Accept-Encoding": "gzip, deflate"})
    assert "content-encoding" not in answer.headers
    assert answer.json == {"predictions": [2.5]}


def test_2_5_keep_alive_also_after_errors(rest):
    connection = http.client.HTTPConnection(rest.host, rest.port, timeout=60)
    connection.connect()
    socket_before = connection.sock
    for path, body, status in [
        (f"{HALF}:predict", ONE, 200),
        (f"{HALF}:predict", "{", 400),
        ("/v1/models/none:predict", ONE, 404),
        ("/nowhere", ONE, 404),
        (f"{HALF}:predict", ONE, 200),
    ]:
        assert wire_server.exchange(connection, "POST", path, body).status == status
    assert connection.sock is socket_before
    connection.close()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_2_5_chunked_request(rest, size):
    parts = [ONE[start : start + size].encode() for start in range(0, len(ONE), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    head = f"POST {HALF}:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    received = rest.raw(f"{head}Connection: close\r\n\r\n".encode() + chunks)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert json.loads(received.split(b"\r\n\r\n", 1)[1]) == {"predictions": [2.5]}


def test_2_5_expect_100_continue(rest):
    connection = http.client.HTTPConnection(rest.host, rest.port, timeout=60)
    connection.putrequest("POST", f"{HALF}:predict")
    connection.putheader("Content-Length", str(len(ONE)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    assert connection.sock.recv(65536).startswith(b"HTTP/1.1 100 ")
    connection.send(ONE.encode())
    assert json.loads(connection.getresponse().read()) == {"predictions": [2.5]}
    connection.close()


def test_2_5_pipelined_requests(rest):
    request = f"GET {HALF} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    last = f"GET {HALF} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    assert rest.raw(request * 2 + last).count(b"HTTP/1.1 200 ") == 3


def test_2_5_http_1_0(rest):
    received = rest.raw(f"GET {HALF} HTTP/1.0\r\n\r\n".encode())
    assert b" 200 " in received.split(b"\r\n")[0]


def test_2_5_half_closed_connection(rest):
    request = f"GET {HALF} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert rest.raw(request, half_close=True).startswith(b"HTTP/1.1 200 ")


def test_2_6_body_of_tens_of_megabytes(rest):
    body = f'{{"signature_name": "size", "inputs": [{{"b64": "{"A" * 40_000_000}"}}]}}'
    answer = rest.predict("kinds", body)
    assert answer.status == 400
    assert "Unknown image file format" in answer.error


def test_2_7_parallel_requests(rest):
    """A request that runs until its time limit does not keep the others waiting."""
    slow = {"signature_name": "slow", "instances": [1.0]}
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(rest.predict("kinds", slow).status))
    thread.start()
    for _ in range(5):
        assert rest.predict("half_plus_two", ONE).status == 200
    assert not statuses
    thread.join()
    assert statuses == [504]


def test_2_8_no_cors_headers_unless_asked_for(rest):
    answer = rest.get(HALF, headers={"Origin": "http://x.org"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_2_9_time_limit(rest):
    answer = rest.predict("kinds", {"signature_name": "slow", "instances": [1.0]})
    assert answer.status == 504
    assert answer.error
