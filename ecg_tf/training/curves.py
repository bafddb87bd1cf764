"""Loss and accuracy of a training as a picture."""

from pathlib import Path

from matplotlib.figure import Figure


def draw_curves(history: list[dict], path: Path) -> None:
    """Writes a PNG with one panel for the loss and one for the accuracy, per epoch."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    epochs = [row["epoch"] for row in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for prefix, label in (("", "training"), ("val_", "validation")):
            if prefix + name in history[0]:
                values = [row[prefix + name] for row in history]
                axes.plot(epochs, values, marker=".", label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
