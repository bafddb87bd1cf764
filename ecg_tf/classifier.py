"""The shipped model: loads it, answers for pages, and decides when to refer or refuse."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ecg_tf.explain.boxes import known_layout
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.models.gate import page_score
from ecg_tf.models.traces import READER
from ecg_tf.pages.ink import Prepared, lay_out

WEIGHTS = Path(__file__).parent / "weights"
SHIPPED = WEIGHTS / "model.weights.h5"  # which model it is stands on its card
ANSWER, REFER, REFUSE = "answer", "refer", "refuse"


@dataclass(frozen=True)
class Answer:
    """What is said about one page. `probabilities` (calibrated) follow the order of LABELS."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    page_score: float
    decision: str
    reason: str


@dataclass(frozen=True)
class Classifier:
    """A Keras model, float32 softmax out, and its card (the JSON beside the weights)."""

    model: keras.Model
    card: dict

    @property
    def size(self) -> tuple[int, int]:
        return tuple(self.card["size"])


def load(weights: Path | None = None) -> Classifier:
    """The shipped model, or the one whose weights (with the card beside them) are given.

    Raises FileNotFoundError if there are no weights or no card, ValueError if the weights are
    not those that the card describes.
    """
    weights = weights or SHIPPED
    card_path = card_of(weights)
    for path in (weights, card_path):
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {path}; train a model and ship it first.")
    card = json.loads(card_path.read_text())
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != card["weights_sha256"]:
        raise ValueError(f"{weights.name} is not the file that its card describes.")
    keras.mixed_precision.set_global_policy("float32")
    model = build(card["model"], tuple(card["size"]))
    model.load_weights(weights)
    return Classifier(model, card)


def card_of(weights: Path) -> Path:
    """Where the card of a weights file lies."""
    return weights.with_name(weights.name.removesuffix(".weights.h5") + ".json")


def prepare_page(page: np.ndarray, size: tuple[int, int]) -> Prepared:
    """What the model and the gate look at, of a page uint8 (h, w, 3)."""
    return lay_out(page.astype(np.float32), *size)


def classify(
    classifier: Classifier, pages: Sequence[Prepared], traced: bool = True
) -> list[Answer]:
    """Answers for prepared pages. Not `traced`, the first call is answered sooner and each further
    one later: for a page or two."""
    model = classifier.model
    images = np.stack([page.image for page in pages])
    raw = np.asarray(model.predict_on_batch(images) if traced else model(images, training=False))
    scores = np.asarray(page_score(np.stack([page.own for page in pages])))
    card = classifier.card
    probabilities = calibrate(raw, card["temperature"])
    legible = np.asarray(is_legible(model, images))
    given = zip(probabilities, scores, legible, strict=True)
    return [decide(row, float(score), card, bool(can)) for row, score, can in given]


def is_legible(model: keras.Model, prepared):
    """Whether the network can read prepared pages (n, height, width, 3): bool (n,).

    One that follows the traces needs the four lines of the 3 x 4 + rhythm layout, in which pages of
    some others are laid out anew; one that looks at the page as a picture takes any.
    """
    if any(layer.name == READER for layer in model.layers):
        return known_layout(prepared)
    return keras.ops.ones(keras.ops.shape(prepared)[:1], "bool")


def calibrate(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, 4) at a temperature (Guo et al. 2017): p ** (1 / t), to sum 1."""
    logits = np.log(np.clip(probabilities.astype(np.float64), 1e-12, 1.0)) / temperature
    scaled = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scaled / scaled.sum(axis=1, keepdims=True)


def decide(probabilities: np.ndarray, score: float, card: dict, legible: bool = True) -> Answer:
    """One page's answer, with the decision and its reason in one sentence."""
    best = int(np.argmax(probabilities))
    confidence = float(probabilities[best])
    if score < card["refuse_below"]:
        decision = REFUSE
        reason = (
            f"This does not look like a 12-lead ECG page (page score {score:.2f}, "
            f"at least {card['refuse_below']:.2f} is needed)."
        )
    elif not legible:
        decision = REFER
        reason = (
            "The leads were not found where one of the layouts that the model reads has them; "
            "a cardiologist should read this page."
        )
    elif confidence < card["answer_from"]:
        decision = REFER
        reason = (
            f"The confidence {confidence:.2f} is below {card['answer_from']:.2f}; "
            "a cardiologist should read this page."
        )
    else:
        decision = ANSWER
        reason = f"The confidence {confidence:.2f} is at least {card['answer_from']:.2f}."
    by_label = {name: round(float(p), 6) for name, p in zip(LABELS, probabilities, strict=True)}
    return Answer(LABELS[best], round(confidence, 6), by_label, score, decision, reason)
