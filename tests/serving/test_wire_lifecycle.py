"""Sections 7 and 8 of the protocol: versions come, serve and go. Names carry the fact's number."""

import shutil
import threading
import time
from pathlib import Path
from unittest import mock

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from serving.embedded import warmup
from serving.embedded.configs import read_model_config
from serving.embedded.errors import ServingError
from serving.embedded.flags import Flags
from serving.embedded.models import Models
from serving.embedded.server import ModelServer
from serving.embedded.versions import LoadPlan
from tests.serving import wire_server
from tests.serving.wire_local import FAST, eventually, rest_of, running


@pytest.fixture
def one(put, tmp_path):
    """A server with version 1 of model m."""
    put("m", 1)
    with running(model_name="m", model_base_path=str(tmp_path / "m")) as server:
        yield server


def states(server, name: str = "m") -> dict[int, str]:
    try:
        return {version.number: version.state for version in server.models.statuses(name)}
    except ServingError:
        return {}


def answer_of(server, path: str = "m") -> float | int:
    """The prediction for 0, which is the version's number; or the status of the refusal."""
    answer = rest_of(server).predict(path, {"instances": [0.0]})
    return answer.json["predictions"][0] if answer.status == 200 else answer.status


def config(path: Path, *models, **more) -> model_management_pb2.ReloadConfigRequest:
    """A reload of models (names, or (name, policy, labels)) below `path`."""
    request = model_management_pb2.ReloadConfigRequest(**more)
    listed = request.config.model_config_list
    listed.SetInParent()
    for model in models:
        name, policy, labels = model if isinstance(model, tuple) else (model, None, {})
        entry = listed.config.add(
            name=name, base_path=str(path / name), model_platform="tensorflow"
        )
        if policy:
            kind, values = policy
            target = getattr(entry.model_version_policy, kind)
            target.SetInParent()
            if kind == "latest":
                target.num_versions = values
            if kind == "specific":
                target.versions.extend(values)
        entry.version_labels.update(labels)
    return request


def reload(server, request):
    with wire_server.grpc_channel(f"127.0.0.1:{server.flags.port}") as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        return stub.HandleReloadConfigRequest(request, timeout=60)


def refused_reload(server, request) -> tuple:
    with pytest.raises(grpc.RpcError) as caught:
        reload(server, request)
    return caught.value.code(), caught.value.details()


@pytest.mark.parametrize("name", ["v2", "2_tmp", "latest", ".2", "2.0", "-2", "two"])
def test_8_1_folders_that_are_no_version(one, put, name):
    put("m", name, like=2)
    one.models.poll()
    assert states(one) == {1: "AVAILABLE"}


def test_8_2_and_8_4_a_new_version_replaces_the_old_one(one, put):
    assert answer_of(one) == 1.0
    put("m", 2)
    eventually(lambda: states(one) == {2: "AVAILABLE", 1: "END"})
    assert answer_of(one) == 2.0
    assert answer_of(one, "m/versions/1") == 404


def test_5_7_unloaded_versions_stay_listed(one, put):
    put("m", 2)
    eventually(lambda: states(one).get(1) == "END")
    entries = rest_of(one).get("/v1/models/m").json["model_version_status"]
    assert [(entry["version"], entry["state"]) for entry in entries] == [
        ("2", "AVAILABLE"),
        ("1", "END"),
    ]
    assert entries[1]["status"] == {"error_code": "OK", "error_message": ""}


def test_8_4_no_request_fails_while_versions_change(one, put):
    """REST and gRPC clients hammer the model while six versions come and go."""
    over, failures, answers = threading.Event(), [], []

    def rest_client():
        rest = rest_of(one)
        while not over.is_set():
            answer = rest.predict("m", {"instances": [0.0]})
            answers.append(answer.status)
            if answer.status != 200:
                failures.append(answer.body)

    def grpc_client():
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "m"
        request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.zeros(1, np.float32)))
        with wire_server.grpc_channel(f"127.0.0.1:{one.flags.port}") as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            while not over.is_set():
                try:
                    answers.append(stub.Predict(request).outputs["y"].float_val[0])
                except grpc.RpcError as error:
                    failures.append(error.details())

    clients = [threading.Thread(target=work) for work in (rest_client, grpc_client) * 2]
    for client in clients:
        client.start()
    for number in range(2, 8):
        put("m", number, like=2)
        eventually(lambda number=number: states(one).get(number - 1) == "END")
    over.set()
    for client in clients:
        client.join()
    assert failures == []
    assert len(answers) > 20
    assert states(one)[7] == "AVAILABLE"


