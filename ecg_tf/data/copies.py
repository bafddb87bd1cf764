"""Copies among the pages of a folder and where they stand, by their files' names, for JSON."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ecg_tf.data.catalogue import Page, Problem
from ecg_tf.data.fingerprint import Fingerprint
from ecg_tf.labels import LABELS


class Material(NamedTuple):
    """The readable pages of a folder; `groups` are indices of pages with the same traces."""

    root: Path
    pages: list[Page]
    marks: list[Fingerprint]
    pairs: list[tuple[int, int, float]]
    groups: list[list[int]]
    problems: list[Problem]


def leaks(found: Material, folder: Path) -> dict[str, list]:
    """What stands on two sides of the split: pages ("exact"), groups of near-duplicates that no
    single page gives away ("near"), patients ("patient"). Each with its files by side."""
    pages = found.pages
    patients = defaultdict(list)
    for page in pages:
        if page.patient:
            patients[page.patient].append(page)
    return {
        "exact": [_sides([page], folder) for page in pages if len(page.splits) > 1],
        "near": _crossing([[pages[i] for i in group] for group in found.groups], folder),
        "patient": _crossing(patients.values(), folder),
    }


def _crossing(groups: Iterable[list[Page]], folder: Path) -> list[dict]:
    """The groups on two sides of the split of which each page stands on one."""
    return [
        _sides(group, folder)
        for group in groups
        if len(set().union(*(page.splits for page in group))) > 1
        and all(len(page.splits) < 2 for page in group)
    ]


def _sides(pages: list[Page], folder: Path) -> dict[str, list[str]]:
    sides = defaultdict(list)
    for page in pages:
        for alias in page.aliases:
            if alias.split:
                sides[alias.split].append(name(alias.path, folder))
    return dict(sorted(sides.items()))


def conflicts(found: Material, folder: Path) -> list[dict[str, list[str]]]:
    """Groups of copies, exact or near, under several labels: the files by label."""
    found_ones = []
    for group in found.groups:
        files = defaultdict(list)
        for index in group:
            for alias in found.pages[index].aliases:
                files[alias.label].append(name(alias.path, folder))
        if len(files) > 1:
            found_ones.append(dict(sorted(files.items())))
    return found_ones


def near_duplicates(found: Material, folder: Path) -> list[dict]:
    """Groups of near-duplicates: a file of each page, and the least alike of the pairs."""
    alike = defaultdict(list)
    place = {index: number for number, group in enumerate(found.groups) for index in group}
    for one, _, score in found.pairs:
        alike[place[one]].append(score)
    return [
        {
            "files": [name(found.pages[index].path, folder) for index in group],
            "similarity": round(min(alike[number]), 3),
        }
        for number, group in enumerate(found.groups)
        if len(group) > 1
    ]


def counts(found: Material) -> dict[str, dict]:
    """Per label: files, different pages, groups of pages with the same traces, files by side (in
    "none" those outside a split that others have)."""
    table = {}
    split = any(page.splits for page in found.pages)
    for label in LABELS:
        aliases = [a for page in found.pages for a in page.aliases if a.label == label]
        table[label] = {
            "files": len(aliases),
            "pages": sum(label in page.labels for page in found.pages),
            "groups": sum(
                any(label in found.pages[index].labels for index in group) for group in found.groups
            ),
            "splits": dict(sorted(Counter(a.split or "none" for a in aliases if split).items())),
        }
    return table


def files(pages: list[Page], folder: Path) -> list[str]:
    """The names of all files of these pages."""
    return [name(alias.path, folder) for page in pages for alias in page.aliases]


def name(path: Path, folder: Path) -> str:
    """The path below the folder as text; bytes that are no UTF-8 are spelled out."""
    relative = path.relative_to(folder).as_posix()
    return relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
