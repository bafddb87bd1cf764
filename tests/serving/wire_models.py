"""Writes the small SavedModels that the tests of the wire call.

`python -m tests.serving.wire_models FOLDER` writes those of the conformance suite.

Point a real server at the folder with --model_config_file=FOLDER/models.config and
--allow_version_labels_for_unavailable_models=true to run the suite against it.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf  # noqa: E402  after the setting above
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402

IDENTITIES = {
    "float": tf.float32,
    "double": tf.float64,
    "int8": tf.int8,
    "int16": tf.int16,
    "int32": tf.int32,
    "int64": tf.int64,
    "uint8": tf.uint8,
    "uint32": tf.uint32,
    "uint64": tf.uint64,
    "bool": tf.bool,
    "string": tf.string,
    "half": tf.float16,
    "bfloat16": tf.bfloat16,
    "uint16": tf.uint16,
    "complex64": tf.complex64,
}
X = tf.TensorSpec([None], tf.float32, name="x")
TEXT = tf.TensorSpec([None], tf.string, name="x")
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def save(folder: Path, signatures: dict, variables=(), defaults=None, methods=None) -> Path:
    """Saves functions as signatures, then writes `defaults` ({signature: {input: tensor}}) and
    `methods` ({signature: method_name}) into the file; returns the folder."""
    module = tf.Module()
    module.kept = list(variables)
    module.functions = list(signatures.values())
    tf.saved_model.save(module, str(folder), signatures=signatures)
    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    definitions = model.meta_graphs[0].signature_def
    for name, values in (defaults or {}).items():
        for alias, value in values.items():
            definitions[name].defaults[alias].CopyFrom(tf.make_tensor_proto(value))
    for name, method in (methods or {}).items():
        definitions[name].method_name = method
    file.write_bytes(model.SerializeToString())
    return folder


def concrete(function, *specs):
    """A concrete function of `specs`, by the specs' names."""
    return tf.function(function).get_concrete_function(*specs)


def linear(folder: Path, slope: float = 0.5, intercept: float = 2.0) -> Path:
    """y = slope * x + intercept, any shape."""
    a, b = tf.Variable(slope, name="a"), tf.Variable(intercept, name="b")
    return save(folder, {"serving_default": concrete(lambda x: {"y": a * x + b}, X)}, (a, b))


def _feature(examples):
    features = tf.io.parse_example(
        examples,
        {
            "x": tf.io.FixedLenFeature([], tf.float32),
            "c": tf.io.FixedLenFeature([], tf.float32, default_value=0.0),
        },
    )
    return features["x"] + features["c"]


def half_plus_two(folder: Path) -> Path:
    """The model of the real server's own tests, with classify and regress signatures."""
    a, b = tf.Variable(0.5, name="a"), tf.Variable(2.0, name="b")
    inputs = tf.TensorSpec([None], tf.string, name="inputs")

    def y(examples):
        return a * _feature(examples) + b

    def labels(examples):
        return tf.tile([["low", "high"]], [tf.size(examples), 1])

    def scores(examples):
        return tf.stack([y(examples), y(examples) + 1.0], axis=1)

    signatures = {
        "serving_default": concrete(lambda x: {"y": a * x + b}, X),
        "regress_x_to_y": concrete(lambda inputs: {"outputs": y(inputs)}, inputs),
        "regress_column": concrete(lambda inputs: {"outputs": y(inputs)[:, None]}, inputs),
        "regress_twice": concrete(lambda inputs: {"outputs": tf.stack([y(inputs)] * 2, 1)}, inputs),
        "classify_x_to_y": concrete(lambda inputs: {"scores": scores(inputs)}, inputs),
        "classify_labels": concrete(
            lambda inputs: {"classes": labels(inputs), "scores": scores(inputs)}, inputs
        ),
        "classify_flat": concrete(lambda inputs: {"scores": y(inputs)}, inputs),
        "other_names": concrete(lambda x: {"z": a * _feature(x) + b}, TEXT),
    }
    methods = {"classify_labels": CLASSIFY, "regress_x_to_y": REGRESS}
    return save(folder, signatures, (a, b), methods=methods)


def _slow(x):
    """Minutes of work that a time limit has to stop."""
    step, total = tf.constant(0), tf.constant(0.0)
    while step < 2_000_000_000:
        step += 1
        total += 1.0
    return {"y": x + total}


def _sizes(x):
    def size(data):
        return tf.size(tf.io.decode_image(data, expand_animations=False))

    return {"size": tf.map_fn(size, x, fn_output_signature=tf.int32)}


