"""The functions that are exported: from file bytes to answers and heat maps, in TensorFlow ops.

Two groups, because gradients make a graph slow to load: `answering` for the model `ecg`,
`explaining` for `ecg_explain`. Everything is inside: decoding, finding the paper, the network, the
gate, the temperature, the decision, the maps.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from ecg_tf.classifier import ANSWER, REFER, REFUSE, Classifier, is_legible
from ecg_tf.explain.maps import explainer
from ecg_tf.labels import LABELS
from ecg_tf.models.gate import page_score
from ecg_tf.pages.graph import decode
from ecg_tf.pages.ink import Prepared, lay_out, on_page
from ecg_tf.pages.other_layouts import Found
from ecg_tf.pages.read import MAX_PIXELS

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MAPS = ("gradcam", "gradcam_traces", "integrated_gradients")
PAGES_AT_A_TIME = 2  # that are decoded; the largest allowed takes a gigabyte or two
FILES = tf.TensorSpec((None,), tf.string, name="image_bytes")
PIXELS = tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")


def answering(classifier: Classifier) -> dict[str, tuple[Callable, tf.TensorSpec]]:
    """Signatures of `ecg`: name to (function, input). Outputs as in the contract:
    `probabilities` float [n, 4], `label` and `decision` string [n], `page_score` float [n]."""
    network, size = classifier.model, classifier.size
    read = reader(size)

    @once([tf.TensorSpec((None, *size, depth), tf.float32) for depth in (3, 1)])
    def answer(prepared, own):
        return _answer(network(prepared, training=False), prepared, own, classifier)

    def files(image_bytes):
        return answer(*read(image_bytes))

    def pixels(image):
        return answer(*_each(lambda page: tf.cast(page, tf.float32), image, size)[:2])

    return {"serving_default": (files, FILES), "pixels": (pixels, PIXELS)}


def once(given: list[tf.TensorSpec]) -> Callable:
    """A decorator: a function of tensors like `given` is traced once, however many call it."""
    return tf.function(input_signature=given, autograph=False)


def reader(size: tuple[int, int]) -> Callable:
    """Files, string [n], to the network's input, float32 (n, height, width, 3), and the gate's,
    float32 (n, height, width, 1)."""
    return lambda files: _each(_decoded, files, size)[:2]


def scoring(classifier: Classifier) -> Callable:
    """Prepared pages, float32 (n, height, width, 3), to what is computed of them in numbers alone:
    `probabilities` (n, 4), calibrated, and `page_score` (n,)."""

    def score(prepared):
        raw = classifier.model(prepared, training=False)
        return {
            "probabilities": _calibrated(raw, classifier.card),
            "page_score": page_score(prepared),
        }

    return score


def explaining(classifier: Classifier, steps: int) -> dict[str, tuple[Callable, tf.TensorSpec]]:
    """Signatures of `ecg_explain`; `steps` of integrated gradients are fixed here.

    `serving_default` adds to the answer `gradcam`, `gradcam_traces` and `integrated_gradients`
    float [n, h, w] in 0..1, `lead_occlusion` float [n, 13]: how the probability of the answer
    changes without each lead and the rhythm strip, `scale_weights` float [n, 3] where the network
    has them, and `box` float [n, 4]: the part of the page that the maps cover. `png` gives the
    maps as grey PNG files.
    """
    maps = explainer(classifier.model, steps, classifier.card["temperature"])
    size = classifier.size

    @once([FILES])
    def explain(image_bytes):
        prepared, own, where = _each(_decoded, image_bytes, size)
        found = maps(prepared)
        numbers = ("lead_occlusion", "scale_weights")
        return {
            **_answer(found["probabilities"], prepared, own, classifier),
            **{name: found[name] for name in numbers if name in found},
            **{name: _on_pages(found[name], where) for name in MAPS},
            "box": where[:, :4],
        }

    def png(image_bytes):
        found = explain(image_bytes)
        return {
            "probabilities": found["probabilities"],
            "gradcam_png_bytes": _pictures(found["gradcam"]),
            "integrated_gradients_png_bytes": _pictures(found["integrated_gradients"]),
        }

    return {"serving_default": (explain, FILES), "png": (png, FILES)}


def _on_pages(heat, where):
    """Maps [n, h, w] of prepared pages as they lie on the papers; `where` [n, m] is that of
    `_each`."""

    def one(given):
        page, (*paper, tilt, aspect) = given[0], tf.unstack(given[1][:6])
        laid = Prepared(page, paper, tilt, aspect, Found(*tf.unstack(given[1][6:])), None)
        return tf.ensure_shape(on_page(page, laid, keras.ops), page.shape)

    shape = tf.TensorSpec(heat.shape[1:], tf.float32)
    return tf.map_fn(one, (heat, where), fn_output_signature=shape)


def _decoded(data):
    """The page in a file, float32 (h, w, 3). A small file can hold a huge picture, so its header
    is looked at before anything is decoded."""
    refusal = f"The picture has more than {MAX_PIXELS // 10**6} megapixels; send a smaller copy."
    with tf.control_dependencies([tf.debugging.Assert(_pixels(data) <= MAX_PIXELS, [refusal])]):
        return decode(tf.identity(data))


def _pixels(data):
    """How many pixels the file's header announces, float64; 0 for what is no picture, which the
    decoder refuses in its own words."""

    def in_png():
        sides = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.uint8)
        sides = tf.reshape(tf.cast(sides, tf.float64), (2, 4))
        return tf.reduce_prod(
            tf.linalg.matvec(sides, tf.constant([2.0**24, 2.0**16, 2.0**8, 1.0], tf.float64))
        )

    def in_jpeg():
        return tf.reduce_prod(tf.cast(tf.io.extract_jpeg_shape(data)[:2], tf.float64))

    def nothing():
        return tf.constant(0.0, tf.float64)

    png = (tf.strings.substr(data, 0, 8) == PNG) & (tf.strings.length(data) >= 24)
    jpeg = tf.strings.substr(data, 0, 3) == JPEG
    return tf.cond(png, in_png, lambda: tf.cond(jpeg, in_jpeg, nothing))


def _each(page_of: Callable, batch, size):
    """Pages of different sizes one by one, as three batches: what the network and what the gate
    looks at, float32 (n, height, width, 3) and (n, height, width, 1), and where things went,
    (n, m): the papers, tilt, aspect and what was found of other layouts."""
    shapes = ((*size, 3), (*size, 1), (6 + len(Found._fields),))

    def one(given):
        page = lay_out(page_of(given), *size, keras.ops)
        numbers = (*page.paper, page.tilt, page.aspect, *page.other)
        where = tf.stack([tf.cast(each, tf.float32) for each in numbers])
        found = zip((page.image, page.own, where), shapes, strict=True)
        return tuple(tf.ensure_shape(each, shape) for each, shape in found)

    return tf.map_fn(
        one,
        batch,
        fn_output_signature=tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes),
        parallel_iterations=PAGES_AT_A_TIME,
    )


def _answer(raw, prepared, own, classifier: Classifier) -> dict:
    """Calibrated probabilities, label, decision and page score of raw probabilities (n, 4), and of
    pages (n, h, w, 3) as the network looks at them and (n, h, w, 1) in their own layouts."""
    card = classifier.card
    probabilities = _calibrated(raw, card)
    confidence, best = tf.reduce_max(probabilities, axis=1), tf.argmax(probabilities, axis=1)
    score = page_score(own)
    enough = is_legible(classifier.model, prepared) & (confidence >= card["answer_from"])
    sure = tf.where(enough, ANSWER, REFER)
    return {
        "probabilities": probabilities,
        "label": tf.gather(tf.constant(LABELS), best),
        "decision": tf.where(score < card["refuse_below"], REFUSE, sure),
        "page_score": score,
    }


def _calibrated(raw, card: dict):
    return tf.nn.softmax(tf.math.log(tf.clip_by_value(raw, 1e-12, 1.0)) / card["temperature"])


def _pictures(maps):
    """Maps float [n, h, w] in 0..1 as grey PNG files, string [n]."""
    grey = tf.cast(tf.round(255.0 * maps[..., None]), tf.uint8)
    return tf.map_fn(tf.io.encode_png, grey, fn_output_signature=tf.TensorSpec((), tf.string))
