"""The client's calls over gRPC, on messages of our own (`protos/wire.proto`)."""

import grpc
import numpy as np

from serving.client_errors import DEADLINE, REFUSED, UNAVAILABLE, ServingFailed
from serving.protos import wire_pb2

PREDICT = "/tensorflow.serving.PredictionService/Predict"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.lb_policy_name", "round_robin"),  # uses every address that the name stands for
    # A server that was away for long is found again within two seconds, not two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
]
CAUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: REFUSED,
    grpc.StatusCode.FAILED_PRECONDITION: REFUSED,
    grpc.StatusCode.OUT_OF_RANGE: REFUSED,
    grpc.StatusCode.UNIMPLEMENTED: REFUSED,
    grpc.StatusCode.PERMISSION_DENIED: REFUSED,
    grpc.StatusCode.UNAUTHENTICATED: REFUSED,
    grpc.StatusCode.DEADLINE_EXCEEDED: DEADLINE,
}
_FIELDS = {
    wire_pb2.DT_FLOAT: ("float_val", np.float32),
    wire_pb2.DT_DOUBLE: ("double_val", np.float64),
    wire_pb2.DT_INT32: ("int_val", np.int32),
    wire_pb2.DT_UINT8: ("int_val", np.uint8),
    wire_pb2.DT_STRING: ("string_val", object),
    wire_pb2.DT_INT64: ("int64_val", np.int64),
    wire_pb2.DT_BOOL: ("bool_val", np.bool_),
}


class GrpcTransport:
    """One channel to `target` (host:port)."""

    def __init__(self, target: str, secure: bool, label: str):
        if secure:
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(target, credentials, options=OPTIONS)
        else:
            self._channel = grpc.insecure_channel(target, options=OPTIONS)
        self._label = label
        self._predict = self._channel.unary_unary(
            PREDICT,
            request_serializer=wire_pb2.PredictRequest.SerializeToString,
            response_deserializer=wire_pb2.PredictResponse.FromString,
        )
        self._status = self._channel.unary_unary(
            STATUS,
            request_serializer=wire_pb2.GetModelStatusRequest.SerializeToString,
            response_deserializer=wire_pb2.GetModelStatusResponse.FromString,
        )

    def predict(self, model: str, files: list[bytes], seconds: float) -> tuple[dict, int]:
        """See `client.Transport`."""
        request = wire_pb2.PredictRequest()
        request.model_spec.name = model
        if self._label:
            request.model_spec.version_label = self._label
        tensor = request.inputs["image_bytes"]
        tensor.dtype = wire_pb2.DT_STRING
        tensor.tensor_shape.dim.add(size=len(files))
        tensor.string_val.extend(files)
        try:
            response = self._predict(request, timeout=seconds)
        except grpc.RpcError as error:
            raise _failure(error) from error
        outputs = {name: array_of(tensor) for name, tensor in response.outputs.items()}
        return outputs, response.model_spec.version.value

    def status(self, model: str, seconds: float) -> list[tuple[int, str, str]]:
        """See `client.Transport`."""
        request = wire_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        try:
            response = self._status(request, timeout=seconds)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                return []
            raise _failure(error) from error
        names = wire_pb2.ModelVersionStatus.State
        return [
            (entry.version, names.Name(entry.state), entry.status.error_message)
            for entry in response.model_version_status
        ]

    def close(self) -> None:
        """See `client.Transport`."""
        self._channel.close()


def array_of(tensor: wire_pb2.Tensor) -> np.ndarray:
    """The array in a tensor of the answer; servers may use typed fields or `tensor_content`."""
    if tensor.dtype not in _FIELDS:
        raise ServingFailed(UNAVAILABLE, f"the answer has a tensor of unknown dtype {tensor.dtype}")
    field, kind = _FIELDS[tensor.dtype]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    try:
        if tensor.tensor_content:
            return np.frombuffer(tensor.tensor_content, kind).reshape(shape)
        return np.array(getattr(tensor, field), dtype=kind).reshape(shape)
    except ValueError as error:
        raise ServingFailed(UNAVAILABLE, f"the answer has a broken tensor: {error}") from error


def _failure(error: grpc.RpcError) -> ServingFailed:
    code = error.code()
    return ServingFailed(CAUSES.get(code, UNAVAILABLE), f"{code.name}: {error.details()}")