def kinds(folder: Path) -> Path:
    """One signature for each dtype and for each corner of the formats."""
    spec = {name: tf.TensorSpec(None, dtype, name="x") for name, dtype in IDENTITIES.items()}
    a = tf.TensorSpec([None], tf.float32, name="a")
    b = tf.TensorSpec([None], tf.int64, name="b")
    k = tf.TensorSpec([], tf.float32, name="k")
    signatures = {name: concrete(lambda x: {"y": tf.identity(x)}, s) for name, s in spec.items()}
    signatures |= {
        "serving_default": concrete(lambda x: {"y": tf.identity(x)}, spec["float"]),
        "two": concrete(
            lambda a, b: {"sum": a + tf.cast(b, tf.float32), "b": tf.identity(b)}, a, b
        ),
        "add": concrete(lambda x, k: {"y": x + k}, X, k),
        "bytes": concrete(lambda x: {"y_bytes": tf.identity(x)}, TEXT),
        "both": concrete(lambda x: {"text": tf.identity(x), "raw_bytes": tf.identity(x)}, TEXT),
        "scalar": concrete(lambda x: {"y": tf.reduce_sum(x)}, X),
        "uneven": concrete(lambda x: {"y": tf.identity(x), "z": tf.concat([x, x], 0)}, X),
        "half_out": concrete(lambda x: {"y": tf.cast(x, tf.float16)}, X),
        "matrix": concrete(lambda x: {"y": tf.linalg.matmul(x, x)}, spec["float"]),
        "size": concrete(_sizes, TEXT),
        "slow": concrete(_slow, X),
    }
    return save(folder, signatures, defaults={"add": {"k": 10.0}})


LABELS = ["normal", "myocardial_infarction", "history_of_mi", "abnormal_heartbeat"]
PAGES = tf.TensorSpec([None], tf.string, name="image_bytes")


def _answers(image_bytes):
    """Outputs of the model `ecg`: a black page is normal, a white one an abnormal heartbeat."""

    def mean(data):
        pixels = tf.io.decode_image(data, channels=3, expand_animations=False)
        return tf.reduce_mean(tf.cast(pixels, tf.float32)) / 255.0

    white = tf.map_fn(mean, image_bytes, fn_output_signature=tf.float32)
    rest = (1.0 - tf.abs(2.0 * white - 1.0)) / 4.0
    probabilities = tf.stack([1.0 - white - rest, rest, rest, white - rest], axis=1)
    return {
        "probabilities": probabilities,
        "label": tf.gather(LABELS, tf.argmax(probabilities, axis=1)),
        "decision": tf.where(tf.reduce_max(probabilities, axis=1) > 0.5, "answer", "refer"),
        "page_score": white,
    }


def _explains(image_bytes):
    """Outputs of the model `ecg_explain`."""
    answers = _answers(image_bytes)
    maps = answers["page_score"][:, None, None] * tf.ones([1, 3, 5])
    pages = tf.size(image_bytes)
    return answers | {
        "gradcam": maps,
        "gradcam_traces": maps / 2.0,
        "integrated_gradients": -maps,
        "scale_weights": tf.tile([[0.2, 0.3, 0.5]], [pages, 1]),
        # NaN for a black page: one of another layout.
        "lead_occlusion": tf.where(
            maps[:, 0, :1] > 0.0, tf.range(13.0)[None] / -10.0, float("nan")
        ),
        "box": tf.tile([[0.0, 0.25, 1.0, 0.75]], [pages, 1]),
    }


def ecg(base: Path, number: int = 1) -> Path:
    """Models with the signatures of `ecg` and `ecg_explain`; returns `base`."""
    save(base / "ecg" / str(number), {"serving_default": concrete(_answers, PAGES)})
    save(base / "ecg_explain" / str(number), {"serving_default": concrete(_explains, PAGES)})
    return base


MODELS_CONFIG = """model_config_list {{
  config {{ name: "half_plus_two" base_path: "{base}/half_plus_two" model_platform: "tensorflow" }}
  config {{ name: "ecg" base_path: "{base}/ecg" model_platform: "tensorflow" }}
  config {{ name: "ecg_explain" base_path: "{base}/ecg_explain" model_platform: "tensorflow" }}
  config {{ name: "kinds" base_path: "{base}/kinds" model_platform: "tensorflow" }}
  config {{
    name: "versions"
    base_path: "{base}/versions"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
    version_labels {{ key: "stable" value: 1 }}
    version_labels {{ key: "canary" value: 2 }}
  }}
}}
"""
MONITORING_CONFIG = "prometheus_config { enable: true }\n"


def write_all(base: Path) -> Path:
    """All models of the suite with their configuration files; returns `base`."""
    half_plus_two(base / "half_plus_two" / "00000123")
    kinds(base / "kinds" / "1")
    ecg(base)
    linear(base / "versions" / "1", intercept=1.0)
    linear(base / "versions" / "2", intercept=2.0)
    linear(base / "versions" / "3", intercept=3.0)  # not in the policy
    (base / "versions" / "v4").mkdir()
    (base / "models.config").write_text(MODELS_CONFIG.format(base=base))
    (base / "monitoring.config").write_text(MONITORING_CONFIG)
    return base


if __name__ == "__main__":
    write_all(Path(sys.argv[1]).resolve())
