"""Small folder trees of pages, for the tests of the catalogue and the audit."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from ecg_tf.data.published import times_in_test
from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw

PUBLISHED = {
    "normal": "Normal Person ECG Images (284x12=3408)",
    "myocardial_infarction": "ECG Images of Myocardial Infarction Patients (240x12=2880)",
    "history_of_mi": "ECG Images of Patient that have History of MI (172x12=2064)",
    "abnormal_heartbeat": "ECG Images of Patient that have abnormal heartbeat (233x12=2796)",
}


def noise(path: Path, number: int) -> Path:
    """A tiny picture, the same bytes for the same number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 255, (40, 48, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@cache
def drawn(seed: int, label: str = "normal", size: tuple[int, int] = (152, 262)) -> Image.Image:
    """A drawn page of the one template that all of them share."""
    page = draw(seed, label, layout="3x4+1", whole=False, size=size, style="banner")
    return Image.fromarray(page.image)


def ecg(path: Path, seed: int, label: str = "normal", **save) -> Path:
    """A drawn page as a file, the same bytes for the same arguments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(seed, label).save(path, **save)
    return path


def made_up_rows(per_label: int = 6) -> list[dict[str, str]]:
    """Rows as in pages.csv, with the published counts of copies."""
    short = {"normal": "Normal", "myocardial_infarction": "MI", "history_of_mi": "PMI"}
    period = {"normal": 142, "myocardial_infarction": 30, "history_of_mi": 86}
    rows = []
    for label in LABELS:
        for number in range(1, per_label + 1):
            numbers = [number + k * period.get(label, 0) for k in range(4)]
            stem = short.get(label, "HB")
            names = [f"{stem}({n}).jpg" for n in numbers] + [f"{stem}({number}) - Copy.jpg"]
            names = sorted(set(names))
            rows.append({"label": label, "published_names": ";".join(names)})
    return rows


def published_tree(root: Path, rows: list[dict[str, str]]) -> int:
    """The published structure: every page under all its names in train, and in test as often as
    among the originals, all of them links to drawn stand-ins. Returns the number of files."""
    count = 0
    for number, row in enumerate(rows):
        label, names = row["label"], row["published_names"].split(";")
        page = ecg(root.parent / "stand-ins" / f"{number}.png", number, label)
        tested = names[: times_in_test(label, names)]
        for side, files in (("train", names), ("test", tested)):
            folder = root / side / PUBLISHED[label]
            folder.mkdir(parents=True, exist_ok=True)
            for name in files:
                (folder / name).symlink_to(page)
                count += 1
    return count
