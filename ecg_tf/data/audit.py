"""The audit of a folder of pages: copies, leaks between the sides of a split, and shortcuts."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.progress import Progress
from scipy.cluster.hierarchy import DisjointSet

from ecg_tf.data import copies, lookup, shortcuts
from ecg_tf.data.catalogue import Catalogue, Problem, catalogue, labels_of
from ecg_tf.data.copies import Material
from ecg_tf.data.fingerprint import fingerprint
from ecg_tf.data.near import near_pairs
from ecg_tf.data.parallel import Run, cores, mapping
from ecg_tf.pages.read import PageError


def audit(folder: str | Path, workers: int | None = None, bar: Progress | None = None) -> dict:
    """All findings on a folder of pages, ready for JSON; `report` puts them into words.

    The folder is what `catalogue` takes; of our own data folder `grid/` is audited, and `whole/`
    serves the probe of header and margins. The verdict is "leaking" if a page, its near-duplicate
    or its patient stands on two sides of the given split, else "clean". Raises FileNotFoundError
    and ValueError as `catalogue` does, and ValueError if no page can be decoded.
    """
    folder = Path(folder)
    bar = bar or Progress(disable=True)
    with mapping(workers or cores(), bar) as run:
        found = _gather(folder, run, bar)
        whole = found
        if found.root != folder and (folder / "whole").is_dir():
            whole = _gather(folder / "whole", run, bar)
    return _findings(folder, found, whole)


def _findings(folder: Path, found: Material, whole: Material) -> dict:
    pages = found.pages
    leaking = copies.leaks(found, folder)
    blank = [page for page, mark in zip(pages, found.marks, strict=True) if not mark.views]
    problems = found.problems + (whole.problems if whole is not found else [])
    return {
        "folder": folder.resolve().name,
        "verdict": "leaking" if any(leaking.values()) else "clean",
        "data_sha256": Catalogue(found.root, pages, []).sha256,
        "files": sum(len(page.aliases) for page in pages),
        "pages": len(pages),
        "groups": len(found.groups),
        "counts": copies.counts(found),
        "exact_duplicates": [
            copies.files([page], folder) for page in pages if len(page.aliases) > 1
        ],
        "near_duplicates": copies.near_duplicates(found, folder),
        "leaks": leaking,
        "label_conflicts": copies.conflicts(found, folder),
        "lookup": lookup.accuracies(pages, found.groups),
        "probes": _probes(found, whole),
        "without_traces": copies.files(blank, folder),
        "problems": [
            {"path": copies.name(one.path, folder), "code": one.code, "message": one.message}
            for one in problems
        ],
    }


def _gather(folder: Path, run: Run, bar: Progress) -> Material:
    """Catalogue, fingerprints and near-duplicates of a folder."""
    found = catalogue(folder, track=lambda files: bar.track(files, description="reading files"))
    pages, marks, problems = [], [], list(found.problems)
    paths = [page.path for page in found.pages]
    for page, mark in zip(found.pages, run("decoding pages", fingerprint, paths), strict=True):
        if isinstance(mark, PageError):
            problems += [Problem(one.path, mark.code, mark.message) for one in page.aliases]
        else:
            pages.append(page)
            marks.append(mark)
    if not pages:
        raise ValueError(f"No page in {folder} can be decoded; the first: {problems[-1].message}")
    views = [view for mark in marks for view in mark.views]
    owners = np.array([index for index, mark in enumerate(marks) for _ in mark.views], int)
    loose = np.array([k > 0 for mark in marks for k in range(len(mark.views))], bool)
    pairs = near_pairs(views, owners, loose, run)
    groups = _tied(range(len(pages)), [pair[:2] for pair in pairs])
    return Material(found.root, pages, marks, pairs, groups, problems)


def _tied(items: Iterable[int], ties: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The items in groups, sorted, in which `ties` hold together."""
    sets = DisjointSet(list(items))
    for one, other in ties:
        sets.merge(one, other)
    return sorted(sorted(subset) for subset in sets.subsets())


def _probes(found: Material, whole: Material) -> dict[str, dict | str]:
    """The shortcut probes, each on one page of every group: a result, or why there is none."""
    questions: tuple[tuple[str, Material, Callable, Callable], ...] = (
        ("traces removed", found, shortcuts.background_features, lambda mark: True),
        ("header and margins", whole, shortcuts.rim_features, lambda mark: mark.rim is not None),
        ("size and format", found, shortcuts.form_features, lambda mark: True),
    )
    answers = {}
    for name, material, features, asked in questions:
        chosen = [i for i in _independent(material) if asked(material.marks[i])]
        if not chosen:
            answers[name] = "there are no whole pages, only grids without header and margins"
            continue
        labels = labels_of([material.pages[i] for i in chosen])
        result = shortcuts.probe(features([material.marks[i] for i in chosen]), labels)
        told = isinstance(result, str)
        answers[name] = result if told else asdict(result) | {"verdict": result.verdict}
    return answers


def _independent(found: Material) -> list[int]:
    """One page of each group of copies and of each patient, of those with one label."""
    first: dict[str, int] = {}
    ties = [(i, first.setdefault(p.patient, i)) for i, p in enumerate(found.pages) if p.patient]
    ties += [pair[:2] for pair in found.pairs]
    chosen = []
    for group in _tied(range(len(found.pages)), ties):
        clear = [index for index in group if len(found.pages[index].labels) == 1]
        chosen += clear[:1]
    return chosen