def test_8_5_a_version_that_does_not_load_changes_nothing(one, put):
    broken = put("m", 2)
    (broken / "saved_model.pb").write_bytes(b"nonsense")
    eventually(lambda: states(one).get(2) == "END")
    assert answer_of(one) == 1.0
    assert answer_of(one, "m/versions/2") == 404
    entry = rest_of(one).get("/v1/models/m/versions/2").json["model_version_status"][0]
    assert entry["state"] == "END"
    assert entry["status"]["error_code"] != "OK"
    assert entry["status"]["error_message"]
    shutil.copy(broken.parent / "1" / "saved_model.pb", broken / "saved_model.pb")
    for _ in range(3):
        one.models.poll()
    assert states(one)[2] == "END"


def test_8_6_deleting_the_newest_brings_back_the_lower(one, put, tmp_path):
    put("m", 2)
    eventually(lambda: states(one) == {2: "AVAILABLE", 1: "END"})
    shutil.rmtree(tmp_path / "m" / "2")
    eventually(lambda: states(one) == {2: "END", 1: "AVAILABLE"})
    assert answer_of(one) == 1.0
    shutil.rmtree(tmp_path / "m" / "1")
    eventually(lambda: states(one) == {2: "END", 1: "END"})
    assert answer_of(one) == 404
    put("m", 1)
    eventually(lambda: answer_of(one) == 1.0)


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        (None, {3}),
        (("latest", 2), {2, 3}),
        (("all", None), {1, 2, 3}),
        (("specific", [1, 3]), {1, 3}),
    ],
    ids=["default", "latest", "all", "specific"],
)
def test_8_3_policies(one, put, tmp_path, policy, served):
    for number in (1, 2, 3):
        put("n", number)
    reload(one, config(tmp_path, ("n", policy, {})))
    eventually(
        lambda: {n for n, state in states(one, "n").items() if state == "AVAILABLE"} == served
    )
    assert answer_of(one, "n") == max(served)


def test_7_2_reload_replaces_the_whole_set(one, put, tmp_path):
    put("n", 2)
    response = reload(
        one, config(tmp_path, "n", metric_names=["/tensorflow/serving/request_count"])
    )
    assert (response.status.error_code, response.status.error_message) == (0, "")
    assert answer_of(one, "n") == 2.0
    eventually(lambda: states(one) == {1: "END"})
    assert answer_of(one) == 404
    reload(one, config(tmp_path))
    eventually(lambda: states(one, "n") == {2: "END"})
    reload(one, config(tmp_path, "m"))
    assert answer_of(one) == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda request: request.config.Clear(), "Only ModelConfigList is currently supported"),
        (
            lambda request: request.config.model_config_list.config.append(
                request.config.model_config_list.config[0]
            ),
            "Illegal to list model m multiple times in config list",
        ),
        (
            lambda request: setattr(request.config.model_config_list.config[0], "base_path", "m"),
            "Expected model m to have an absolute path or URI; got base_path()=m",
        ),
        (
            lambda request: setattr(
                request.config.model_config_list.config[0], "model_platform", ""
            ),
            "requests unsupported platform",
        ),
        (
            lambda request: setattr(
                request.config.model_config_list.config[0], "model_platform", "caffe"
            ),
            "Model m requests unsupported platform caffe",
        ),
    ],
    ids=["no-list", "twice", "relative", "no-platform", "unknown-platform"],
)
def test_7_3_refused_reloads(one, tmp_path, change, message):
    request = config(tmp_path, "m")
    change(request)
    code, details = refused_reload(one, request)
    assert (code, message in details) == (grpc.StatusCode.INVALID_ARGUMENT, True), details
    assert answer_of(one) == 1.0


