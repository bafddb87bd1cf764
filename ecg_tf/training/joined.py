"""Trained networks as one: the weights of their runs, and their predictions out of fold."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecg_tf.evaluation.predictions import Predictions, of_repeats
from ecg_tf.models import PUBLISHED, build
from ecg_tf.models.joined import join

NAME = "effnet_msa_traces"
RECIPE = "joined"
# What each is joined of, and how much of each one's scores it takes: readings of the traces count
# alike, the page half as much. That was set before any fold was looked at.
SHARES = {
    NAME: {"effnet_msa": 0.2, "traces": 0.4, "beats": 0.4},
    **{f"{name}_read_beats": {f"{name}_read": 0.5, "beats": 0.5} for name in PUBLISHED},
}
# By which recipe its parts are trained; those not named here by "pretrained".
RECIPES = {"effnet_msa": "tuned", "traces": "signal", "beats": "kernel"}
RECIPES |= {"convnext_tiny_read": "read"}  # its pretraining takes hours on two cores


def shares_of(name: str) -> dict[str, float]:
    """{part: share} of the joined network `name`. Raises ValueError for one that is not joined."""
    if name not in SHARES:
        raise ValueError(f"{name!r} is not joined of others; those are {', '.join(SHARES)}.")
    return SHARES[name]


def predictions_of(name: str) -> list[str]:
    """The files that hold the predictions out of fold of the parts of the network `name`."""
    return [f"{part}-{RECIPES.get(part, 'pretrained')}-leak-free.csv" for part in shares_of(name)]


def join_runs(name: str, runs: Sequence[Path], out: Path, command: str) -> Path:
    """A run folder of the joined network `name`, made of one run of each of its parts; returns it.

    Raises ValueError for runs of other models or of different data.
    """
    shares = shares_of(name)
    records = [json.loads((run / "run.json").read_text()) for run in runs]
    found = [record["model"] for record in records]
    if found != list(shares):
        raise ValueError(
            f"The runs have to be of {' and '.join(shares)}, in this order; "
            f"got {' and '.join(found)}."
        )
    check_same("data_sha256", records)
    size = tuple(records[-1]["recipe"]["size"])
    parts = [build(record["model"], tuple(record["recipe"]["size"])) for record in records]
    for part, run in zip(parts, runs, strict=True):
        part.load_weights(run / "model.weights.h5")
    joined = build(name, size)
    join(joined, parts, tuple(shares.values()))
    out.mkdir(parents=True, exist_ok=True)
    joined.save_weights(out / "model.weights.h5")
    record = {
        **records[-1],
        "model": name,
        "recipe": {"name": RECIPE, "size": size, "shares": tuple(shares.values())},
        "protocol": " and ".join(record["protocol"] for record in records),
        "epochs": [record["epochs"] for record in records],
        "parameters": joined.count_params(),
        "parts": [record["command"] for record in records],
        "command": command,
    }
    (out / "run.json").write_text(json.dumps(record, indent=1) + "\n")
    return out


def join_predictions(name: str, parts: Sequence[Predictions], command: str) -> Predictions:
    """What the joined network `name` says out of fold: the geometric mean of its parts'
    probabilities, weighted by its shares, for each page and repeat that all have. Raises ValueError
    if their folds or data differ."""
    shares = shares_of(name)
    repeats = set.intersection(*(set(part.repeat.tolist()) for part in parts))
    parts = [of_repeats(part, repeats) for part in parts]
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
    common = [key for key in rows[-1] if all(key in each for each in rows)]
    chosen = [[each[key] for key in common] for each in rows]
    logs = [
        share * np.log(np.maximum(part.probabilities[index], 1e-7))
        for share, part, index in zip(shares.values(), parts, chosen, strict=True)
    ]
    p = np.exp(sum(logs))
    kept = {
        key: getattr(parts[-1], key)[chosen[-1]] for key in ("page_ids", "labels", "repeat", "fold")
    }
    trained = max(metas, key=lambda meta: sum(meta["epochs"]))
    meta = {
        **{key: value for key, value in metas[-1].items() if key != "repeats"},
        "model": name,
        "recipe": RECIPE,
        "shares": list(shares.values()),
        "parts": [meta["command"] for meta in metas],
        "epochs": trained["epochs"],
        "seconds": sum(meta["seconds"] for meta in metas),
        "params": sum(meta["params"] for meta in metas),
        "command": command,
    }
    return replace(parts[-1], **kept, probabilities=p / p.sum(axis=1, keepdims=True), meta=meta)


def check_same(key: str, records: list[dict]) -> None:
    """Raises ValueError unless all records have the same value."""
    values = {str(record.get(key)) for record in records}
    if len(values) > 1:
        raise ValueError(
            f"What is joined has to have one {key}; got {' and '.join(sorted(values))}."
        )
