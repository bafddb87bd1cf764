"""What is exported answers like Keras, stands alone, and appears complete or not at all."""

import io
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2

from ecg_tf.classifier import SHIPPED, calibrate, card_of, classify, prepare_page
from ecg_tf.explain.maps import explainer
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.models.gate import page_score
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.read import read_page
from serving.check import LARGEST_OF_TFLITE, check_tflite, keras_answers, prepared
from serving.embedded.errors import Code, ServingError
from serving.embedded.flags import Flags
from serving.embedded.loader import session_config
from serving.embedded.session import LoadedModel
from serving.embedded.storage import versions_on_disk
from serving.embedded.warmup import warm_up
from serving.export import MODELS, export
from serving.fold import fold_normalisations
from serving.graph import PNG
from serving.tflite import TFLITE, TfliteModel, convert
from serving.warmup_records import drawn_files
from tests.serving.small_model import STEPS, files_in, small_classifier
from tests.serving.wire_server import ROOT

SIGNATURES = {"ecg": {"serving_default", "pixels"}, "ecg_explain": {"serving_default", "png"}}


@pytest.fixture(scope="module")
def classifier():
    return small_classifier()


@pytest.fixture(scope="module")
def watched(classifier, tmp_path_factory):
    """The base of one export; and what a server would have found at any time during it."""
    base = tmp_path_factory.mktemp("export")
    over, seen = threading.Event(), []

    def watch():
        while not over.is_set():
            for name in MODELS:
                folder = base / name
                for number in versions_on_disk(str(folder)) if folder.is_dir() else {}:
                    seen.append((name, number, files_in(folder / str(number))))
            time.sleep(0.001)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        assert export(classifier, base, steps=STEPS, tflite=True) == 1
        time.sleep(0.05)  # the watcher shall see the result, too
    finally:
        over.set()
        watching.join()
    return base, seen


@pytest.fixture(scope="module")
def base(watched):
    return watched[0]


@pytest.fixture(scope="module")
def loaded(base):
    """Both models as a server holds them."""
    session = session_config(Flags())
    models = {name: LoadedModel(str(base / name / "1"), {"serve"}, session) for name in MODELS}
    yield models
    for model in models.values():
        model.close()


def call(model: LoadedModel, signature: str, value) -> dict[str, np.ndarray]:
    definition = model.signatures[signature]
    ((_, feed),) = definition.inputs.items()
    names = sorted(definition.outputs)
    found = model.run({feed.name: value}, [definition.outputs[name].name for name in names])
    return dict(zip(names, found, strict=True))


def strings(values) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_an_export_appears_complete_or_not_at_all(watched):
    base, seen = watched
    assert {(name, number) for name, number, _ in seen} == {(name, 1) for name in MODELS}
    for name, number, files in seen:
        assert files == files_in(base / name / str(number))
    assert sorted(os.listdir(base)) == sorted(MODELS)
    for name in MODELS:
        assert os.listdir(base / name) == ["1"]
        assert (base / name / "1").stat().st_mode & 0o055 == 0o055  # a server is another user


@pytest.mark.parametrize("name", MODELS)
def test_card_and_warm_up_lie_beside_the_model(base, classifier, loaded, name):
    extra = base / name / "1" / "assets.extra"
    assert json.loads((extra / "card.json").read_text()) == classifier.card
    records = tf.data.TFRecordDataset(str(extra / "tf_serving_warmup_requests"))
    specs = [
        prediction_log_pb2.PredictionLog.FromString(record).predict_log.request.model_spec
        for record in records.as_numpy_iterator()
    ]
    assert {spec.name for spec in specs} == {name}
    assert {spec.signature_name for spec in specs} == SIGNATURES[name]
    assert SIGNATURES[name] == loaded[name].signatures.keys() - {"__saved_model_init_op"}
    assert warm_up(loaded[name], str(base / name / "1")) == len(specs)


def test_files_of_different_sizes_are_answered_like_keras(classifier, loaded):
    files = drawn_files()
    assert len({read_page(data).shape for data in files}) > 1
    found = call(loaded["ecg"], "serving_default", strings(files))
    pages = prepared(classifier, files)
    raw = np.asarray(classifier.model(pages, training=False))
    expected = calibrate(raw, classifier.card["temperature"])
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
    np.testing.assert_allclose(found["page_score"], np.asarray(page_score(pages)), atol=1e-5)
    assert [label.decode() for label in found["label"]] == [
        LABELS[best] for best in expected.argmax(axis=1)
    ]


def test_the_decision_is_that_of_the_classifier(classifier, loaded):
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    files = (*drawn_files()[:2], tf.io.encode_png(noise).numpy())
    found = call(loaded["ecg"], "serving_default", strings(files))
    answers = classify(
        classifier, [prepare_page(read_page(data), classifier.size) for data in files]
    )
    assert [word.decode() for word in found["decision"]] == [one.decision for one in answers]
    assert answers[-1].decision == "refuse"
    # The two ways of preparing differ by a grey level here and there.
    expected = [list(answer.probabilities.values()) for answer in answers]
    np.testing.assert_allclose(found["probabilities"], expected, atol=0.02)


def test_pixels_are_answered_like_files(loaded):
    for data in drawn_files():
        by_file = call(loaded["ecg"], "serving_default", strings([data]))
        by_pixels = call(loaded["ecg"], "pixels", read_page(data)[None])
        assert by_file.keys() == by_pixels.keys()
        for name in ("probabilities", "page_score"):
            np.testing.assert_allclose(by_pixels[name], by_file[name], atol=1e-5)
        assert (by_file["label"], by_file["decision"]) == (
            by_pixels["label"],
            by_pixels["decision"],
        )


