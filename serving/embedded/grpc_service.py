"""PredictionService and ModelService over gRPC, on the official stubs."""

import logging
from collections.abc import Callable

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from serving.embedded.configs import checked_models
from serving.embedded.endpoints import Endpoints, Target
from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.predict import DEFAULT_SIGNATURE, find_signature
from serving.embedded.session import FOREVER
from serving.embedded.tensors import to_proto

log = logging.getLogger("serving")

LONGEST_MESSAGE = 1024
CUT = "...TRUNCATED"
FIELD = "signature_def"
STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


def target_of(spec) -> Target:
    """The model that a ModelSpec names."""
    choice = spec.WhichOneof("version_choice")
    number = spec.version.value if choice == "version" else None
    return Target(spec.name, number, spec.version_label if choice == "version_label" else None)


def _spec(request):
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return request.model_spec


def _timeout_ms(context) -> int:
    """What is left of the call's deadline, as a limit of the run."""
    left = context.time_remaining()
    if left is None or left > 10**6:
        return FOREVER
    return max(1, int(left * 1000))


def _answered(method: Callable) -> Callable:
    """Turns ServingError, and anything unexpected, into the call's status."""

    def call(self, request, context):
        try:
            return method(self, request, context)
        except ServingError as error:
            code, message = error.code, error.message
        except Exception as error:
            log.exception("gRPC call")
            code, message = Code.INTERNAL, f"Internal error: {type(error).__name__}"
        if len(message) > LONGEST_MESSAGE:
            message = message[: LONGEST_MESSAGE - len(CUT)] + CUT
        message = message.encode("utf-8", "replace").decode()
        return context.abort(STATUS_CODES[code.number], message)

    return call


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """The five methods of tensorflow.serving.PredictionService."""

    def __init__(self, endpoints: Endpoints, as_content: bool = False):
        self._endpoints = endpoints
        self._as_content = as_content

    @_answered
    def Predict(self, request, context):
        spec = request.model_spec
        with self._endpoints.recorded(target_of(spec), "Predict", "GRPC"):
            target = target_of(_spec(request))
            with self._endpoints.lease(target) as version:
                signature = find_signature(version.model.signatures, spec.signature_name)
                outputs = self._endpoints.predict(
                    version,
                    signature,
                    request.inputs,
                    _timeout_ms(context),
                    output_filter=tuple(request.output_filter),
                )
            response = predict_pb2.PredictResponse()
            _answer_spec(response.model_spec, spec, version.number)
            for name, array in outputs.items():
                response.outputs[name].CopyFrom(to_proto(array, self._as_content))
            return response

    @_answered
    def Classify(self, request, context):
        spec = request.model_spec
        with self._endpoints.recorded(target_of(spec), "Classify", "GRPC"):
            with self._endpoints.lease(target_of(_spec(request))) as version:
                result = self._endpoints.classify(
                    version, spec.signature_name, request.input, _timeout_ms(context)
                )
            response = classification_pb2.ClassificationResponse(result=result)
            _answer_spec(response.model_spec, spec, version.number)
            return response

    @_answered
    def Regress(self, request, context):
        spec = request.model_spec
        with self._endpoints.recorded(target_of(spec), "Regress", "GRPC"):
            with self._endpoints.lease(target_of(_spec(request))) as version:
                result = self._endpoints.regress(
                    version, spec.signature_name, request.input, _timeout_ms(context)
                )
            response = regression_pb2.RegressionResponse(result=result)
            _answer_spec(response.model_spec, spec, version.number)
            return response

    @_answered
    def MultiInference(self, request, context):
        if not request.tasks:
            raise invalid("Inference request must have at least one task.")
        with self._endpoints.lease(target_of(_spec(request.tasks[0]))) as version:
            return self._endpoints.multi_inference(version, request, _timeout_ms(context))

    @_answered
    def GetModelMetadata(self, request, context):
        spec = _spec(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != FIELD:
                raise invalid(f"Metadata field {field} is not supported")
        number, signatures = self._endpoints.metadata(target_of(spec))
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = spec.name
        response.model_spec.version.value = number
        response.metadata[FIELD].Pack(signatures)
        return response


def _answer_spec(answer, asked, number: int) -> None:
    """The name, the version that answered (never a label) and the signature by its full name."""
    answer.name = asked.name
    answer.version.value = number
    answer.signature_name = asked.signature_name or DEFAULT_SIGNATURE


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """The two methods of tensorflow.serving.ModelService."""

    def __init__(self, endpoints: Endpoints):
        self._endpoints = endpoints

    @_answered
    def GetModelStatus(self, request, context):
        target = target_of(_spec(request))
        response = get_model_status_pb2.GetModelStatusResponse()
        for version in self._endpoints.models.statuses(target.name, target.number):
            entry = response.model_version_status.add()
            entry.version = version.number
            entry.state = get_model_status_pb2.ModelVersionStatus.State.Value(version.state)
            entry.status.error_code = version.error.code.number if version.error else 0
            entry.status.error_message = version.error.message if version.error else ""
        return response

    @_answered
    def HandleReloadConfigRequest(self, request, context):
        metrics = self._endpoints.metrics
        before = metrics.counter_values()
        configs = checked_models(request.config)
        log.info("reload over gRPC: %s", ", ".join(configs) or "no model")
        self._endpoints.models.reload(configs, context.is_active)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = Code.OK.number
        for (name, labels), value in metrics.counter_values().items():
            full = f"/tensorflow/serving/{name}"
            if full in request.metric_names:
                growth = value - before.get((name, labels), 0)
                response.metric.add(name=full, int64_value_increase=growth)
        return response
