"""Which server the suite talks to.

ECG_TF_CONFORMANCE_REST and ECG_TF_CONFORMANCE_GRPC (host:port each) name a server over the models
of `wire_models.py`; unset, the suite starts the embedded one.
"""

import os

import pytest
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from tests.serving import wire_server


def _address(request, variable: str, attribute: str) -> str:
    return os.environ.get(variable) or getattr(request.getfixturevalue("served"), attribute)


@pytest.fixture(scope="session")
def rest(request) -> wire_server.Rest:
    return wire_server.Rest(_address(request, "ECG_TF_CONFORMANCE_REST", "rest_address"))


@pytest.fixture(scope="session")
def channel(request):
    with wire_server.grpc_channel(
        _address(request, "ECG_TF_CONFORMANCE_GRPC", "grpc_address")
    ) as channel:
        yield channel


@pytest.fixture(scope="session")
def prediction(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="session")
def model_service(channel):
    return model_service_pb2_grpc.ModelServiceStub(channel)
