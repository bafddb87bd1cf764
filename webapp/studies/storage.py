"""The files of the studies, one folder each under a random name, outside the web root."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from flask import current_app


def folder(storage_key: str) -> Path:
    """Where the files of a study are; `storage_key` is ours, never from a request."""
    return current_app.config["STATE"] / "studies" / storage_key[:2] / storage_key


def delete_files(storage_keys: Iterable[str]) -> None:
    """Deletes the folders; one that is gone already is fine."""
    for key in storage_keys:
        shutil.rmtree(folder(key), ignore_errors=True)


def stored_keys() -> list[str]:
    """The storage keys of all folders, for finding those that no study owns."""
    return [path.name for path in (current_app.config["STATE"] / "studies").glob("??/*")]
