"""Stored predictions: one CSV of probabilities per page, one JSON that says where they come from.

`<model>-<recipe>-<protocol>.csv` has the columns COLUMNS, one line per page and repeat
("leak-free") or per test file ("published", where a page is in the test folder several times).
Every table and picture of `docs/RESULTS.md` is made from these files.
"""

import csv
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ecg_tf.evaluation.checks import PROTOCOLS, check
from ecg_tf.labels import LABELS

KEYS = ("page_id", "label", "repeat", "fold")
COLUMNS = (*KEYS, *LABELS)
ARRAYS = ("page_ids", "labels", "repeat", "fold", "probabilities")


@dataclass(frozen=True)
class Predictions:
    """n predictions of one model, recipe and protocol.

    `page_ids` str (n,), `labels` int (n,) in the order of LABELS, `repeat` and `fold` int (n,),
    `probabilities` float (n, 4), `meta` the JSON beside the file.
    """

    page_ids: np.ndarray
    labels: np.ndarray
    repeat: np.ndarray
    fold: np.ndarray
    probabilities: np.ndarray
    meta: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "-".join(self.meta[key] for key in ("model", "recipe", "protocol"))

    def __len__(self) -> int:
        return len(self.page_ids)


def write_predictions(folder: str | Path, predictions: Predictions) -> Path:
    """Writes the CSV and the JSON into `folder` and returns the CSV's path.

    Raises ValueError for what `read_predictions` would not read back.
    """
    check(predictions, predictions.name)
    path = Path(folder) / f"{predictions.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for i in range(len(predictions)):
            writer.writerow(
                [
                    predictions.page_ids[i],
                    LABELS[predictions.labels[i]],
                    predictions.repeat[i],
                    predictions.fold[i],
                    *(f"{p:.6g}" for p in predictions.probabilities[i]),
                ]
            )
    text = json.dumps(predictions.meta, indent=2, ensure_ascii=False) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")
    return path


def read_predictions(path: str | Path) -> Predictions:
    """The predictions in a CSV and its JSON. Raises ValueError that names file, line and value."""
    path = Path(path)
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path.name} lacks the columns {', '.join(missing)}.")
        rows = [_row(row, f"{path.name}, line {reader.line_num}") for row in reader]
    if not rows:
        raise ValueError(f"{path.name} holds no predictions.")
    page_ids, labels, repeat, fold, probabilities = zip(*rows, strict=True)
    predictions = Predictions(
        np.array(page_ids),
        np.array(labels),
        np.array(repeat),
        np.array(fold),
        np.array(probabilities, dtype=float),
        _meta(path.with_suffix(".json")),
    )
    check(predictions, path.stem)
    return predictions


def read_all(folder: str | Path) -> list[Predictions]:
    """All stored predictions of a folder, by name. Raises ValueError if there is none."""
    paths = sorted(
        path for protocol in PROTOCOLS for path in Path(folder).glob(f"*-{protocol}.csv")
    )
    if not paths:
        raise ValueError(f"{folder} holds no predictions (<model>-<recipe>-<protocol>.csv).")
    return [read_predictions(path) for path in paths]


def combine(parts: list[Predictions]) -> Predictions:
    """Predictions of different folds, made in separate runs, as one.

    Raises ValueError if they differ in model, recipe, protocol, data or folds' hash, or overlap.
    """
    first = parts[0].meta
    for part in parts[1:]:
        for key in ("model", "recipe", "protocol", "data_sha256", "folds_sha256"):
            if part.meta.get(key) != first.get(key):
                raise ValueError(
                    f"Predictions with {key} {first.get(key)!r} and {part.meta.get(key)!r} cannot "
                    "be combined."
                )
    joined = {
        key: [each for part in parts for each in part.meta[key]] for key in ("folds", "epochs")
    }
    if len(set(joined["folds"])) < len(joined["folds"]):
        raise ValueError(f"A fold occurs twice: {sorted(joined['folds'])}.")
    seconds = sum(part.meta.get("seconds") or 0 for part in parts)
    return Predictions(
        *(np.concatenate([getattr(part, column) for part in parts]) for column in ARRAYS),
        {**first, **joined, "seconds": seconds},
    )


def with_other_repeats(new: Predictions, stored: Predictions) -> Predictions:
    """The lines of `new`, which are of one repeat, and those of `stored` that are of others.

    Each repeat's own description stands under "repeats" in the JSON; where that is one word for
    all, such as the command, theirs are strung together. What is stored of other data is dropped.
    """
    if stored.meta["data_sha256"] != new.meta["data_sha256"]:
        return new
    (repeat,) = (str(each) for each in np.unique(new.repeat))
    held = stored.meta.get("repeats") or {str(stored.repeat[0]): stored.meta}
    metas = {key: held[key] for key in sorted(held, key=int) if key != repeat}
    if not metas:
        return new
    metas = dict(sorted({**metas, repeat: new.meta}.items(), key=lambda item: int(item[0])))
    others = stored.repeat != int(repeat)
    columns = [
        np.concatenate([getattr(stored, name)[others], getattr(new, name)]) for name in ARRAYS
    ]
    order = np.argsort(columns[ARRAYS.index("repeat")], kind="stable")
    return Predictions(*(column[order] for column in columns), _together(metas))


def of_repeats(predictions: Predictions, repeats: Collection[int]) -> Predictions:
    """The lines of these repeats, under their own description where each repeat has one."""
    kept = np.isin(predictions.repeat, list(repeats))
    columns = (getattr(predictions, name)[kept] for name in ARRAYS)
    held = predictions.meta.get("repeats") or {}
    metas = {str(each): held[str(each)] for each in sorted(repeats) if str(each) in held}
    meta = predictions.meta
    if metas:
        meta = _together(metas) if len(metas) > 1 else next(iter(metas.values()))
    return Predictions(*columns, meta)


def _together(metas: dict[str, dict]) -> dict:
    """One description of several repeats, and each one's own."""
    each = list(metas.values())
    return {
        **each[-1],
        "folds": sorted({fold for meta in each for fold in meta["folds"]}),
        "epochs": [epochs for meta in each for epochs in meta["epochs"]],
        "seconds": sum(meta.get("seconds") or 0 for meta in each),
        "command": "; ".join(meta["command"] for meta in each),
        "folds_sha256": " ".join(meta["folds_sha256"] for meta in each),
        "repeats": metas,
    }


def per_page(
    predictions: Predictions, repeats: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(page_ids sorted, labels, probabilities): each page once, averaged over these repeats."""
    kept = np.isin(predictions.repeat, repeats)
    page_ids, first, group = np.unique(
        predictions.page_ids[kept], return_index=True, return_inverse=True
    )
    total = np.zeros((len(page_ids), len(LABELS)))
    np.add.at(total, group, predictions.probabilities[kept])
    return page_ids, predictions.labels[kept][first], total / np.bincount(group)[:, None]


def _row(row: dict[str, str], where: str) -> tuple:
    if row["label"] not in LABELS:
        raise ValueError(f"{where}: the label {row['label']!r} is none of {', '.join(LABELS)}.")
    try:
        return (
            row["page_id"],
            LABELS.index(row["label"]),
            int(row["repeat"]),
            int(row["fold"]),
            [float(row[label]) for label in LABELS],
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}.") from error


def _meta(path: Path) -> dict:
    if not path.exists():
        raise ValueError(f"{path.name} is missing; it says how the predictions were made.")
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is no JSON: {error}.") from error
    if not isinstance(meta, dict):
        raise ValueError(f"{path.name} holds no object.")
    return meta
