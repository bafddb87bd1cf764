"""Version labels: names such as "stable" that point to versions of a model."""

from serving.embedded.configs import Models as Configs
from serving.embedded.errors import Code, ServingError
from serving.embedded.versions import AVAILABLE, Version

Labels = dict[str, dict[str, int]]


def checked_labels(
    configs: Configs, before: Labels, versions: dict[str, dict[int, Version]], free: bool
) -> Labels:
    """Model -> label -> version as `configs` say; raises ServingError for a label to a version
    that is not available, unless the label is new and `free` allows that."""
    labels: Labels = {}
    for name, config in configs.items():
        for label, number in config.version_labels.items():
            version = versions.get(name, {}).get(number)
            moved = before.get(name, {}).get(label, number) != number
            available = version is not None and version.state == AVAILABLE
            if not available and (moved or not free):
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {name},"
                    " which is not currently available for inference",
                )
            labels.setdefault(name, {})[label] = number
    return labels
