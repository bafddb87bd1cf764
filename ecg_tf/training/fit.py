"""One training: compile, resume if there is something to resume, fit, keep the best weights."""

import csv
import time
from pathlib import Path

import keras
import numpy as np

from ecg_tf.data.pipeline import (
    PAGES,
    Examples,
    Kind,
    order,
    steps_of,
    tf_batches,
    whole_set,
)
from ecg_tf.training import fit_jax, state
from ecg_tf.training.recipes import Recipe

BEST = "best.weights.h5"
REST = 9  # times as long as it took to write the state pass until it is written again
SETTLED = 1024  # examples, at most, from which batch statistics are taken afresh


def fit(
    model: keras.Model,
    recipe: Recipe,
    train: Examples,
    validation: Examples | None,
    run: Path,
    seed: int,
    callbacks: tuple = (),
) -> list[dict]:
    """Trains in place and returns the history, one dict of numbers per epoch.

    With validation, the model ends with the weights of the lowest validation loss, else with the
    last. A run folder that holds a state goes on from there.
    """
    steps = steps_of(len(train), recipe.batch)
    compile_model(model, recipe, steps)
    history = state.restore(run, model)
    if not _finished(history, recipe):
        keeper = Keeper(run, recipe, history)
        run_epochs = fit_jax.fit_epochs if on_jax() else _fit_epochs
        run_epochs(model, recipe, train, validation, seed, len(history), [keeper, *callbacks])
        history = keeper.history
    if (run / BEST).exists():
        model.load_weights(run / BEST)
    if recipe.settle:
        # In the mixture that was trained on: where pages repeat, other classes prevail.
        rows = order(len(train), recipe.epochs, seed)[:SETTLED]
        if on_jax():
            fit_jax.settle(model, recipe, train, rows)
        else:
            settle(model, train.pages[train.index[rows]], train.kind)
    return history


def settle(model: keras.Model, pages: np.ndarray, kind: Kind = PAGES, batch: int = 32) -> None:
    """Replaces the moving statistics of batch normalisation by those of `pages`, (n, ...).

    The moving ones belong to augmented pages and to weights of many steps ago; in a short run
    that costs a fifth of the accuracy on clean pages. ("Precise" statistics: Wu and Johnson 2021.)
    """
    layers = [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    chunks = np.array_split(pages, max(1, len(pages) // batch))
    for number, chunk in enumerate(chunks):
        for layer in layers:
            layer.momentum = number / (number + 1)  # a plain average over the batches
        model(kind.plain(chunk), training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def compile_model(model: keras.Model, recipe: Recipe, steps: int) -> None:
    """Optimizer, loss and metrics of the recipe, `steps` batches an epoch.

    XLA only where there is a GPU: on a CPU it makes depthwise networks 5 to 15 times slower.
    """
    if recipe.batch_norm_momentum is not None:
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = recipe.batch_norm_momentum
    total = recipe.epochs * steps
    rate = recipe.learning_rate
    if recipe.cosine:
        warm = max(1, total // 10)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, total - warm), warmup_target=rate, warmup_steps=warm
        )
    optimizer = keras.optimizers.Adam(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        weighted_metrics=[],
        metrics=["accuracy"],
        jit_compile=has_gpu(),
    )


def has_gpu() -> bool:
    """Whether the backend sees a GPU."""
    devices = keras.distribution.list_devices()
    return any(name in device.lower() for device in devices for name in ("gpu", "cuda", "rocm"))


class Keeper(keras.callbacks.Callback):
    """After every epoch: history, log, best weights, now and then the state; stops when patience
    is at its end."""

    def __init__(self, run: Path, recipe: Recipe, history: list[dict]):
        super().__init__()
        self.run, self.recipe, self.history = run, recipe, list(history)
        self.save_from = 0.0  # time.perf_counter() at which the state is written again

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1, **{name: float(value) for name, value in (logs or {}).items()}}
        row["seconds"] = round(time.perf_counter() - self.started, 2)
        if not np.isfinite(row["loss"]):
            raise FloatingPointError(
                f"The loss is {row['loss']} in epoch {epoch + 1}; lower the rate or the precision."
            )
        self.history.append(row)
        losses = [each["val_loss"] for each in self.history if "val_loss" in each]
        if losses and losses[-1] == min(losses):
            part = self.run / f".{BEST}"
            self.model.save_weights(part)
            part.replace(self.run / BEST)
        write_log(self.run, self.history)
        if time.perf_counter() >= self.save_from:
            started = time.perf_counter()
            state.save(self.run, self.model, self.history)
            took = time.perf_counter() - started
            self.save_from = time.perf_counter() + REST * took
        if _finished(self.history, self.recipe):
            self.model.stop_training = True


def write_log(run: Path, history: list[dict]) -> None:
    """history.csv, whole each time, so that a resumed run never repeats a line."""
    with open(run / "history.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)


def _finished(history: list[dict], recipe: Recipe) -> bool:
    losses = [row["val_loss"] for row in history if "val_loss" in row]
    patient = recipe.patience is None or not losses
    stale = 0 if patient else len(losses) - 1 - int(np.argmin(losses))
    return len(history) >= recipe.epochs or (not patient and stale >= recipe.patience)


def on_jax() -> bool:
    """Whether Keras computes with JAX; otherwise it does with TensorFlow."""
    return keras.backend.backend() == "jax"


def _fit_epochs(model, recipe: Recipe, train, validation, seed: int, first: int, callbacks):
    steps = steps_of(len(train), recipe.batch)
    settings = {"epochs": recipe.epochs, "initial_epoch": first, "steps_per_epoch": steps}
    if validation is not None:
        settings["validation_data"] = whole_set(validation)
        settings["validation_batch_size"] = recipe.batch
    epochs = range(first, recipe.epochs)
    batches = tf_batches(train, recipe.batch, seed, epochs, recipe.augmentation)
    model.fit(batches, callbacks=callbacks, shuffle=False, verbose=0, **settings)
