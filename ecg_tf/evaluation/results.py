"""Stored predictions with their figures and intervals, and how the results tables name them."""

from dataclasses import dataclass

import numpy as np

from ecg_tf.evaluation.intervals import RESAMPLES, intervals
from ecg_tf.evaluation.metrics import metrics
from ecg_tf.evaluation.predictions import Predictions

DASH = "–"
FOLDS = 5
PUBLISHED = {
    "cnn": "Custom CNN",
    "mobilenet": "MobileNet",
    "resnet50": "ResNet50",
    "densenet121": "DenseNet121",
    "convnext_tiny": "ConvNeXt-Tiny",
    "densenet121_bottleneck": "DenseNet121 + bottleneck",
    "densenet121_attention": "DenseNet121 + attention",
    "effnet_msa": "EfficientNet-B0 + MSA",
}
# What the end of a model's name says of one of these eight.
ENDS = {"": "", "_read": ", page read first", "_read_beats": ", page read first, with beats"}
NAMES = {
    **{model + end: name + said for model, name in PUBLISHED.items() for end, said in ENDS.items()},
    "traces": "traces read in the graph",
    "beats": "beats measured in the graph",
    "effnet_msa_traces": "EfficientNet-B0 + MSA, traces and beats",
    "anywhere": "shipped: these three, and a part for other printers",
    "lookup": "look-up table",
    "majority": "majority class",
    "classical": "trace features + ExtraTrees",
}
# Models that are trained by more than one recipe.
SEVERAL = {"traces", *PUBLISHED, *(f"{model}_read" for model in PUBLISHED)}
# Accuracy, macro precision, recall and F1 as the paper prints them; the baselines are ours.
CLAIMS = {
    "cnn": ".72 / .70 / .68 / .69",
    "mobilenet": ".48 / .39 / .43 / .38",
    "resnet50": ".68 / .65 / .64 / .62",
    "densenet121": ".90 / .91 / .91 / .91",
    "convnext_tiny": ".26 / .06 / .25 / .10",
    "densenet121_bottleneck": ".91 / .90 / .91 / .91",
    "densenet121_attention": ".91 / .93 / .99 / .96",
    "effnet_msa": ".96 / .94 / .97 / .95",
}
PAPER = {model + end: claim for model, claim in CLAIMS.items() for end in ENDS}
TITLES = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "auroc": "AUROC",
    "log_loss": "log-loss",
    "ece": "calibration error",
}


@dataclass(frozen=True)
class Scored:
    """Stored predictions with their figures and the figures' 95 % intervals."""

    predictions: Predictions
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]

    @property
    def title(self) -> str:
        """The model's name for people, with the recipe where there are several."""
        meta = self.predictions.meta
        name = NAMES.get(meta["model"], meta["model"])
        return f"{name}, {meta['recipe']}" if meta["model"] in SEVERAL else name

    def cell(self, metric: str) -> str:
        """`0.912 [0.884, 0.938]`, or a dash for a figure that is not defined."""
        if np.isnan(self.values[metric]):
            return DASH
        low, high = self.intervals[metric]
        # Adding 0 turns -0.0 into 0.0.
        return f"{self.values[metric] + 0:.3f} [{low + 0:.3f}, {high + 0:.3f}]"


def score(predictions: Predictions, resamples: int = RESAMPLES, seed: int = 0) -> Scored:
    """The figures of the predictions with intervals."""
    data = predictions.labels, predictions.probabilities
    return Scored(
        predictions,
        metrics(*data),
        intervals(*data, predictions.page_ids, resamples, seed),
    )


def in_order(scored: list[Scored]) -> list[Scored]:
    """The models in the table's order, recipes by name, unknown models at the end."""
    return sorted(
        scored,
        key=lambda one: place(one.predictions.meta["model"], one.predictions.meta["recipe"]),
    )


def place(model: str, recipe: str) -> tuple[int, str, str]:
    """Sorts models as the table has them."""
    names = list(NAMES)
    return (names.index(model) if model in NAMES else len(names)), model, recipe


def with_protocol(scored: list[Scored], protocol: str) -> list[Scored]:
    """Those of one protocol."""
    return [one for one in scored if one.predictions.meta["protocol"] == protocol]


def extent(predictions: Predictions) -> str:
    """How much stands behind a result: `5 folds, 389 pages, 24 epochs`."""
    meta = predictions.meta
    folds = sorted(meta["folds"])
    pages = len(set(predictions.page_ids))
    if meta["protocol"] == "published":
        parts = [f"{len(predictions)} test files of {pages} pages"]
    elif len(folds) == FOLDS:
        parts = [f"{FOLDS} folds, {pages} pages"]
    else:
        parts = [f"only fold {', '.join(map(str, folds))} of {FOLDS}, {pages} pages"]
    repeats = len(set(predictions.repeat.tolist()))
    parts += [f"{repeats} repeats"] if repeats > 1 else []
    epochs = meta["epochs"]
    if epochs:
        least, most = min(epochs), max(epochs)
        parts.append(f"{least} epochs" if least == most else f"{least} to {most} epochs")
    return ", ".join(parts)
