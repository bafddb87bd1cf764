#!/usr/bin/env python3
"""Trains a model by a recipe, leak-free in five folds unless told otherwise.

    scripts/train.py effnet_msa                        the paper's recipe, five leak-free folds
    scripts/train.py effnet_msa --recipe tuned -f 0    our recipe, the first fold only
    scripts/train.py effnet_msa --repeat 1             five other folds, stored beside the first
    scripts/train.py effnet_msa --protocol published   the published split, which leaks
    scripts/train.py effnet_msa --protocol all         on all pages, for shipping
    scripts/train.py mobilenet_read --recipe pretrained --initial runs/pretrained/mobilenet_read.npz

A run that was killed goes on where it was when the same command is given again.
"""

import hashlib
import shlex
import sys
from pathlib import Path

from common import data_option, fail

import click  # isort: skip
import numpy as np  # isort: skip

PROTOCOLS = ("leak-free", "published", "all")


@click.command(help=__doc__.split("\n")[0])
@click.argument("model")
@data_option
@click.option(
    "--recipe",
    "recipe_name",
    default="paper",
    show_default=True,
    help="One of ecg_tf/training/recipes.py: paper, tuned, read, pretrained, signal or kernel.",
)
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="leak-free", show_default=True)
@click.option("-f", "--fold", "wanted", type=int, multiple=True, help="Only these folds (0 to 4).")
@click.option(
    "--repeat",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Which way of dealing the pages into folds.",
)
@click.option("--epochs", type=click.IntRange(1), help="Instead of the recipe's number.")
@click.option(
    "--precision",
    type=click.Choice(("float32", "mixed_float16", "mixed_bfloat16")),
    default="float32",
    show_default=True,
)
@click.option(
    "--initial",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Weights to begin from, as scripts/pretrain.py writes them.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default="runs", show_default=True)
@click.option("--results", type=click.Path(path_type=Path), help="Where predictions are stored.")
def main(
    model,
    data,
    recipe_name,
    protocol,
    wanted,
    repeat,
    epochs,
    precision,
    initial,
    seed,
    out,
    results,
):
    from ecg_tf.data.catalogue import catalogue
    from ecg_tf.data.pipeline import load_pages
    from ecg_tf.models import MODELS
    from ecg_tf.progress import progress_bar
    from ecg_tf.training.epoch_bar import EpochBar
    from ecg_tf.training.out_of_fold import store
    from ecg_tf.training.recipes import recipe_named
    from ecg_tf.training.run import Split, check, digest_of, shortened, train_split

    try:
        recipe = shortened(recipe_named(recipe_name), epochs)
        if model not in MODELS:
            raise ValueError(f"There is no model {model!r}; the models are {', '.join(MODELS)}.")
        if (recipe.name == "pretrained") != bool(initial):
            raise ValueError("The recipe pretrained needs --initial; no other takes it.")
        found = catalogue(data)
        pages = found.clean
        check(pages, out)
        splits, facts = make_splits(pages, protocol, wanted, repeat, found.root)
    except (ValueError, OSError) as error:
        fail(str(error))
    name = f"{model}-{recipe.name}-{protocol}-{digest_of(recipe)}"
    if initial:  # from other weights it is another run
        facts["initial_sha256"] = hashlib.sha256(initial.read_bytes()).hexdigest()
        name += f"-{facts['initial_sha256'][:8]}"
    folder = out / f"{name}-s{seed}{f'-r{repeat}' if repeat else ''}"
    command = shlex.join(["scripts/train.py", model, *arguments()])
    facts |= {"protocol": protocol, "command": command, "data_sha256": found.sha256}
    folders = []
    with progress_bar() as bar:
        task = bar.add_task("reading pages", total=len(pages))
        paths = [page.path for page in pages]
        images = load_pages(paths, recipe.size, lambda: bar.advance(task))
        for fold, train, test in splits:
            label = protocol if fold is None else f"fold {fold}"
            task = bar.add_task(label, total=recipe.epochs)
            folders.append(folder / label.replace(" ", "-"))
            try:
                train_split(
                    model,
                    recipe,
                    pages,
                    images,
                    Split(label, train, test),
                    folders[-1],
                    seed + 100 * repeat + (fold or 0),
                    precision,
                    {"repeat": repeat, "fold": fold or 0, **facts},
                    (EpochBar(bar, task, label, recipe.epochs),),
                    initial,
                )
            except (ValueError, OSError, FloatingPointError) as error:
                fail(str(error))
    click.echo(f"Runs: {folder}")
    if protocol != "all":
        stored = store(folders, pages, results or folder, facts | {"seed": seed})
        click.echo(f"Stored predictions: {stored}")


def make_splits(pages, protocol: str, wanted: tuple[int, ...], repeat: int, root: Path):
    """[(fold, train, test)] and what to note of them in the record."""
    from ecg_tf.data.folds import folds, folds_sha256
    from ecg_tf.data.published import published_split

    everything = np.arange(len(pages))
    if protocol == "all":
        return [(None, everything, everything[:0])], {}
    if protocol == "published":
        train, test = published_split(root.parent / "pages.csv", pages)
        return [(None, train, test)], {}
    found = [fold for fold in folds(pages, repeats=repeat + 1) if fold.repeat == repeat]
    unknown = sorted(set(wanted) - {fold.fold for fold in found})
    if unknown:
        raise ValueError(f"There are folds 0 to {len(found) - 1}; got {unknown[0]}.")
    chosen = [fold for fold in found if not wanted or fold.fold in wanted]
    splits = [(fold.fold, fold.train, fold.test) for fold in chosen]
    return splits, {"folds_sha256": folds_sha256(pages, found)}


def arguments() -> list[str]:
    """The options as given, without the ones that only say where things lie on this machine."""
    rest, given = [], iter(sys.argv[2:])
    for word in given:
        if word in ("--data", "--out", "--results"):
            next(given, None)
        elif not word.startswith(("--data=", "--out=", "--results=")):
            rest.append(word)
    return rest


if __name__ == "__main__":
    main()
