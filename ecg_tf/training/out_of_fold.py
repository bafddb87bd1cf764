"""From finished runs to the stored predictions that every published figure is computed from."""

import json
from pathlib import Path

import numpy as np

from ecg_tf.data.catalogue import Page
from ecg_tf.evaluation.predictions import (
    Predictions,
    read_predictions,
    with_other_repeats,
    write_predictions,
)
from ecg_tf.labels import LABELS
from ecg_tf.training.run import PROBABILITIES


def store(folders: list[Path], pages: list[Page], out: Path, facts: dict) -> Path:
    """Gathers the runs of one model, one recipe, one protocol and one repeat of the folds.

    `facts` (seed, protocol, command, hashes) go into the JSON beside the CSV whose path is
    returned. Lines of other repeats that the CSV already holds stay in it.
    """
    label_of = {page.page_id: LABELS.index(page.label) for page in pages}
    records = [json.loads((folder / "run.json").read_text()) for folder in folders]
    tested = [page_id for record in records for page_id in record["test_pages"]]
    counts = [len(record["test_pages"]) for record in records]
    first = records[0]
    meta = {
        "model": first["model"],
        "recipe": first["recipe"]["name"],
        "folds": [record["fold"] for record in records],
        "epochs": [record["epochs"] for record in records],
        "params": first["parameters"],
        "seconds": round(sum(record["seconds"] for record in records)),
        "size": first["recipe"]["size"],
        "versions": first["versions"],
        **facts,
    }
    predictions = Predictions(
        np.array(tested),
        np.array([label_of[page_id] for page_id in tested]),
        np.repeat([record["repeat"] for record in records], counts),
        np.repeat([record["fold"] for record in records], counts),
        np.concatenate([np.load(folder / PROBABILITIES) for folder in folders]).astype(float),
        meta,
    )
    path = out / f"{predictions.name}.csv"
    if path.exists():
        predictions = with_other_repeats(predictions, read_predictions(path))
    return write_predictions(out, predictions)
