#!/usr/bin/env python3
"""Checks the explanations of a model on drawn infarctions, whose truth is known.

    scripts/explain_drawn.py                     the shipped model, 120 pages
    scripts/explain_drawn.py --first 70000       others

Prints how often the named territory is the true one, how often the hottest lead is changed by the
infarction, and in how many pairs of pages the probability of infarction falls when the ST segment,
or all that the infarction changed, is put back; each with its 95 % interval (Wilson). The figures
are stored in docs/explanations/drawn-<seed of the first page>.json, from where
scripts/explain_audit.py --report takes them.
"""

import json
import shlex
import sys
from pathlib import Path

from common import ROOT, fail

import click  # isort: skip

STORED = ROOT / "docs" / "explanations"
CHANGES = {"the ST segment": ("st",), "ST segment, T wave and QRS complex": ("st", "t", "q")}


@click.command(help=__doc__.splitlines()[0])
@click.option("--first", default=50_000, show_default=True, help="Seed of the first page.")
@click.option("--pages", default=120, show_default=True, help="Pages that are drawn.")
@click.option("--weights", type=click.Path(path_type=Path), help="Default: the shipped model.")
@click.option("--out", type=click.Path(path_type=Path), help="Default: a file in docs.")
def main(first: int, pages: int, weights: Path | None, out: Path | None) -> None:
    from ecg_tf.classifier import calibrate, load, prepare_page
    from ecg_tf.explain.counterfactual import compare
    from ecg_tf.explain.doubts import INFARCTION
    from ecg_tf.explain.naming import name_territories

    try:
        classifier = load(weights)
    except (FileNotFoundError, ValueError) as error:
        fail(str(error))
    seeds = range(first, first + pages)
    named = list(name_territories(classifier, seeds))
    answered = [each for each in named if each.answer == INFARCTION]
    leads = [each.abnormal for each in answered if each.abnormal is not None]
    figures = [
        say("territory right, where infarction is the answer", [each.right for each in answered]),
        say(
            "the same without those that the text says not to rely on",
            [each.right for each in answered if not each.doubted],
        ),
        say("the same of those alone", [each.right for each in answered if each.doubted]),
        say("territory right, whatever the answer", [each.right for each in named]),
        say("hottest lead is changed, where infarction is the answer", leads),
    ]

    def answer(page):
        raw = classifier.model(prepare_page(page, classifier.size).image[None], training=False)
        return calibrate(raw.numpy(), classifier.card["temperature"])[0]

    for words, flatten in CHANGES.items():
        pairs = compare(answer, seeds, flatten)
        both = f"without {words}: less likely, "
        figures += [
            say(f"{both}where infarction is the answer", pairs.fell[pairs.answered]),
            say(f"{both}whatever the answer", pairs.fell),
        ]
    given = [word if word[:1] != "/" else Path(word).name for word in sys.argv[1:]]
    stored = {
        "command": shlex.join(["scripts/explain_drawn.py", *given]),
        "weights_sha256": classifier.card.get("weights_sha256"),
        "figures": [figure for figure in figures if figure],
    }
    out = out or STORED / f"drawn-{first}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def say(words: str, right) -> dict | None:
    """One line: how many of how many, the share and its interval; the same as a dict."""
    from scipy.stats import binomtest

    hits, count = int(sum(right)), len(right)
    if not count:
        click.echo(f"{words}: no page")
        return None
    low, high = binomtest(hits, count).proportion_ci(method="wilson")
    click.echo(f"{words}: {hits} of {count}, {hits / count:.3f} ({low:.3f} to {high:.3f})")
    return {"what": words, "hits": hits, "n": count, "low": float(low), "high": float(high)}


if __name__ == "__main__":
    main()
