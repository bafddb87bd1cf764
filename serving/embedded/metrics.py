"""Counters and histograms in Prometheus' text form, under the real server's names."""

import threading
import time
from bisect import bisect_left
from collections import defaultdict

PREFIX = ":tensorflow:serving:"
# Microseconds: 33 buckets from 10, factor 1.8, up to about 20 minutes; the last has no bound.
MICROSECONDS = tuple(10 * 1.8**power for power in range(32))
EXAMPLES = tuple(float(2**power) for power in range(14))

COUNTERS = {
    "request_count": ("model_name", "status"),
    "request_example_count_total": ("model",),
}
HISTOGRAMS = {
    "request_latency": (("model_name", "API", "entrypoint"), MICROSECONDS),
    "runtime_latency": (("model_name", "API", "runtime"), MICROSECONDS),
    "request_example_counts": (("model",), EXAMPLES),
    "model_warmup_latency": (("model_path", "status"), MICROSECONDS),
}


class Metrics:
    """Numbers since the start of the server; safe for many threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts: dict = {name: defaultdict(int) for name in COUNTERS}
        self._observed: dict = {name: {} for name in HISTOGRAMS}

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Adds to one of COUNTERS."""
        with self._lock:
            self._counts[name][labels] += by

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Adds a value to one of HISTOGRAMS."""
        bounds = HISTOGRAMS[name][1]
        with self._lock:
            buckets, total = self._observed[name].get(labels, ([0] * (len(bounds) + 1), 0.0))
            buckets[bisect_left(bounds, value)] += 1
            self._observed[name][labels] = (buckets, total + value)

    def counter_values(self) -> dict[tuple[str, tuple[str, ...]], int]:
        """(counter, labels) -> value, for the growth that a reload may ask for."""
        with self._lock:
            return {
                (name, labels): value
                for name, values in self._counts.items()
                for labels, value in values.items()
            }

    def page(self) -> str:
        """Everything, with a TYPE line for each name."""
        lines: list[str] = []
        with self._lock:
            for name, names in COUNTERS.items():
                if self._counts[name]:
                    lines.append(f"# TYPE {PREFIX}{name} counter")
                for labels, value in self._counts[name].items():
                    lines.append(f"{PREFIX}{name}{{{_labels(names, labels)}}} {value}")
            for name, (names, bounds) in HISTOGRAMS.items():
                if self._observed[name]:
                    lines.append(f"# TYPE {PREFIX}{name} histogram")
                for labels, (buckets, total) in self._observed[name].items():
                    text = _labels(names, labels)
                    lines += _histogram(PREFIX + name, text, bounds, buckets, total)
        return "\n".join(lines) + "\n"


def _histogram(name: str, labels: str, bounds, buckets: list[int], total: float) -> list[str]:
    limits = [f"{bound:g}" for bound in bounds] + ["+Inf"]
    lines, below = [], 0
    for limit, count in zip(limits, buckets, strict=True):
        below += count
        lines.append(f'{name}_bucket{{{labels},le="{limit}"}} {below}')
    return [*lines, f"{name}_sum{{{labels}}} {total:g}", f"{name}_count{{{labels}}} {below}"]


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return ",".join(f'{n}="{_escaped(v)}"' for n, v in zip(names, values, strict=True))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def microseconds_since(start: float) -> float:
    """Time since `start` of time.perf_counter()."""
    return (time.perf_counter() - start) * 1e6
