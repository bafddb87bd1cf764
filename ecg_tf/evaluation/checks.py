"""What stored predictions must hold; everything else is refused with file, line and value."""

import numpy as np

from ecg_tf.labels import LABELS

PROTOCOLS = ("leak-free", "published")
META = (
    "model",
    "recipe",
    "protocol",
    "folds",
    "epochs",
    "seed",
    "command",
    "data_sha256",
)
SUM_TOLERANCE = 1e-3


def check(predictions, name: str) -> None:
    """Raises ValueError if the predictions contradict themselves or their description."""
    meta = predictions.meta
    missing = [key for key in META if key not in meta]
    if missing:
        raise ValueError(f"{name}.json lacks {', '.join(missing)}.")
    if meta["protocol"] not in PROTOCOLS:
        raise ValueError(
            f"{name}.json: the protocol {meta['protocol']!r} is none of {', '.join(PROTOCOLS)}."
        )
    if predictions.name != name:
        raise ValueError(f"{name}.json describes {predictions.name}; the names must agree.")
    folds = sorted(int(fold) for fold in np.unique(predictions.fold))
    if sorted(meta["folds"]) != folds:
        raise ValueError(f"{name}.json says folds {meta['folds']}, the lines hold {folds}.")
    _check_probabilities(predictions.probabilities, name)
    _check_pages(predictions, name)


def _check_probabilities(probabilities: np.ndarray, name: str) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] != len(LABELS):
        raise ValueError(f"{name}: probabilities of shape {probabilities.shape}, not (n, 4).")
    wrong = ~(np.isfinite(probabilities) & (probabilities >= 0)).all(axis=1)
    wrong |= ~(np.abs(probabilities.sum(axis=1) - 1) <= SUM_TOLERANCE)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        values = ", ".join(f"{p:.4g}" for p in probabilities[row])
        raise ValueError(
            f"{name}, line {row + 2}: the probabilities {values} are not four numbers of at least "
            f"0 that sum to 1 (to {SUM_TOLERANCE})."
        )


def _check_pages(predictions, name: str) -> None:
    label_of: dict[str, int] = {}
    seen: set[tuple] = set()
    for page_id, label, repeat in zip(
        predictions.page_ids, predictions.labels, predictions.repeat, strict=True
    ):
        if label_of.setdefault(page_id, label) != label:
            raise ValueError(f"{name}: the page {page_id} stands under two labels.")
        if predictions.meta["protocol"] == "leak-free" and (page_id, repeat) in seen:
            raise ValueError(f"{name}: the page {page_id} is tested twice in repeat {repeat}.")
        seen.add((page_id, repeat))
