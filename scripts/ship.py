#!/usr/bin/env python3
"""Puts a trained model into ecg_tf/weights, with its card.

    scripts/train_elsewhere.py runs/joined --signals FOLDER          see scripts/retrain
    scripts/ship.py runs/anywhere --predictions docs/results/anywhere-widened-leak-free.csv
    scripts/explain_audit.py                                     the explanations, onto the card too

Without a RUN the weights stay, and the card of the shipped ones gets its figures anew.

Weights that are shipped have seen all pages. What they say of these pages tells nothing, so
temperature, thresholds and figures come from the out-of-fold predictions: temperature and threshold
from the first repeat of the folds, how often an answer is right from the others, if there are any.
"""

import hashlib
import json
from pathlib import Path

from common import fail

import click  # isort: skip

RIGHT_WHEN_ANSWERED = 0.97  # part of the answered pages that shall be right
MAX_BYTES = 25_000_000
LIMITS = [
    "Research use only; no diagnosis.",
    "Real pages were those of one printer and one template. For others it learnt from recordings "
    "drawn as pages, not from scans, and is wrong more often (docs/AWAY.md).",
    "It reads 3 x 4 leads with no, one or three rhythm strips, two columns of six, and twelve "
    "lines; other layouts are referred.",
    "Few different pages of myocardial infarction were to be had; see their number in data.counts.",
    "The label of a page is its folder's, not a cardiologist's second reading.",
]


@click.command(help=__doc__.split("\n")[0])
@click.argument(
    "run", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False
)
@click.option("--predictions", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--version", type=click.IntRange(1), default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Instead of ecg_tf/weights.")
def main(run, predictions, version, out):
    from ecg_tf.classifier import SHIPPED, card_of
    from ecg_tf.evaluation.predictions import read_predictions

    weights = out / SHIPPED.name if out else SHIPPED
    try:
        stored = read_predictions(predictions)
        if run is None:
            card = json.loads(card_of(weights).read_text())
            check_same(stored, card["model"], card["training"]["recipe"], card["data"]["sha256"])
            card |= measured(stored)
        else:
            record = json.loads((run / "run.json").read_text())
            check_same(stored, record["model"], record["recipe"], record["data_sha256"])
            save_alone(record, run / "model.weights.h5", weights)
            card = make_card(record, stored, version)
            card["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError) as error:
        fail(str(error))
    card_of(weights).write_text(json.dumps(card, indent=1) + "\n")
    click.echo(f"{weights}\n{card_of(weights)}")
    click.echo(f"temperature {card['temperature']}, answers from {card['answer_from']}")


def check_same(stored, model: str, recipe: dict, data: str) -> None:
    """Raises ValueError unless the predictions are of this model, recipe and data."""
    same = {"model": model, "recipe": recipe["name"], "data_sha256": data}
    for key, value in same.items():
        if stored.meta[key] != value:
            raise ValueError(f"The predictions are of {key} {stored.meta[key]}, not {value}.")


def save_alone(record: dict, trained: Path, weights: Path) -> None:
    """Copies a model's weights without the optimizer's. Raises ValueError if they are too large."""
    from ecg_tf.models import build

    model = build(record["model"], tuple(record["recipe"]["size"]))
    model.load_weights(trained)
    weights.parent.mkdir(parents=True, exist_ok=True)
    model.save_weights(weights)
    size = weights.stat().st_size
    if size > MAX_BYTES:
        weights.unlink()
        raise ValueError(f"The weights have {size} bytes; at most {MAX_BYTES} are shipped.")


def make_card(record: dict, stored, version: int) -> dict:
    """What anybody who uses the weights should know of them."""
    import numpy as np

    from ecg_tf.labels import LABELS
    from ecg_tf.models.gate import LEAST_SCORE
    from ecg_tf.models.gate import WEIGHTS as GATE

    counts = np.bincount(stored.labels[np.unique(stored.page_ids, return_index=True)[1]])
    return {
        "model": record["model"],
        "version": str(version),
        "labels": list(LABELS),
        "size": record["recipe"]["size"],
        **measured(stored),
        "refuse_below": LEAST_SCORE,
        "training": {
            key: record[key]
            for key in (
                "protocol",
                "command",
                "recipe",
                "seed",
                "epochs",
                "train_examples",
                "parameters",
            )
        },
        **({"elsewhere": record["elsewhere"]} if "elsewhere" in record else {}),
        "data": {
            "sha256": record["data_sha256"],
            "different_pages": len(set(stored.page_ids)),
            "counts": dict(zip(LABELS, counts.tolist(), strict=True)),
            "source": "ECG Images Dataset of Cardiac Patients (Khan and Hussain), CC BY 4.0",
        },
        "limits": LIMITS,
        "versions": record["versions"],
        "gate_sha256": hashlib.sha256(GATE.read_bytes()).hexdigest(),
    }


def measured(stored) -> dict:
    """Temperature, threshold and figures, from predictions out of fold."""
    import numpy as np

    from ecg_tf.evaluation.abstention import threshold_for
    from ecg_tf.evaluation.calibration import apply_temperature, cross_fitted, fit_temperature
    from ecg_tf.evaluation.predictions import of_repeats

    first, *later = np.unique(stored.repeat)
    chosen_on = of_repeats(stored, [first])
    temperature = fit_temperature(chosen_on.labels, chosen_on.probabilities)
    calibrated = apply_temperature(chosen_on.probabilities, temperature)
    threshold = threshold_for(chosen_on.labels, calibrated, RIGHT_WHEN_ANSWERED)
    # Where no confidence is high enough, nothing is answered without a cardiologist.
    answer_from = 1.0 if threshold is None else float(threshold)
    asked = of_repeats(stored, later or [first])
    calibrated = apply_temperature(asked.probabilities, temperature)
    answered = calibrated.max(axis=1) >= answer_from
    right = calibrated.argmax(axis=1) == asked.labels
    note = "threshold chosen on the first repeat, counted on the others"
    return {
        "temperature": round(temperature, 4),
        "answer_from": round(answer_from, 4),
        "metrics": {
            "protocol": "leak-free 5-fold, out of fold, by models of the same recipe; the shipped "
            "weights saw all pages and have no honest figure of their own here",
            "repeats": 1 + len(later),
            "epochs": stored.meta["epochs"],
            "command": stored.meta["command"],
            "folds_sha256": stored.meta["folds_sha256"],
            **figures(stored, cross_fitted(stored)),
            "answered": {
                "coverage": round(float(answered.mean()), 4),
                "accuracy": round(float(right[answered].mean()), 4) if answered.any() else None,
                "note": note if later else "threshold chosen on these same predictions",
            },
        },
    }


def figures(stored, probabilities) -> dict:
    """{metric: [value, low, high]}: calibrated by the temperature of the other folds."""
    from ecg_tf.evaluation.intervals import intervals
    from ecg_tf.evaluation.metrics import METRICS, metrics

    values = metrics(stored.labels, probabilities)
    spread = intervals(stored.labels, probabilities, stored.page_ids)
    wanted = (*METRICS, *(name for name in values if name.startswith("recall/")))
    return {name: [round(x, 4) for x in (values[name], *spread[name])] for name in wanted}


if __name__ == "__main__":
    main()
