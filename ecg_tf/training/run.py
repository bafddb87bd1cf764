"""One model on one split of the pages: a run folder with everything needed to repeat it."""

import contextlib
import hashlib
import json
import platform
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

import ecg_tf
from ecg_tf.data.catalogue import Page, labels_of
from ecg_tf.data.folds import hold_out
from ecg_tf.data.pipeline import PAGES, SIGNALS, Examples, Kind
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.models.traces import READER
from ecg_tf.training import fit_jax
from ecg_tf.training.curves import draw_curves
from ecg_tf.training.fit import fit, on_jax
from ecg_tf.training.initial import begin_from
from ecg_tf.training.kernel import fit_kernel
from ecg_tf.training.recipes import Recipe

LEAST_DISK = 500_000_000  # bytes: the state of the largest model, twice
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
PROBABILITIES = "probabilities.npy"


@dataclass(frozen=True)
class Split:
    """What one run trains on and is tested on: indices into the pages, repeats allowed."""

    name: str
    train: np.ndarray
    test: np.ndarray


def check(pages: list[Page], out: Path) -> None:
    """Raises before the first epoch what would only fail later: ValueError, OSError."""
    present = {page.label for page in pages}
    missing = [label for label in LABELS if label not in present]
    if missing:
        raise ValueError(f"The data holds no page of {', '.join(missing)}; all four are needed.")
    out.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(out).free
    if free < LEAST_DISK:
        raise OSError(
            f"{free / 1e6:.0f} MB are free where the runs are kept; "
            f"{LEAST_DISK / 1e6:.0f} MB are needed."
        )


def examples(pages, images, index, balance: float, kind: Kind = PAGES) -> Examples:
    """The examples at `index`, weighted by inverse class frequency to the power `balance`.

    The weights average 1, so the rate means the same for every power.
    """
    labels = labels_of(pages)
    counts = np.bincount(labels[index], minlength=len(LABELS))
    per_class = (len(index) / np.maximum(counts, 1)) ** balance
    weight = per_class[labels[index]]
    weight = (weight / weight.mean()).astype(np.float32)
    target = np.eye(len(LABELS), dtype=np.float32)[labels[index]]
    return Examples(images, np.asarray(index, dtype=np.int64), target, weight, kind)


def train_split(
    model_name: str,
    recipe: Recipe,
    pages: list[Page],
    images: np.ndarray,
    split: Split,
    out: Path,
    seed: int,
    precision: str = "float32",
    facts: dict | None = None,
    callbacks: tuple = (),
    initial: Path | None = None,
) -> dict:
    """Trains one model on one split, from the weights in `initial` if given (see `begin_from`), and
    returns the run's record.

    The folder `out` receives run.json, history.csv, curves.png, the TensorBoard log, the weights
    and, if there is something to test on, the probabilities of the test pages. A run that was
    killed is taken up where it was; one that is finished is not run again.
    """
    out.mkdir(parents=True, exist_ok=True)
    if (out / "run.json").exists():
        return json.loads((out / "run.json").read_text())
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}.")
    keras.backend.clear_session()  # the model of the fold before
    keras.mixed_precision.set_global_policy(precision)
    keras.utils.set_random_seed(seed)
    fit_index, validation_index = split.train, None
    if recipe.validation:
        fit_index, validation_index = hold_out_examples(pages, split, recipe.validation, seed)
    with devices():
        whole = model = build(model_name, recipe.size)
        if initial:
            begin_from(whole, initial)
        kind = PAGES
        if READER in [layer.name for layer in model.layers]:
            # The reading has nothing to learn, so it is done once.
            reader = keras.Model(model.input, model.get_layer(READER).output)
            model = keras.Model(reader.output, whole.output, name=f"{model_name}_signals")
            kind, images = SIGNALS, predict(reader, images)
        train = examples(pages, images, fit_index, recipe.balance, kind)
        validation = None
        if validation_index is not None:
            validation = examples(pages, images, validation_index, recipe.balance, kind)
        if recipe.kernel:
            started = time.perf_counter()
            signals = images[fit_index]
            fit_kernel(model, signals, train.target, train.weight, recipe.kernel, seed)
            history = [{"seconds": time.perf_counter() - started}]
        else:
            history = fit(model, recipe, train, validation, out, seed, (*callbacks, *_boards(out)))
            draw_curves(history, out / "curves.png")
    whole.save_weights(out / "model.weights.h5")
    if len(split.test):
        if on_jax() and not recipe.kernel:
            answers = fit_jax.predict(model, recipe, train, images[split.test])
        else:
            answers = predict(model, images[split.test], kind)
        np.save(out / PROBABILITIES, answers)
    record = {
        "model": model_name,
        "recipe": asdict(recipe),
        "split": split.name,
        "seed": seed,
        "precision": precision,
        "epochs": recipe.epochs and len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "parameters": whole.count_params(),
        "train_examples": len(fit_index),
        "test_pages": [pages[index].page_id for index in split.test],
        "versions": versions(),
        **(facts or {}),
    }
    # Written last: it says that the run is finished.
    (out / "run.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "state.npz").unlink(missing_ok=True)
    (out / "best.weights.h5").unlink(missing_ok=True)
    return record


def hold_out_examples(pages, split: Split, part: float, seed: int):
    """Training indices parted by group; where pages repeat (the published split), by file, as
    its authors did: their validation leaks too."""
    if len(set(split.train)) == len(split.train):
        return hold_out(pages, split.train, part, seed)
    shuffled = np.random.default_rng(seed).permutation(split.train)
    kept = round(part * len(shuffled))
    return shuffled[kept:], shuffled[:kept]


def predict(
    model: keras.Model, images: np.ndarray, kind: Kind = PAGES, batch: int = 32
) -> np.ndarray:
    """What the model answers, (n, ...), for examples of one kind, by default pages (n, h, w)."""
    parts = [
        np.asarray(model.predict_on_batch(kind.plain(images[start : start + batch])))
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def devices():
    """A scope that mirrors the model on all GPUs (or all configured CPUs) of this machine."""
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < 2:
        return contextlib.nullcontext()
    return tf.distribute.MirroredStrategy([device.name for device in found]).scope()


def versions() -> dict[str, str]:
    """What a figure depends on besides data, code and seed."""
    found = {
        "ecg_tf": ecg_tf.__version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "numpy": np.__version__,
    }
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        found["tensorflow"] = tf.__version__
    return found


def digest_of(recipe: Recipe) -> str:
    """A short name of the recipe's values: a changed recipe gets another folder."""
    return hashlib.sha256(json.dumps(asdict(recipe)).encode()).hexdigest()[:8]


def shortened(recipe: Recipe, epochs: int | None) -> Recipe:
    """The recipe with another number of epochs."""
    return recipe if epochs is None else replace(recipe, epochs=epochs)


def _boards(out: Path) -> list:
    if keras.backend.backend() != "tensorflow":
        return []  # Keras writes TensorBoard logs with TensorFlow only
    return [keras.callbacks.TensorBoard(log_dir=out / "tensorboard", write_graph=False)]
