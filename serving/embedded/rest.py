"""The REST API: a method, a path and a body in; a status, headers and a body out."""

import json
import logging
import zlib
from dataclasses import dataclass, replace

import numpy as np
from google.protobuf import json_format

from serving.embedded.endpoints import Endpoints, Target
from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.json_request import read_inputs, signature_name
from serving.embedded.json_response import predictions
from serving.embedded.json_text import float_texts, parse_object
from serving.embedded.predict import DEFAULT_SIGNATURE
from serving.embedded.rest_examples import read_examples
from serving.embedded.rest_paths import Route, is_api, route

log = logging.getLogger("serving")

LIBEVENT_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
MOST_UNPACKED = 100_000_000  # bytes of a gzip body, as libevent's wrapper allows
CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET"),
    ("Access-Control-Allow-Headers", "Content-Type"),
]
API_NAMES = {"predict": "Predict", "classify": "Classify", "regress": "Regress"}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `content_type` None sends none."""

    status: int
    body: bytes = b""
    content_type: str | None = "application/json"
    headers: tuple = ()


@dataclass(frozen=True)
class Rest:
    """The API over `endpoints`; `metrics_path` None: no metrics page."""

    endpoints: Endpoints
    timeout_ms: int = 30_000
    cors: bool = False
    metrics_path: str | None = None

    def answer(self, method: str, path: str, headers, read_body) -> Answer:
        """`path`: raw, with the query. `headers`: lower-case name -> value. `read_body`: () ->
        bytes. Never raises for anything that a client can send."""
        answer = self._answer(method, path, headers, read_body)
        return replace(answer, body=b"") if method == "HEAD" else answer

    def _answer(self, method: str, path: str, headers, read_body) -> Answer:
        if method not in LIBEVENT_METHODS:
            return _page(501, "Not Implemented")
        if self.metrics_path and path.partition("?")[0] == self.metrics_path:
            return self._metrics(path)
        if not is_api(path):
            return _page(404, "Not Found")
        cors = tuple(CORS) if self.cors else ()
        if method == "OPTIONS":
            origin = headers.get("origin", "")
            allowed = "http://" in origin or "https://" in origin
            return Answer(200 if allowed else 400, content_type=None, headers=cors)
        status, body = self._answered(method, path, headers, read_body)
        return Answer(status, body, headers=cors)

    def _answered(self, method: str, path: str, headers, read_body) -> tuple[int, bytes]:
        try:
            try:
                return 200, self._call(method, path, headers, read_body)
            except (RecursionError, MemoryError) as error:
                log.warning("%s %s: %s", method, path, error)
                raise ServingError(
                    Code.RESOURCE_EXHAUSTED, f"The request is too large: {type(error).__name__}"
                ) from error
        except ServingError as error:
            return error.code.http, error_body(error.message)
        except Exception as error:
            log.exception("%s %s", method, path)
            return 500, error_body(f"Internal error: {type(error).__name__}")

    def _call(self, method: str, path: str, headers, read_body) -> bytes:
        try:
            wanted = route(method, path)
        except ServingError as error:
            self.endpoints.metrics.count("request_count", "", error.code.name)
            raise
        api = API_NAMES.get(wanted.action, "")
        with self.endpoints.recorded(wanted.target, api, "REST"):
            if wanted.action == "status":
                return self._status(wanted.target)
            if wanted.action == "metadata":
                return self._metadata(wanted.target)
            document = parse_object(_unpacked(read_body(), headers))
            name = signature_name(document)
            if wanted.action == "predict":
                return self._predict(wanted.target, document, name)
            return self._examples(wanted, document, name)

    def _predict(self, target: Target, document: dict, name: str) -> bytes:
        with self.endpoints.lease(target) as version:
            signatures = version.model.signatures
            if (name or DEFAULT_SIGNATURE) not in signatures:
                raise invalid(
                    f'Serving signature name: "{name or DEFAULT_SIGNATURE}"'
                    " not found in signature def"
                )
            signature = signatures[name or DEFAULT_SIGNATURE]
            kinds = {alias: info.dtype for alias, info in signature.inputs.items()}
            inputs, by_row = read_inputs(document, kinds, name)
            outputs = self.endpoints.predict(
                version, signature, inputs, self.timeout_ms, decode=lambda array: array
            )
        return predictions(outputs, by_row)

    def _examples(self, wanted: Route, document: dict, name: str) -> bytes:
        request_input = read_examples(document)
        with self.endpoints.lease(wanted.target) as version:
            if wanted.action == "classify":
                result = self.endpoints.classify(version, name, request_input, self.timeout_ms)
                return _classification_body(result)
            result = self.endpoints.regress(version, name, request_input, self.timeout_ms)
        values = float_texts([row.value for row in result.regressions], np.float32, 9)
        return f'{{\n    "results": [{", ".join(values)}]\n}}'.encode()

    def _status(self, target: Target) -> bytes:
        entries = [
            {
                "version": str(version.number),
                "state": version.state,
                "status": {
                    "error_code": version.error.code.name if version.error else "OK",
                    "error_message": version.error.message if version.error else "",
                },
            }
            for version in self.endpoints.models.statuses(target.name, target.number)
        ]
        return _json({"model_version_status": entries})

    def _metadata(self, target: Target) -> bytes:
        number, signatures = self.endpoints.metadata(target)
        definition = json_format.MessageToDict(
            signatures, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        spec = {"name": target.name, "signature_name": "", "version": str(number)}
        return _json({"model_spec": spec, "metadata": {"signature_def": definition}})

    def _metrics(self, path: str) -> Answer:
        if path != self.metrics_path:
            text = f"Unexpected path: {path}. Should be {self.metrics_path}"
            return Answer(400, text.encode("latin-1"), "text/plain")
        return Answer(200, self.endpoints.metrics.page().encode(), "text/plain")


def error_body(message: str) -> bytes:
    """{"error": message}; bytes of the message that are no UTF-8 are replaced."""
    return _json({"error": message})


def _json(value) -> bytes:
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()


def _classification_body(result) -> bytes:
    rows = []
    for row in result.classifications:
        scores = float_texts([entry.score for entry in row.classes], np.float32, 9)
        labels = [json.dumps(entry.label, ensure_ascii=False) for entry in row.classes]
        pairs = ", ".join(
            f"[{label}, {score}]" for label, score in zip(labels, scores, strict=True)
        )
        rows.append(f"[{pairs}]")
    return f'{{\n    "results": [{", ".join(rows)}]\n}}'.encode()


def _unpacked(body: bytes, headers) -> bytes:
    """The body, unzipped if a Content-Encoding says so; what does not unpack counts as empty."""
    if "gzip" not in headers.get("content-encoding", ""):
        return body
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unzip.decompress(body, MOST_UNPACKED + 1)
    except zlib.error:
        return b""
    return plain if unzip.eof and len(plain) <= MOST_UNPACKED else b""


def _page(status: int, reason: str) -> Answer:
    text = (
        f"<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>"
    )
    return Answer(status, text.encode(), "text/html")