def test_7_4_labels(one, put, tmp_path):
    put("m", 2)
    both = ("specific", [1, 2])
    code, details = refused_reload(one, config(tmp_path, ("m", both, {"canary": 2})))
    if code is not None:  # version 2 may have become available in the meantime
        assert code == grpc.StatusCode.FAILED_PRECONDITION
    reload(one, config(tmp_path, ("m", both, {})))
    eventually(lambda: states(one) == {1: "AVAILABLE", 2: "AVAILABLE"})
    reload(one, config(tmp_path, ("m", both, {"stable": 1, "canary": 2})))
    assert (answer_of(one, "m/labels/stable"), answer_of(one, "m/labels/canary")) == (1.0, 2.0)
    reload(one, config(tmp_path, ("m", both, {"stable": 2})))
    assert (answer_of(one, "m/labels/stable"), answer_of(one, "m/labels/canary")) == (2.0, 400)
    code, details = refused_reload(one, config(tmp_path, ("m", both, {"stable": 3})))
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    assert details == (
        "Request to assign label to version 3 of model m,"
        " which is not currently available for inference"
    )
    assert answer_of(one, "m/labels/stable") == 2.0


def test_7_4_labels_for_unavailable_versions(put, tmp_path):
    put("m", 1)
    file = tmp_path / "models.config"
    file.write_text(
        'model_config_list { config { name: "m" base_path: "%s" model_platform: "tensorflow"'
        ' version_labels { key: "stable" value: 1 } } }' % (tmp_path / "m")
    )
    with pytest.raises(ServingError, match="Request to assign label to version 1 of model m"):
        ModelServer(Flags(model_config_file=str(file), **FAST))
    free = {"allow_version_labels_for_unavailable_models": True}
    with running(model_config_file=str(file), **free) as server:
        assert answer_of(server, "m/labels/stable") == 1.0
        reload(server, config(tmp_path, ("m", None, {"stable": 1, "next": 9})))
        assert answer_of(server, "m/labels/next") == 404
        code, _ = refused_reload(server, config(tmp_path, ("m", None, {"stable": 9})))
        assert code == grpc.StatusCode.FAILED_PRECONDITION


def test_7_5_growth_of_counters(one, tmp_path):
    request = config(tmp_path, "m", metric_names=["/tensorflow/serving/request_count"])
    answer_of(one)
    assert [metric.int64_value_increase for metric in reload(one, request).metric] == [0]


def test_7_6_a_new_model_that_fails_to_load(one, put, tmp_path):
    (put("n", 2) / "saved_model.pb").unlink()
    code, details = refused_reload(one, config(tmp_path, "m", "n"))
    assert code == grpc.StatusCode.UNKNOWN
    assert details.startswith("1 model(s) did not become available: {")
    assert answer_of(one) == 1.0


def test_7_1_status_of_a_failed_version_over_grpc(one, put, tmp_path):
    (put("m", 2) / "saved_model.pb").unlink()
    eventually(lambda: states(one).get(2) == "END")
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "m"
    request.model_spec.version.value = 2
    with wire_server.grpc_channel(f"127.0.0.1:{one.flags.port}") as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        (entry,) = stub.GetModelStatus(request).model_version_status
    assert entry.state == get_model_status_pb2.ModelVersionStatus.END
    assert entry.status.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_8_7_a_model_that_cannot_be_loaded_makes_the_start_fail(put, tmp_path):
    (put("m", 1) / "saved_model.pb").write_bytes(b"")
    server = ModelServer(
        Flags(model_name="m", model_base_path=str(tmp_path / "m"), rest_api_port=1, **FAST)
    )
    with pytest.raises(ServingError, match="did not become available"):
        server.start()
    server.stop()


def test_8_7_own_flag_serves_while_other_models_load(put, tmp_path):
    put("m", 1)
    (put("n", 2) / "saved_model.pb").unlink()
    file = tmp_path / "models.config"
    file.write_text(models_config(tmp_path, "n", "m"))
    with running(model_config_file=str(file), serve_while_loading=True) as server:
        eventually(lambda: answer_of(server) == 1.0)
        assert answer_of(server, "n") == 404


