"""Training under JAX, without TensorFlow: one compiled step, shared by all folds.

`keras.Model.fit` compiles anew for every model that is built, so for every fold, and for every
size of a batch. Batches have one size here: the last of an epoch is filled up with pages from the
epoch's beginning.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from ecg_tf.data.augment import DRAWS
from ecg_tf.data.pipeline import Examples, Kind, order, steps_of
from ecg_tf.training.recipes import Recipe

BATCH = 32  # of predictions and statistics
_programs: dict = {}


class Program(NamedTuple):
    """The compiled functions of one architecture under one recipe; `state` is a tuple of lists:
    the variables that are trained, those that are not, and the optimizer's."""

    step: Callable  # (state, pages, target, weight, page rows, rows, key) -> state, (loss, right)
    statistics: Callable  # (state, pages) -> what is not trained, as this batch alone has it
    predict: Callable  # (state, pages) -> (n, 4)


def fit_epochs(model, recipe: Recipe, train: Examples, validation, seed: int, first: int, keeper):
    """Trains in place from epoch `first` on; `keeper` is told of each epoch, as Keras does."""
    import jax

    made, state = program_of(model, recipe, train), state_of(model)
    callbacks = keras.callbacks.CallbackList(keeper, model=model)
    given = [jax.numpy.asarray(each) for each in (train.pages, train.target, train.weight)]
    steps = steps_of(len(train), recipe.batch)
    for epoch in range(first, recipe.epochs):
        callbacks.on_epoch_begin(epoch)
        rows = np.resize(order(len(train), epoch, seed), (steps, recipe.batch))
        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), epoch), steps)
        found = []
        for at, key in zip(rows, keys, strict=True):
            state, loss_and_right = made.step(state, *given, train.index[at], at, key)
            found.append(loss_and_right)  # not looked at yet: the next step need not wait
        loss, right = np.mean(found, axis=0)
        logs = {"accuracy": float(right), "loss": float(loss)}
        put_state(model, state)
        if validation is not None:
            logs |= validated(made, state, recipe, validation)
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break


def validated(made: Program, state, recipe: Recipe, given: Examples) -> dict[str, float]:
    """Loss and accuracy on the examples, as Keras names them."""
    p = predict_with(made, state, given.pages[given.index])
    smooth = recipe.label_smoothing
    target = given.target * (1.0 - smooth) + smooth / given.target.shape[1]
    entropy = -(target * np.log(np.clip(p, 1e-7, 1.0))).sum(axis=1)
    right = p.argmax(axis=1) == given.target.argmax(axis=1)
    return {
        "val_accuracy": float(right.mean()),
        "val_loss": float((entropy * given.weight).mean()),
    }


def settle(model, recipe: Recipe, train: Examples, rows: np.ndarray) -> None:
    """Batch statistics taken afresh from the examples at `rows`; see `ecg_tf.training.fit`."""
    made, state = program_of(model, recipe, train), state_of(model)
    steps = steps_of(len(rows), BATCH)
    batches = np.resize(rows, (steps, BATCH))
    found = [made.statistics(state, train.pages[train.index[batch]]) for batch in batches]
    means = [sum(parts) / steps for parts in zip(*found, strict=True)]
    for variable, value in zip(statistics_of(model), means, strict=True):
        variable.assign(value)


def predict(model, recipe: Recipe, train: Examples, pages: np.ndarray) -> np.ndarray:
    """What the model, trained on `train`, answers for other pages: float32 (n, 4)."""
    return predict_with(program_of(model, recipe, train), state_of(model), pages)


def predict_with(made: Program, state, pages: np.ndarray) -> np.ndarray:
    """The answers of a program in `state`, float32 (n, 4)."""
    n = len(pages)
    padded = np.resize(np.arange(n), (steps_of(n, BATCH), BATCH))
    return np.concatenate([np.asarray(made.predict(state, pages[at])) for at in padded])[:n]


def program_of(model, recipe: Recipe, train: Examples) -> Program:
    """The program of a compiled model; one that was made for another fold serves for this too."""
    policy = keras.mixed_precision.dtype_policy().name
    if policy == "mixed_float16":
        raise ValueError("mixed_float16 needs scaled losses; under JAX take mixed_bfloat16.")
    steps = steps_of(len(train), recipe.batch)  # the rate falls with them
    key = (model.name, model.input_shape, recipe, train.kind, steps, policy)
    if key not in _programs:
        _programs[key] = make_program(model, recipe, train.kind)
    return _programs[key]


def make_program(model, recipe: Recipe, kind: Kind) -> Program:
    """Traces nothing yet: each function is compiled when it is first called."""
    import jax

    loss_of = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    optimizer = model.optimizer
    moving = [
        place
        for place, variable in enumerate(model.non_trainable_variables)
        if any(variable is each for each in statistics_of(model))
    ]

    def cost(trained, rest, pages, target, weight):
        p, rest = model.stateless_call(trained, rest, pages, training=True)
        right = jax.numpy.mean(p.argmax(axis=1) == target.argmax(axis=1))
        return loss_of(target, p, weight), (rest, right)

    slope = jax.value_and_grad(cost, has_aux=True)

    @functools.partial(jax.jit, donate_argnums=0)
    def step(state, pages, target, weight, at_page, at, key):
        trained, rest, memory = state
        grey = pages[at_page]
        draws = jax.random.uniform(key, (len(at), len(DRAWS)))
        noise = jax.random.normal(jax.random.fold_in(key, 1), grey.shape)
        changed = kind.augment(grey, draws, noise, recipe.augmentation)
        (loss, (rest, right)), slopes = slope(trained, rest, changed, target[at], weight[at])
        trained, memory = optimizer.stateless_apply(memory, slopes, trained)
        return (trained, rest, memory), (loss, right)

    @jax.jit
    def statistics(state, pages):
        layers, momenta = _normalisations(model), []
        for layer in layers:  # without memory, a layer's moving statistics are those of the batch
            momenta.append(layer.momentum)
            layer.momentum = 0.0
        rest = model.stateless_call(*state[:2], kind.plain(pages), training=True)[1]
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        return [rest[place] for place in moving]

    @jax.jit
    def predict(state, pages):
        return model.stateless_call(*state[:2], kind.plain(pages), training=False)[0]

    return Program(step, statistics, predict)


def state_of(model) -> tuple[list, list, list]:
    """The values of all variables of a compiled model and its optimizer."""
    model.optimizer.build(model.trainable_variables)
    return tuple([each.value for each in group] for group in _variables(model))


def put_state(model, state) -> None:
    """Gives the variables these values."""
    for group, values in zip(_variables(model), state, strict=True):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)


def _variables(model):
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
    )


def statistics_of(model) -> list:
    """The moving means and variances, in the order in which the model lists its variables."""
    own = {
        id(variable)
        for layer in _normalisations(model)
        for variable in (layer.moving_mean, layer.moving_variance)
    }
    return [each for each in model.non_trainable_variables if id(each) in own]


def _normalisations(model) -> list:
    return [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]
