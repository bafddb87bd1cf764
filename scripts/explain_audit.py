#!/usr/bin/env python3
"""Measures whether the explanations are true, and writes docs/EXPLANATIONS.md and the model card.

    scripts/explain_audit.py                          the shipped model, half an hour of one core
    scripts/explain_audit.py --run FOLD --run FOLD    real pages by networks that never saw them
    scripts/explain_audit.py --keep-real              drawn pages anew, real ones as stored
    scripts/explain_audit.py --report                 the page again, from the stored numbers

The numbers of each page are kept in --out as they come, so that a killed audit goes on where it
was. Real pages are asked of the networks of the folds in the run folders given with --run, each
on its own test pages; without any, of the audited network, and the page says that it was trained
on them. The figures are put on the card beside the audited weights (`explanations`): ship first,
audit then. Rows of methods whose code has changed are not noticed: remove --out then.
"""

import json
import math
import shlex
from pathlib import Path

from common import ROOT, fail

import click  # isort: skip

TEXT = ROOT / "docs" / "EXPLANATIONS.md"
KEPT = ROOT / "docs" / "explanations"  # pages.csv, summary.json, gallery.png
SHOWN = 2  # pages in the picture

path = click.Path(path_type=Path)
folder = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(help=__doc__.split("\n")[0])
@click.option("--weights", type=path, help="Weights with their card beside them; default: shipped.")
@click.option("--run", "runs", type=folder, multiple=True, help="Run folder of a fold.")
@click.option("--data", type=folder, envvar="ECG_TF_DATA", help="Real pages; default: the setting.")
@click.option("--pages", type=click.IntRange(3), default=30, show_default=True, help="Drawn pages.")
@click.option("--real", type=click.IntRange(0), default=12, show_default=True, help="Real pages.")
@click.option("--keep-real", is_flag=True, help="The stored numbers of real pages stay.")
@click.option("--out", type=path, default="runs/explain", show_default=True)
@click.option("--minutes", type=float, default=math.inf, help="Begin no page after so many.")
@click.option("--report", is_flag=True, help="Measure nothing.")
def main(weights, runs, data, pages, real, keep_real, out, minutes, report):
    from ecg_tf.explain.audit_report import text_of

    try:
        if not report:
            put(weights, audit(weights, runs, data, pages, real, keep_real, out, minutes))
        summary = json.loads((KEPT / "summary.json").read_text())
        # Of scripts/explain_drawn.py.
        named = [json.loads(each.read_text()) for each in sorted(KEPT.glob("drawn-*.json"))]
        TEXT.write_text(text_of(summary, named), encoding="utf-8")
    except (OSError, ValueError) as error:
        fail(str(error))
    click.echo(TEXT)
    click.echo(f"The default by these figures: {summary['default']['winner']}")


def audit(weights, runs, data, drawn, real, keep_real, out, minutes) -> dict:
    """Measures what is missing, stores all numbers and the picture in KEPT, returns the summary."""
    from functools import partial

    from PIL import Image

    from ecg_tf.data.catalogue import catalogue
    from ecg_tf.explain import audit as steps
    from ecg_tf.explain.audit_picture import gallery
    from ecg_tf.explain.audit_rows import read_rows, write_rows
    from ecg_tf.explain.audit_summary import summarise
    from ecg_tf.explain.cases import FIRST_SEED, LAYOUT
    from ecg_tf.explain.methods import METHODS, explain
    from ecg_tf.explain.references import REFERENCES, TITLES
    from ecg_tf.progress import progress_bar

    kept = stored_real() if keep_real else None
    real_pages = catalogue(data).clean if data and real and not keep_real else []
    audited, todo = steps.plan(weights, list(runs), real_pages, drawn, real)
    methods = {name: partial(_explained, explain, name) for name in METHODS} | REFERENCES
    stored = out / "pages.csv"
    with progress_bar() as bar:
        known = read_rows(stored)
        rows = steps.run(todo, methods, known, stored, bar.track, 60 * minutes)
    KEPT.mkdir(parents=True, exist_ok=True)
    write_rows(KEPT / "pages.csv", rows + (kept[0] if kept else []))
    described = {
        "model": audited.card["model"],
        "network": todo[0][0].digest,
        "command": command(weights, runs, drawn, real, keep_real),
        "first_seed": FIRST_SEED,
        "layout": LAYOUT,
        "real_pages": kept[1] if kept else said_of_real(real_pages, runs),
        "versions": versions(),
    }
    summary = summarise(read_rows(KEPT / "pages.csv"), described)
    (KEPT / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    shown = shown_pages(rows)
    picture = gallery(todo[0][0], methods, METHODS | TITLES, shown)
    few = picture.quantize(256, dither=Image.Dither.NONE)  # half the size, alike to the eye
    few.save(KEPT / "gallery.png", optimize=True)
    return summary


def _explained(explain, name, model, page, label):
    return explain(model, page, name, label)


def put(weights, summary) -> None:
    """Writes the figures on the card beside the weights."""
    from ecg_tf.classifier import SHIPPED, card_of
    from ecg_tf.explain.audit_summary import put_on_card

    card = card_of(weights or SHIPPED)
    if put_on_card(card, summary):
        click.echo(card)


def stored_real() -> tuple[list[dict], str]:
    """The rows of real pages that are stored, and what is said of them."""
    from ecg_tf.explain.audit_rows import read_rows

    said = json.loads((KEPT / "summary.json").read_text())
    rows = [row for row in read_rows(KEPT / "pages.csv") if row["kind"] == "real"]
    return rows, f"{said['real_pages'].split(' (')[0]} ({said['command'].split(' and ')[-1]})"


def command(weights, runs, drawn, real, keep_real=False) -> str:
    """What made the figures, without the paths of one machine."""
    if keep_real:
        before = json.loads((KEPT / "summary.json").read_text())["command"].split(" and ")[-1]
        return f"scripts/explain_audit.py --keep-real --pages {drawn} and {before}"
    words = ["scripts/explain_audit.py", *(["--weights", "WEIGHTS"] if weights else [])]
    words += [word for _ in runs for word in ("--run", "FOLD")]
    return shlex.join([*words, "--pages", str(drawn), "--real", str(real)])


def said_of_real(pages, runs) -> str:
    if not pages:
        return "No real page was at hand."
    if runs:
        return f"Real pages: by the networks of {len(runs)} folds, each on pages it never saw."
    return "Real pages: **the network had seen them in training**; no fold's network was at hand."


def shown_pages(rows) -> list[int]:
    """The numbers of the first drawn pages that were answered rightly, else the first ones."""
    from ecg_tf.explain.cases import FIRST_SEED

    drawn = [row for row in rows if row["kind"] == "drawn"]
    ordered = sorted(drawn, key=lambda row: (row["answer"] != row["label"], int(row["page"])))
    numbers = dict.fromkeys(int(row["page"]) - FIRST_SEED for row in ordered)
    return list(numbers)[:SHOWN]


def versions() -> dict[str, str]:
    from ecg_tf.training.run import versions as found

    return found()


if __name__ == "__main__":
    main()
