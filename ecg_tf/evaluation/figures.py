"""Pictures of stored predictions: confusion matrices and curves, each a PNG."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from ecg_tf.evaluation.abstention import risk_coverage
from ecg_tf.evaluation.calibration import reliability
from ecg_tf.labels import DISPLAY, LABELS

DPI = 90
# Distinct for the colour-blind (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
NAMES = [DISPLAY[label].replace(" ", "\n").replace("history\nof", "history of") for label in LABELS]


def confusion_figure(path: Path, counts: np.ndarray, title: str) -> None:
    """Counts int (4, 4), rows true, columns answered, with each row's shares as shades."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(5.8, 5.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(LABELS)):
        for column in range(len(LABELS)):
            axes.text(
                column,
                row,
                f"{counts[row, column]}\n{shares[row, column]:.0%}",
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.55 else "black",
            )
    axes.set_xticks(range(len(LABELS)), NAMES, fontsize=8)
    axes.set_yticks(range(len(LABELS)), NAMES, fontsize=8)
    axes.set(xlabel="answer", ylabel="label")
    axes.set_title(title, fontsize=10)
    figure.savefig(path, dpi=DPI)


def curves_figure(path: Path, labels: np.ndarray, probabilities: np.ndarray, title: str) -> None:
    """ROC per class, reliability with the number of pages, and risk against coverage."""
    figure = Figure(figsize=(12.5, 4.2), layout="constrained")
    roc, calibration, abstention = figure.subplots(1, 3)
    _roc(roc, labels, probabilities)
    _reliability(calibration, labels, probabilities)
    _risk(abstention, {"": (labels, probabilities)})
    figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=DPI)


def risk_figure(path: Path, models: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Risk against coverage of several models: {name: (labels, probabilities)}."""
    figure = Figure(figsize=(9.5, 5.0), layout="constrained")
    axes = figure.subplots()
    _risk(axes, models)
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=DPI)


def intervals_figure(path: Path, rows: dict[str, tuple[float, float, float]], metric: str) -> None:
    """One line per model with its 95 % interval: {name: (value, low, high)}, first on top."""
    figure = Figure(figsize=(7.5, 1.2 + 0.32 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (value, low, high) in enumerate(rows.values()):
        axes.plot([low, high], [place, place], color=COLOURS[0], linewidth=2)
        axes.plot(value, place, "o", color=COLOURS[0])
    axes.set_yticks(range(len(rows)), list(rows), fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"{metric}, leak-free, with 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=DPI)


def _roc(axes: Axes, labels: np.ndarray, probabilities: np.ndarray) -> None:
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for c, label in enumerate(LABELS):
        positive = labels == c
        if positive.any() and not positive.all():
            false, true, _ = roc_curve(positive, probabilities[:, c])
            axes.plot(false, true, color=COLOURS[c], label=f"{DISPLAY[label]} ({positive.sum()})")
    axes.set(
        xlabel="false positive rate", ylabel="true positive rate", title="one against the rest"
    )
    axes.set_aspect("equal")
    if len(axes.lines) > 1:  # with a single class there is no curve to name
        axes.legend(fontsize=7, loc="lower right")


def _reliability(axes: Axes, labels: np.ndarray, probabilities: np.ndarray) -> None:
    confidence, accuracy, count = reliability(labels, probabilities)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot(confidence, accuracy, color=COLOURS[0], linewidth=1)
    axes.scatter(confidence, accuracy, s=12 + 300 * count / count.sum(), color=COLOURS[0])
    for x, y, n in zip(confidence, accuracy, count, strict=True):
        below = y > 0.1
        axes.annotate(
            str(n),
            (x, y),
            (0, -15 if below else 8),
            textcoords="offset points",
            fontsize=7,
            ha="center",
        )
    axes.set(xlabel="confidence", ylabel="accuracy", title="reliability (numbers: pages)")
    axes.set(xlim=(0, 1.03), ylim=(0, 1.03))
    axes.set_aspect("equal")


def _risk(axes: Axes, models: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    highest = 0.01
    for place, (name, (labels, probabilities)) in enumerate(models.items()):
        coverage, risk = risk_coverage(labels, probabilities)
        # Later ones thinner, so that equal curves show through each other.
        look = {"linewidth": max(0.8, 2.0 - 0.15 * place), "color": COLOURS[place % len(COLOURS)]}
        style = "-" if place < len(COLOURS) else "--"
        axes.plot(coverage, risk, style, label=name, drawstyle="steps-post", **look)
        highest = max(highest, float(risk.max()))
    axes.set(xlabel="part of pages answered, surest first", ylabel="part of those wrong")
    axes.set(xlim=(0, 1), title="risk and coverage")
    axes.set_ylim(0, 1.1 * highest)
    axes.grid(alpha=0.3)
