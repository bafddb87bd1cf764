"""An embedded server in a process of its own, for the measurements."""

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common import ROOT
from serving.client import Client

Row = tuple[str, str, str]  # what, measured, goal
CONFIG = 'config {{ name: "{0}" base_path: "{1}/{0}" model_platform: "tensorflow" }}\n'


@dataclass(frozen=True)
class Served:
    """A running server; `started` is when its process began (time.perf_counter)."""

    process: subprocess.Popen
    grpc_port: int
    rest_port: int
    started: float

    def client(self, scheme: str = "grpc", **options) -> Client:
        port = self.grpc_port if scheme == "grpc" else self.rest_port
        return Client(f"{scheme}://127.0.0.1:{port}", **options)

    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def processor_seconds(self) -> float:
        """Processor time that it has used, which other programs hardly change."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(base: Path, models: tuple[str, ...], *flags: str, ports: tuple[int, int] = (0, 0)):
    """Serves `models` below `base` until the block ends; does not wait until they are there."""
    grpc_port, rest_port = (port or free_port() for port in ports)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "models.config"
        entries = "".join(CONFIG.format(name, base.resolve()) for name in models)
        config.write_text(f"model_config_list {{ {entries} }}")
        with open(Path(folder) / "log", "wb") as log:
            started = time.perf_counter()
            process = subprocess.Popen(
                [
                    sys.executable,
                    str(ROOT / "scripts" / "serve.py"),
                    f"--port={grpc_port}",
                    f"--rest_api_port={rest_port}",
                    f"--model_config_file={config}",
                    *flags,
                ],
                stdout=log,
                stderr=log,
            )
            try:
                yield Served(process, grpc_port, rest_port, started)
            finally:
                process.kill()
                process.wait()


def newest(base: Path) -> Path:
    """The folder of the highest version of `ecg`."""
    folders = [path for path in (base / "ecg").iterdir() if path.name.isdecimal()]
    return max(folders, key=lambda path: int(path.name))


def free_port() -> int:
    """A port that nothing listens on at present."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def drawn_jpeg(seed: int = 0, size: tuple[int, int] = (1572, 2213)) -> bytes:
    """A drawn page as a JPEG file, by default as large as the pages of the public data set."""
    from PIL import Image

    from ecg_tf.pages.synthetic import draw

    file = io.BytesIO()
    Image.fromarray(draw(seed, layout="3x4+1", size=size).image).save(file, "JPEG", quality=90)
    return file.getvalue()
