"""Which versions a model should serve: the folders on disk and the policy of its configuration."""

import os
import re

_NUMBER = re.compile(r"[0-9]+")
LARGEST = 2**63 - 1


def versions_on_disk(base_path: str) -> dict[int, str]:
    """Version -> folder, for sub-folders whose whole name is a number; raises OSError."""
    found: dict[int, str] = {}
    with os.scandir(base_path) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if _NUMBER.fullmatch(entry.name) and entry.is_dir():
                number = int(entry.name)
                if number <= LARGEST:
                    found.setdefault(number, entry.path)
    return found


def aspired_versions(found: dict[int, str], policy) -> dict[int, str]:
    """The part of `found` that a ServableVersionPolicy asks for; none set: the latest one."""
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return found
    if choice == "specific":
        return {number: found[number] for number in policy.specific.versions if number in found}
    count = policy.latest.num_versions or 1
    return {number: found[number] for number in sorted(found)[-count:]}


def graph_size(path: str) -> int:
    """Bytes of the graph in a version's folder, by which loading takes longer or shorter; 0 if
    there is none."""
    try:
        return os.path.getsize(os.path.join(path, "saved_model.pb"))
    except OSError:
        return 0
