"""Measures what else might be served, the network alone, and the client's start."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench_server import Row, drawn_jpeg, served
from bench_soak import CLIENTS, peak

from common import ROOT

STEPS = 32  # of integrated gradients
BATCHING = ROOT / "serving" / "deploy" / "config" / "batching.config"


def batching(base: Path, seconds: float) -> Iterator[Row]:
    """Clients of a server that joins requests, and of one that does not, in turns."""
    page = drawn_jpeg(6, (786, 1106))
    flags = ("--enable_batching=true", f"--batching_parameters_file={BATCHING}")
    with served(base, ("ecg",)) as alone, served(base, ("ecg",), *flags) as joined:
        with alone.client(timeout=300) as one, joined.client(timeout=300) as other:
            for client in (one, other):
                client.wait_until_ready(300, ("ecg",))
                client.predict([page])
            rates = [(peak(one, page, seconds), peak(other, page, seconds)) for _ in range(2)]
    ratio = statistics.median(together / apart for apart, together in rates)
    yield f"{CLIENTS} clients with batching / without, pages a second", f"{ratio:.2f}", ""


def options(base: Path, rounds: int) -> Iterator[Row]:
    """The network alone, in processes of their own: what was tried, against what is served."""
    found = network(base, rounds)
    forward = found["folded"]
    yield "forward pass of the network (folded), p50", f"{1000 * forward:.0f} ms", ""
    yield "without folding / folded", f"{found['plain'] / forward:.2f}", ""
    for threads in (1, 2):
        if f"tflite {threads}" in found:
            ratio = found[f"tflite {threads}"] / forward
            yield f"model.tflite, threads: {threads} / folded", f"{ratio:.2f}", ""
    yield "Grad-CAM, in forward passes", f"{found['gradcam'] / forward:.1f}", "3"
    goal = str(2 + 4 * STEPS)
    what = f"integrated gradients of {STEPS} steps, in forward passes"
    yield what, f"{found['passes']:.0f}", goal
    # Beside each other in time, since a machine is not the same for long.
    plain = network(base, rounds, "folded")["folded"]
    slower = network(base, rounds, "folded", TF_ENABLE_ONEDNN_OPTS="0")["folded"]
    bfloat16 = network(base, rounds, "bfloat16")
    yield "without oneDNN / with", f"{slower / plain:.2f}", ""
    yield "oneDNN in bfloat16 / float32", f"{bfloat16['folded'] / plain:.2f}", ""
    yield "bfloat16: largest change of a probability", f"{bfloat16['moved']:.1g}", "0.001"


def network(base: Path, rounds: int, *mode: str, **settings: str) -> dict[str, float]:
    """What bench_network.py prints, under environment variables `settings`."""
    program = ROOT / "scripts" / "bench_network.py"
    done = subprocess.run(
        [sys.executable, str(program), str(base), str(rounds), *mode],
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    lines = [line.rsplit(" ", 1) for line in done.stdout.splitlines()]
    return {name: float(value) for name, value in lines}


def client_start() -> Iterator[Row]:
    """What it takes a process to import the client and to make one."""
    for address in ("grpc://127.0.0.1:1", "http://127.0.0.1:1"):
        program = (
            "import time; start = time.perf_counter()\n"
            f"from serving.client import Client; Client({address!r})\n"
            "took = time.perf_counter() - start\n"
            "status = open('/proc/self/status').read()\n"
            "print(took, int(status.split('VmHWM:')[1].split()[0]) / 1000)"
        )
        command = [sys.executable, "-c", program]
        runs = []
        for _ in range(5):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            runs.append(list(map(float, done.stdout.split())))
        took, used = (statistics.median(values) for values in zip(*runs, strict=True))
        what = f"client over {address.partition(':')[0]}: import and start, memory"
        yield what, f"{took:.2f} s, {used:.0f} MB", "0.5 s, 80 MB"
