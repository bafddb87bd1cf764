"""Section 7.1 of the protocol: GetModelStatus. Reload stands in test_wire_lifecycle.py."""

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2


def request(name, version=None):
    message = get_model_status_pb2.GetModelStatusRequest()
    message.model_spec.name = name
    if version is not None:
        message.model_spec.version.value = version
    return message


@pytest.mark.parametrize(
    ("name", "version", "versions"),
    [("half_plus_two", None, [123]), ("versions", None, [2, 1]), ("versions", 1, [1])],
)
def test_7_1_status(model_service, name, version, versions):
    entries = model_service.GetModelStatus(request(name, version)).model_version_status
    assert [entry.version for entry in entries] == versions
    for entry in entries:
        assert entry.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
        assert (entry.status.error_code, entry.status.error_message) == (0, "")


@pytest.mark.parametrize(
    ("message", "code", "details"),
    [
        (
            get_model_status_pb2.GetModelStatusRequest(),
            grpc.StatusCode.INVALID_ARGUMENT,
            "Missing ModelSpec",
        ),
        (
            request("none"),
            grpc.StatusCode.NOT_FOUND,
            "Could not find any versions of model none",
        ),
        (
            request("versions", 3),
            grpc.StatusCode.NOT_FOUND,
            "Could not find version 3 of model versions",
        ),
    ],
)
def test_7_1_status_refused(model_service, message, code, details):
    with pytest.raises(grpc.RpcError) as caught:
        model_service.GetModelStatus(message)
    assert (caught.value.code(), caught.value.details()) == (code, details)
