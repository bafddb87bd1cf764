"""A model server for tests: speaks the REST contract of docs/SERVING.md, answers as it is told."""

import base64
import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

MAP = (30, 52)  # rows and columns of the heat maps
BOX = [0.1, 0.2, 0.9, 0.95]


class StubServer(ThreadingHTTPServer):
    """`up`: else it says 503; `killed`: it hangs up in the middle; `seconds`: how long an answer
    takes; `answer`: what it says of pages, except that it refuses pictures with strong colours;
    `seen`: the models that were asked."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), Handler)
        self.up, self.killed, self.seconds, self.version = True, False, 0.0, 3
        self.seen = []
        self.answer = {
            "probabilities": [0.02, 0.93, 0.04, 0.01],
            "label": "myocardial_infarction",
            "decision": "answer",
            "page_score": 0.97,
        }
        self.scale_weights = [0.2, 0.3, 0.5]
        self.lead_occlusion = []  # as a model server of an earlier version
        self.more = {}  # outputs beside the usual ones
        self.pause = threading.Event()  # set at the end, so that no answer is waited for

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def rows(self, model: str, files: list[bytes]) -> list[dict]:
        """The outputs for each file."""
        self.seen.append(model)
        return [self._explained(file) if "explain" in model else self._row(file) for file in files]

    def _row(self, file: bytes) -> dict:
        with Image.open(io.BytesIO(file), formats=("PNG", "JPEG")) as picture:
            colour = np.asarray(picture.convert("HSV").resize((32, 32)))[..., 1].mean()
        refused = {"decision": "refuse", "page_score": 0.04} if colour > 120 else {}
        return self.answer | refused

    def _explained(self, file: bytes) -> dict:
        rows, columns = np.mgrid[0 : MAP[0], 0 : MAP[1]]
        heat = np.exp(-((rows - 15) ** 2 + (columns - 10) ** 2) / 30.0)
        spread = np.exp(-((rows - 8) ** 2 + (columns - 40) ** 2) / 60.0)
        found = self._row(file) | {
            "gradcam_traces": heat.tolist(),
            "gradcam": heat.tolist(),
            "integrated_gradients": spread.tolist(),
            "scale_weights": self.scale_weights,
            "lead_occlusion": self.lead_occlusion,
            **self.more,
            "box": BOX,
        }
        return {name: value for name, value in found.items() if value is not None}


class Handler(BaseHTTPRequestHandler):
    """The requests that `serving.client` makes."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if not self.server.up:
            return self._say(503, {"error": "down"})
        version = str(self.server.version)
        if self.path.endswith("/metadata"):
            return self._say(200, {"model_spec": {"version": version}})
        fine = {"error_code": "OK", "error_message": ""}
        state = {"version": version, "state": "AVAILABLE", "status": fine}
        self._say(200, {"model_version_status": [state]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.server.up:
            return self._say(503, {"error": "down"})
        if self.server.killed:
            self.close_connection = True
            return None
        self.server.pause.wait(self.server.seconds)
        files = [base64.b64decode(row["image_bytes"]["b64"]) for row in body["instances"]]
        try:
            rows = self.server.rows(self.path.split("/")[3], files)
        except OSError:
            return self._say(400, {"error": "not an image"})
        self._say(200, {"predictions": rows})
        return None

    def _say(self, status: int, value: dict):
        data = json.dumps(value).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:  # the client has given up
            self.close_connection = True


@contextmanager
def serving(port: int = 0):
    """A running StubServer."""
    server = StubServer(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.pause.set()
        server.shutdown()
        server.server_close()
        thread.join()
