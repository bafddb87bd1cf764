"""Keras model -> SavedModel version directories that TensorFlow Serving loads.

Written under a name that the server ignores, synced, then renamed: an export that is killed
leaves nothing that a server would load.
"""

import json
import os
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

from ecg_tf.classifier import Classifier
from serving.check import check_reloaded, check_tflite
from serving.fold import fold_normalisations
from serving.graph import answering, explaining
from serving.saved_model import save
from serving.tflite import TFLITE, convert
from serving.warmup_records import write_warmup

ANSWERS, EXPLAINS = MODELS = ("ecg", "ecg_explain")
CARD = "card.json"


def export(
    classifier: Classifier,
    base: Path,
    version: int | None = None,
    steps: int = 32,
    tflite: bool = False,
) -> int:
    """Writes `<base>/ecg/<N>/` and `<base>/ecg_explain/<N>/` and returns N, by default the next
    free number.

    `steps` of integrated gradients are fixed in the graph; `tflite` adds `ecg/<N>/model.tflite`.
    Raises FileExistsError for a version that is there, ValueError for `steps` that are no
    multiple of 8 and for a reloaded graph that answers differently from Keras; then nothing is
    left behind.
    """
    version = next_version(base) if version is None else version
    targets = {name: base / name / str(version) for name in MODELS}
    for target in targets.values():
        if target.exists():
            raise FileExistsError(f"{target} is there; choose another version.")
    folded = replace(classifier, model=fold_normalisations(classifier.model))
    groups = {ANSWERS: answering(folded), EXPLAINS: explaining(folded, steps)}
    parts = {name: _unfinished(target) for name, target in targets.items()}
    try:
        for name, part in parts.items():
            _write(folded, name, groups[name], part)
            check_reloaded(classifier, part, pages=4 if name == ANSWERS else 1)
        if tflite:
            convert(folded, parts[ANSWERS] / TFLITE)
            check_tflite(classifier, parts[ANSWERS] / TFLITE)
        for part in parts.values():
            _sync(part)
        # The explaining model first: whoever sees a new `ecg` finds its explanations.
        for name in reversed(MODELS):
            os.rename(parts[name], targets[name])
        for name in MODELS:
            _sync_folder(base / name)
    finally:
        for part in parts.values():
            shutil.rmtree(part, ignore_errors=True)
    return version


def next_version(base: Path) -> int:
    """One more than the highest version of either model; 1 where there is none."""
    folders = [path for name in MODELS for path in (base / name).glob("*")]
    return 1 + max((int(path.name) for path in folders if path.name.isdecimal()), default=0)


def _unfinished(target: Path) -> Path:
    """Where the version is written: beside `target`, under a name that is no number."""
    return target.with_name(f".{target.name}.part-{secrets.token_hex(4)}")


def _write(classifier: Classifier, name: str, signatures: dict, part: Path) -> None:
    """The SavedModel in the folder `part`, with warm-up requests and card."""
    part.mkdir(parents=True)
    save(classifier.model, signatures, part)
    extra = part / "assets.extra"
    extra.mkdir()
    write_warmup(extra / "tf_serving_warmup_requests", name, signatures)
    (extra / CARD).write_text(json.dumps(classifier.card, indent=1) + "\n")


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync_folder(path) if path.is_dir() else _sync_file(path)


def _sync_file(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
