"""Trained networks as one: the weights of their runs, and their predictions out of fold."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecg_tf.evaluation.predictions import Predictions
from ecg_tf.models import build
from ecg_tf.models.joined import join

NAME = "effnet_msa_traces"
RECIPE = "joined"
PARTS = ("effnet_msa", "traces", "beats")


def join_runs(runs: tuple[Path, ...], shares: tuple[float, ...], out: Path, command: str) -> Path:
    """A run folder of the joined network, made of one run of each of its PARTS; returns it.

    Raises ValueError for runs of other models or of different data.
    """
    records = [json.loads((run / "run.json").read_text()) for run in runs]
    if tuple(record["model"] for record in records) != PARTS:
        found = " and ".join(record["model"] for record in records)
        raise ValueError(
            f"The runs have to be of {' and '.join(PARTS)}, in this order; got {found}."
        )
    check_same("data_sha256", records)
    size = tuple(records[1]["recipe"]["size"])
    parts = [build(record["model"], tuple(record["recipe"]["size"])) for record in records]
    for part, run in zip(parts, runs, strict=True):
        part.load_weights(run / "model.weights.h5")
    joined = build(NAME, size)
    join(joined, parts, shares)
    out.mkdir(parents=True, exist_ok=True)
    joined.save_weights(out / "model.weights.h5")
    record = {
        **records[1],
        "model": NAME,
        "recipe": {"name": RECIPE, "size": size, "shares": shares},
        "protocol": " and ".join(record["protocol"] for record in records),
        "epochs": [record["epochs"] for record in records],
        "parameters": joined.count_params(),
        "parts": [record["command"] for record in records],
        "command": command,
    }
    (out / "run.json").write_text(json.dumps(record, indent=1) + "\n")
    return out


def join_predictions(
    parts: tuple[Predictions, ...], shares: tuple[float, ...], command: str
) -> Predictions:
    """What the joined network says out of fold: the geometric mean of the parts' probabilities,
    weighted by `shares`, for each page and repeat that all have. Raises ValueError if their folds
    or data differ."""
    metas = [part.meta for part in parts]
    for key in ("data_sha256", "folds_sha256", "protocol"):
        check_same(key, metas)
    rows = [
        {
            key: row
            for row, key in enumerate(zip(part.page_ids, part.repeat, part.fold, strict=True))
        }
        for part in parts
    ]
    common = [key for key in rows[1] if all(key in each for each in rows)]
    chosen = [[each[key] for key in common] for each in rows]
    logs = [
        share * np.log(np.maximum(part.probabilities[index], 1e-7))
        for share, part, index in zip(shares, parts, chosen, strict=True)
    ]
    p = np.exp(sum(logs))
    kept = {
        key: getattr(parts[1], key)[chosen[1]] for key in ("page_ids", "labels", "repeat", "fold")
    }
    meta = {
        **{key: value for key, value in metas[1].items() if key != "repeats"},
        "model": NAME,
        "recipe": RECIPE,
        "shares": list(shares),
        "parts": [meta["command"] for meta in metas],
        "seconds": sum(meta["seconds"] for meta in metas),
        "params": sum(meta["params"] for meta in metas),
        "command": command,
    }
    return replace(parts[1], **kept, probabilities=p / p.sum(axis=1, keepdims=True), meta=meta)


def check_same(key: str, records: list[dict]) -> None:
    """Raises ValueError unless all records have the same value."""
    values = {str(record.get(key)) for record in records}
    if len(values) > 1:
        raise ValueError(
            f"What is joined has to have one {key}; got {' and '.join(sorted(values))}."
        )
