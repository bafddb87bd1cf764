"""What the client returns, made from the outputs of the models."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ecg_tf.labels import LABELS
from serving.client_errors import UNAVAILABLE, ServingFailed


@dataclass(frozen=True)
class Result:
    """The answer for one page. `probabilities`: label -> calibrated probability, in label order;
    `decision`: answer, refer or refuse; `page_score`: how much the file looks like an ECG page."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    decision: str
    page_score: float
    model: str
    version: int


@dataclass(frozen=True, eq=False)
class Explanation(Result):
    """A Result with the reasons for its label: float32 maps (h, w), the weights (3,) of the
    scales (empty where the network has none), the part (left, top, right, bottom) of the page
    in 0..1 that the maps cover (it may reach beyond a page whose lines are near its edge), and
    how the confidence changes without each of the 12 leads, in their usual order, and the rhythm
    strip (13,), empty where the page has another layout or the
    model is older than this; `gradcam_traces`, too, is None in an older model."""

    gradcam: np.ndarray = field(repr=False)
    integrated_gradients: np.ndarray = field(repr=False)
    scale_weights: tuple[float, ...]
    box: tuple[float, float, float, float]
    lead_occlusion: tuple[float, ...] = ()
    gradcam_traces: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class VersionStatus:
    """One version of a model; `state`: START, LOADING, AVAILABLE, UNLOADING or END; `error`: why
    it did not load, "" if it did."""

    model: str
    version: int
    state: str
    error: str


def result(outputs: dict[str, np.ndarray], row: int, model: str, version: int) -> Result:
    """The Result in one row of a model's outputs; raises ServingFailed if something is missing."""
    return Result(**_fields(outputs, row, model, version))


def explanation(outputs: dict[str, np.ndarray], model: str, version: int) -> Explanation:
    """The Explanation in the first row of a model's outputs; raises ServingFailed."""
    with _complete(model):
        return Explanation(
            **_fields(outputs, 0, model, version),
            gradcam=np.asarray(outputs["gradcam"][0], np.float32),
            integrated_gradients=np.asarray(outputs["integrated_gradients"][0], np.float32),
            scale_weights=tuple(float(weight) for weight in outputs.get("scale_weights", [()])[0]),
            box=tuple(float(edge) for edge in outputs["box"][0]),
            gradcam_traces=_map(outputs.get("gradcam_traces")),
            lead_occlusion=_known(outputs.get("lead_occlusion", [()])[0]),
        )


def _map(maps) -> np.ndarray | None:
    return None if maps is None else np.asarray(maps[0], np.float32)


def _known(changes: Sequence[float]) -> tuple[float, ...]:
    """The changes by lead; () where there are none, or NaN for a page of another layout."""
    values = tuple(float(change) for change in changes)
    return () if any(math.isnan(value) for value in values) else values


@contextmanager
def _complete(model: str) -> Iterator[None]:
    """Turns an answer that lacks something into ServingFailed."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ServingFailed(
            UNAVAILABLE, f"the answer of {model} does not fit: {type(error).__name__} {error}"
        ) from error


def _fields(outputs: dict, row: int, model: str, version: int) -> dict:
    with _complete(model):
        probabilities = [float(value) for value in outputs["probabilities"][row]]
        return {
            "label": _text(outputs["label"][row]),
            "confidence": max(probabilities),
            "probabilities": dict(zip(LABELS, probabilities, strict=True)),
            "decision": _text(outputs["decision"][row]),
            "page_score": float(outputs["page_score"][row]),
            "model": model,
            "version": version,
        }


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
