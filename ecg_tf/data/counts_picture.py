"""The picture of how many files and different pages each label has."""

from pathlib import Path

from matplotlib.figure import Figure

from ecg_tf.labels import DISPLAY


def draw_counts(found: dict, path: Path) -> None:
    """Saves a PNG: per label the files, the different pages and the groups of the same traces."""
    counts = found["counts"]
    series = (
        ("files", "files", "#c5cbd8"),
        ("pages", "different pages", "#6f86b8"),
        ("groups", "different traces", "#1f3a7a"),
    )
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    axes = figure.subplots()
    for place, (kind, words, colour) in enumerate(series):
        rows = [row + 0.27 * (place - 1) for row in range(len(counts))]
        values = [count[kind] for count in counts.values()]
        bars = axes.barh(rows, values, 0.25, color=colour, label=words)
        axes.bar_label(bars, padding=3, fontsize=8)
    axes.set_yticks(range(len(counts)), [DISPLAY[label] for label in counts])
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("number")
    axes.spines[["top", "right"]].set_visible(False)
    shown = axes.get_legend_handles_labels()
    figure.legend(*shown, frameon=False, fontsize=8, ncols=3, loc="outside upper center")
    figure.savefig(path, dpi=130)
