#!/usr/bin/env python3
"""Audits a folder of pages: copies, leaks, label conflicts, shortcuts.

    scripts/audit.py DIR                  what was found, in words
    scripts/audit.py DIR --out report     report.md, report.json and counts.png there too

Exit status 0: the split is clean, or none is given; 1: it leaks; 2: the folder cannot be used.
"""

import sys
from pathlib import Path

from common import fail

import click  # isort: skip


@click.command(help=__doc__.split("\n")[0])
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the report.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default: one a core.")
def main(folder, out, workers):
    from ecg_tf.data.audit import audit
    from ecg_tf.data.report import as_markdown, verdict, write_report
    from ecg_tf.progress import progress_bar

    try:
        with progress_bar() as bar:
            found = audit(folder, workers, bar)
        paths = write_report(found, out) if out else []
    except (OSError, ValueError) as error:
        fail(str(error))
    click.echo(verdict(found) if out else as_markdown(found))
    for path in paths:
        click.echo(path)
    sys.exit(1 if found["verdict"] == "leaking" else 0)


if __name__ == "__main__":
    main()
