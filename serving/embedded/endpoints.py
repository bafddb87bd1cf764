"""What REST and gRPC both offer: the five inferences and metadata, with their metrics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from tensorflow_serving.apis import get_model_metadata_pb2

from serving.embedded.errors import Code, ServingError
from serving.embedded.inference import CLASSIFY, REGRESS, classify, named_signature, regress
from serving.embedded.metrics import Metrics, microseconds_since
from serving.embedded.models import Models
from serving.embedded.multi_inference import multi_inference
from serving.embedded.predict import predict


@dataclass(frozen=True)
class Target:
    """Which model a request is for; `number` and `label` exclude each other."""

    name: str
    number: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class Endpoints:
    """The models with the settings that decide how they answer."""

    models: Models
    metrics: Metrics
    check_method: bool = False

    def lease(self, target: Target):
        """A version for `target`, kept loaded while the block runs."""
        return self.models.lease(target.name, target.number, target.label)

    @contextmanager
    def recorded(self, target: Target, api: str, entrypoint: str) -> Iterator[None]:
        """Counts the request under its status, and its time if it succeeds."""
        start, status = time.perf_counter(), Code.OK
        try:
            yield
        except ServingError as error:
            status = error.code
            raise
        except Exception:
            status = Code.INTERNAL
            raise
        finally:
            self.metrics.count("request_count", target.name, status.name)
            if status is Code.OK and api:
                micros = microseconds_since(start)
                self.metrics.observe("request_latency", micros, target.name, api, entrypoint)

    def predict(self, version, signature, inputs, timeout_ms: int, **options) -> dict:
        """Output name -> array; see `predict.predict`."""
        run = self._timed(version, "Predict")
        return predict(signature, run, inputs, timeout_ms, **options)

    def classify(self, version, signature_name: str, request_input, timeout_ms: int):
        """A ClassificationResult."""
        signatures = version.model.signatures
        signature = named_signature(signatures, signature_name, CLASSIFY, self.check_method)
        run = self._timed(version, "Classify")
        result = classify(signature, run, request_input, timeout_ms)
        self._count_examples(version.name, len(result.classifications))
        return result

    def regress(self, version, signature_name: str, request_input, timeout_ms: int):
        """A RegressionResult."""
        signatures = version.model.signatures
        signature = named_signature(signatures, signature_name, REGRESS, self.check_method)
        run = self._timed(version, "Regress")
        result = regress(signature, run, request_input, timeout_ms)
        self._count_examples(version.name, len(result.regressions))
        return result

    def multi_inference(self, version, request, timeout_ms: int):
        """A MultiInferenceResponse."""
        run = self._timed(version, "MultiInference")
        signatures = version.model.signatures
        return multi_inference(
            signatures, version.number, run, request, timeout_ms, self.check_method
        )

    def metadata(self, target: Target) -> tuple[int, get_model_metadata_pb2.SignatureDefMap]:
        """(version, its signatures as they stand in saved_model.pb)."""
        with self.lease(target) as version:
            signatures = get_model_metadata_pb2.SignatureDefMap()
            for name, signature in version.model.signatures.items():
                signatures.signature_def[name].CopyFrom(signature)
            return version.number, signatures

    def _timed(self, version, api: str):
        def run(feeds: dict, fetches: list, timeout_ms: int) -> list[np.ndarray]:
            start = time.perf_counter()
            values = version.model.run(feeds, fetches, timeout_ms)
            micros = microseconds_since(start)
            self.metrics.observe("runtime_latency", micros, version.name, api, "TF1")
            return values

        return run

    def _count_examples(self, name: str, count: int) -> None:
        self.metrics.observe("request_example_counts", count, name)
        self.metrics.count("request_example_count_total", name, by=count)