def test_of_two_models_the_lighter_loads_first_and_alone(put, tmp_path):
    with open(put("heavy", 1) / "saved_model.pb", "ab") as file:
        file.write(bytes(1000))
    put("light", 1)
    file = tmp_path / "models.config"
    file.write_text(models_config(tmp_path, "heavy", "light"))
    events = []

    def load(name, number, path):
        events.append(f"{name} begins")
        time.sleep(0.3)
        events.append(f"{name} ends")
        return mock.Mock()

    models = Models(read_model_config(str(file)), LoadPlan(load, at_a_time=2))
    models.poll()
    models.wait_until_available()
    models.close()
    assert events == ["light begins", "light ends", "heavy begins", "heavy ends"]


def test_8_7_an_empty_folder_is_waited_for(put, tmp_path):
    (tmp_path / "m").mkdir()
    port = wire_server.free_port()
    server = ModelServer(
        Flags(
            model_name="m", model_base_path=str(tmp_path / "m"), port=0, rest_api_port=port, **FAST
        )
    )
    starting = threading.Thread(target=server.start)
    starting.start()
    starting.join(0.3)
    assert starting.is_alive()
    put("m", 1)
    starting.join(60)
    assert answer_of(server) == 1.0
    server.stop()


def models_config(path: Path, *names: str) -> str:
    """The text of a ModelServerConfig."""
    entry = 'config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }}'
    entries = (entry.format(name, path / name) for name in names)
    return f"model_config_list {{ {' '.join(entries)} }}"


def test_8_8_the_configuration_file_is_read_again(put, tmp_path):
    put("m", 1)
    put("n", 2)
    file = tmp_path / "models.config"
    file.write_text(models_config(tmp_path, "m"))
    options = {"model_config_file_poll_wait_seconds": 0.1, "model_name": "ignored"}
    with running(model_config_file=str(file), **options) as server:
        assert answer_of(server) == 1.0
        file.write_text("model_config_list {")
        time.sleep(0.3)
        assert answer_of(server) == 1.0
        file.write_text(models_config(tmp_path, "m", "n"))
        eventually(lambda: answer_of(server, "n") == 2.0)
        assert answer_of(server, "ignored") == 404


def warm_up_file(folder: Path, *values, broken: bool = False) -> None:
    """Predict logs of `values` beside the model."""
    file = folder / "assets.extra" / "tf_serving_warmup_requests"
    file.parent.mkdir()
    with tf.io.TFRecordWriter(str(file)) as writer:
        for value in values:
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = "m"
            request.inputs["x"].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())
    if broken:
        file.write_bytes(b"no records" * 10)


@pytest.mark.parametrize(
    ("values", "options", "state"),
    [
        ([np.zeros(2, np.float32)] * 3, {}, "AVAILABLE"),
        ([np.zeros(2, np.float32)], {"num_request_iterations_for_warmup": 4}, "AVAILABLE"),
        ([], {}, "AVAILABLE"),
        ([np.zeros(2, np.int32)], {}, "END"),
        ([np.zeros(2, np.int32)], {"enable_model_warmup": False}, "AVAILABLE"),
        ([np.zeros(1, np.float32)] * 5, {}, "END"),
        ("broken", {}, "END"),
    ],
    ids=[
        "8.9-replayed",
        "8.9-iterations",
        "8.9-empty",
        "8.9-wrong",
        "8.9-off",
        "8.9-many",
        "8.9-broken",
    ],
)
def test_8_9_warm_up(put, tmp_path, monkeypatch, values, options, state):
    monkeypatch.setattr(warmup, "MOST_RECORDS", 4)
    put("m", 1)
    base = str(tmp_path / "m")
    with running(model_name="m", model_base_path=base, rest_api_port=0, **options) as server:
        staged = tmp_path / "staged"
        shutil.copytree(tmp_path / "m" / "1", staged)
        if values == "broken":
            warm_up_file(staged, broken=True)
        else:
            warm_up_file(staged, *values)
        staged.rename(tmp_path / "m" / "2")
        eventually(lambda: states(server).get(2) == state)
        assert states(server)[1] == ("AVAILABLE" if state == "END" else states(server)[1])