def test_jpeg_files_are_answered(loaded):
    page = read_page(drawn_files()[0])
    file = tf.io.encode_jpeg(page, quality=95).numpy()
    by_jpeg = call(loaded["ecg"], "serving_default", strings([file]))
    by_pixels = call(loaded["ecg"], "pixels", page[None])
    np.testing.assert_allclose(by_jpeg["probabilities"], by_pixels["probabilities"], atol=0.02)


def picture(kind: str, width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), 255).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (picture("PNG", 13_000, 5_000), "The picture has more than 60 megapixels"),
        (picture("JPEG", 13_000, 5_000), "The picture has more than 60 megapixels"),
        (PNG + b"\0\0\0\rIHDR" + b"\xff" * 8, "The picture has more than 60 megapixels"),
        (PNG, "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"", "Input is empty"),
        (b"GIF89a", "GIF"),
    ],
    ids=["png-bomb", "jpeg-bomb", "png-lie", "png-cut", "jpeg-cut", "empty", "gif"],
)
def test_files_that_are_no_page_are_refused_before_they_are_decoded(loaded, name, data, message):
    with pytest.raises(ServingError, match=message) as refused:
        call(loaded[name], "serving_default", strings([drawn_files()[0], data]))
    assert refused.value.code is Code.INVALID_ARGUMENT


def test_explanations_are_those_of_keras(classifier, loaded):
    files = drawn_files()[:2]
    found = call(loaded["ecg_explain"], "serving_default", strings(files))
    temperature = classifier.card["temperature"]
    expected = explainer(classifier.model, STEPS, temperature)(prepared(classifier, files))
    for name in ("gradcam", "gradcam_traces", "integrated_gradients"):
        assert found[name].shape == (2, *classifier.size)
        assert (found[name].min(), found[name].max()) >= (0.0, 0.0)
        np.testing.assert_allclose(found[name], expected[name], atol=2e-3)
    assert found["lead_occlusion"].shape == (2, 13)
    for name in ("lead_occlusion", "scale_weights"):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-4)
    answers = call(loaded["ecg"], "serving_default", strings(files))
    for name in ("probabilities", "page_score"):
        np.testing.assert_allclose(found[name], answers[name], atol=1e-5)
    for row, data in enumerate(files):
        box = find_paper(read_page(data).astype(np.float32))
        np.testing.assert_allclose(found["box"][row], box, atol=5e-3)


def test_png_maps_hold_the_maps(loaded):
    files = strings(drawn_files()[:1])
    maps = call(loaded["ecg_explain"], "serving_default", files)
    pictures = call(loaded["ecg_explain"], "png", files)
    assert pictures.keys() == {
        "probabilities",
        "gradcam_png_bytes",
        "integrated_gradients_png_bytes",
    }
    for name in ("gradcam", "integrated_gradients"):
        picture = tf.io.decode_png(pictures[f"{name}_png_bytes"][0]).numpy()[..., 0]
        np.testing.assert_allclose(picture / 255.0, maps[name][0], atol=0.01)


def test_a_process_with_tensorflow_alone_answers(base, classifier, tmp_path):
    """Neither Keras nor any code of ours can be imported there."""
    files = drawn_files()[:1]
    (tmp_path / "0.png").write_bytes(files[0])
    reload = ROOT / "serving" / "reload.py"
    program = (
        "import runpy, sys\n"
        "for name in ('keras', 'tf_keras', 'ecg_tf', 'serving'): sys.modules[name] = None\n"
        f"sys.argv = ['reload.py', {str(base / 'ecg' / '1')!r}, {str(tmp_path)!r}]\n"
        f"runpy.run_path({str(reload)!r})"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["alone"]
    assert found.keys() == SIGNATURES["ecg"]
    for probabilities in found.values():
        np.testing.assert_allclose(probabilities, keras_answers(classifier, files), atol=1e-5)


def test_no_normalisation_is_left_behind_a_convolution(classifier):
    """Non-trivial statistics go into kernels and biases, and the answers stay."""
    random = np.random.default_rng(3)
    model = build(classifier.card["model"], classifier.size)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    folded = fold_normalisations(model)
    kinds = [type(layer) for layer in folded.layers]
    assert keras.layers.BatchNormalization not in kinds
    assert [layer.name for layer in folded.layers] == [layer.name for layer in model.layers]
    pages = prepared(classifier, drawn_files()[:2])
    expected = np.asarray(model(pages, training=False))
    np.testing.assert_allclose(folded(pages, training=False), expected, atol=1e-5)


def test_tflite_lies_beside_the_model_and_answers_like_keras(base, classifier):
    assert check_tflite(classifier, base / "ecg" / "1" / TFLITE) < 1e-5


def test_tflite_holds_the_shipped_kind_of_network_on_any_number_of_threads(tmp_path):
    shipped = json.loads(card_of(SHIPPED).read_text())
    classifier, file = small_classifier(shipped["model"]), tmp_path / TFLITE
    convert(replace(classifier, model=fold_normalisations(classifier.model)), file)
    assert check_tflite(classifier, file) < LARGEST_OF_TFLITE
    pages = prepared(classifier, drawn_files())
    one, two = (TfliteModel(file, threads).predict(pages) for threads in (1, 2))
    np.testing.assert_allclose(one[1], np.asarray(page_score(pages)), atol=1e-5)
    for alone, together in zip(one, two, strict=True):
        np.testing.assert_allclose(together, alone, atol=1e-5)
