"""All models: looks for versions, swaps them with no failed request, finds one for a request."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serving.embedded.configs import Models as Configs
from serving.embedded.errors import Code, ServingError, invalid
from serving.embedded.labels import checked_labels
from serving.embedded.storage import aspired_versions, graph_size, versions_on_disk
from serving.embedded.versions import (
    AVAILABLE,
    END,
    LOADING,
    START,
    UNLOADING,
    LoadPlan,
    Version,
    in_background,
)

log = logging.getLogger("serving")


class Models:
    """The models of one server. Every method may be called from any thread."""

    def __init__(self, configs: Configs, plan: LoadPlan, free_labels: bool = False):
        """`free_labels`: new labels may name versions that are not available. Raises ServingError
        for labels that may not be assigned."""
        self._plan = plan
        self._slots = threading.Semaphore(plan.at_a_time)
        self._changed = threading.Condition()
        self._reloading = threading.Lock()
        self._polling = threading.Lock()  # or a look at the folders could undo a later one
        self._configs: Configs = {}
        self._versions: dict[str, dict[int, Version]] = {}
        self._free_labels = free_labels
        self._unreadable: set[str] = set()
        self._labels = checked_labels(configs, {}, {}, free_labels)
        self._configs = configs

    @contextmanager
    def lease(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> Iterator[Version]:
        """An available version that is not unloaded while the block runs; raises ServingError."""
        with self._changed:
            version = self._find(name, number, label)
            version.users += 1
        try:
            yield version
        finally:
            with self._changed:
                version.users -= 1
                if version.users == 0 and version.state == UNLOADING:
                    self._changed.notify_all()

    def _find(self, name: str, number: int | None, label: str | None) -> Version:
        if not name:
            raise invalid("ModelSpec has no name specified.")
        if label:
            number = self._labels.get(name, {}).get(label)
            if number is None:
                raise invalid(f"Unrecognized servable version label: {label}")
        versions = self._versions.get(name, {})
        if number is None:
            ready = [v.number for v in versions.values() if v.state == AVAILABLE]
            number = max(ready, default=None)
            wanted = f"Latest({name})"
        else:
            wanted = f"Specific({name}, {number})"
        version = versions.get(number)
        if version is None or version.state != AVAILABLE:
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {wanted}")
        return version

    def statuses(self, name: str, number: int | None = None) -> list[Version]:
        """Every version seen since the start, newest first; raises ServingError."""
        with self._changed:
            versions = self._versions.get(name, {})
            if number is not None:
                if number not in versions:
                    raise ServingError(
                        Code.NOT_FOUND, f"Could not find version {number} of model {name}"
                    )
                return [versions[number]]
            if not versions:
                raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {name}")
            return sorted(versions.values(), key=lambda version: -version.number)

    def reload(self, configs: Configs, still_wanted: Callable[[], bool] = lambda: True) -> None:
        """Replaces the whole configuration and waits until its new models are available.

        Raises ServingError: for labels (then nothing has changed), or if a new model fails.
        """
        with self._reloading:
            with self._changed:
                labels = checked_labels(configs, self._labels, self._versions, self._free_labels)
                new = configs.keys() - self._configs.keys()
                self._configs, self._labels = configs, labels
            self.poll()
            self.wait_until_available(new, still_wanted)

    def poll(self) -> None:
        """Looks at the folders once and starts the loads and unloads that follow."""
        with self._polling:
            with self._changed:
                configs = dict(self._configs)
            found = {name: self._look(name, config) for name, config in configs.items()}
            with self._changed:
                for name in self._versions.keys() - self._configs.keys():
                    self._aspire(name, {})
                for name, versions in found.items():
                    # Unless a reload has come in between: it polls for itself.
                    if versions is not None and self._configs.get(name) is configs[name]:
                        self._aspire(name, versions)

    def _look(self, name: str, config) -> dict[int, str] | None:
        """The versions to serve; None if the folder cannot be read. Then what is served stays:
        a folder that vanished may be a mount that comes back."""
        try:
            found = versions_on_disk(config.base_path)
        except OSError as error:
            if name not in self._unreadable:
                log.warning("cannot look for versions of %s: %s", name, error)
            self._unreadable.add(name)
            return None
        self._unreadable.discard(name)
        return aspired_versions(found, config.model_version_policy)

    def _aspire(self, name: str, wanted: dict[int, str]) -> None:
        versions = self._versions.setdefault(name, {})
        for number, version in versions.items():
            if number not in wanted:
                version.aspired = False
            elif version.state in (START, LOADING, AVAILABLE):
                version.aspired = True
        for number in sorted(wanted, reverse=True):
            old = versions.get(number)
            # A version that failed stays END until its folder goes; one that unloads is waited for.
            if old is None or (old.state == END and not old.aspired):
                path = wanted[number]
                version = Version(name, number, path, self._changed, weight=graph_size(path))
                versions[number] = version
                in_background(self._load, version)
        if not versions:
            del self._versions[name]
        self._settle(name)
        self._changed.notify_all()

    def _load(self, version: Version) -> None:
        with self._changed:
            while version.aspired and self._lighter_ones_load(version):
                self._changed.wait(0.2)
        version.load(self._plan, self._slots)
        with self._changed:
            self._settle(version.name)

    def _lighter_ones_load(self, version: Version) -> bool:
        """Whether a smaller graph is on its way, for the first time: it goes first, and alone, so
        that a server of a light and a heavy model answers for the light one soon."""
        return any(
            other.weight < version.weight
            and other.state in (START, LOADING)
            and other.aspired
            and other.error is None
            for versions in self._versions.values()
            for other in versions.values()
        )

    def _settle(self, name: str) -> None:
        """Unloads what is no longer wanted, once something wanted serves in its place."""
        versions = self._versions.get(name, {}).values()
        wanted = [version for version in versions if version.aspired]
        if wanted and not any(version.state == AVAILABLE for version in wanted):
            return
        for version in versions:
            if version.state == AVAILABLE and not version.aspired:
                version.state = UNLOADING
                in_background(version.unload)

    def wait_until_available(
        self, names=None, still_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Returns when each model (default: all) has an available version. Raises ServingError
        with the reasons once the others have failed; an empty folder is waited for."""
        with self._changed:
            names = set(self._configs if names is None else names)
            while still_wanted():
                waiting, failed = self._missing(names)
                if not waiting:
                    break
                self._changed.wait(0.2)
            else:
                raise ServingError(Code.CANCELLED, "the client gave up waiting for new models")
        if failed:
            reasons = "".join(f"{{{reason}}}, " for reason in failed)
            raise ServingError(
                Code.UNKNOWN, f"{len(failed)} model(s) did not become available: {{{reasons}}}"
            )

    def _missing(self, names: set[str]) -> tuple[list[str], list[str]]:
        """(names still loading or without a version, reasons of those that failed)."""
        waiting, failed = [], []
        for name in sorted(names & self._configs.keys()):
            versions = [v for v in self._versions.get(name, {}).values() if v.aspired]
            if any(version.state == AVAILABLE for version in versions):
                continue
            if not versions or any(version.state != END for version in versions):
                waiting.append(name)
            else:
                newest = max(versions, key=lambda version: version.number)
                failed.append(f"name: {name} version: {newest.number} due to error: {newest.error}")
        return waiting, failed

    def close(self) -> None:
        """Unloads everything, after the requests in flight."""
        with self._changed:
            self._configs = {}
        self.poll()
        busy = (AVAILABLE, UNLOADING)
        with self._changed:
            every = [v for versions in self._versions.values() for v in versions.values()]
            self._changed.wait_for(lambda: not any(v.state in busy for v in every), timeout=10)
