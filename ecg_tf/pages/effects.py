"""What scanners, cameras and desks do to a page, each at severities 0 (nothing) to 5.

`distort` works on any picture, drawn or real; `apply_effect` also moves the boxes of a drawn page.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ecg_tf.pages import scan, warp
from ecg_tf.pages.table import on_table

if TYPE_CHECKING:
    from ecg_tf.pages.synthetic import DrawnPage

WORST = 5
MOVING = {
    "rotation": warp.rotation,
    "perspective": warp.perspective,
    "crop": warp.crop,
    "table": on_table,
}
STILL = {
    "shadow": scan.shadow,
    "glare": scan.glare,
    "blur": scan.blur,
    "crease": scan.crease,
    "stain": scan.stain,
    "fading": scan.fading,
    "jpeg": scan.jpeg,
    "marks": scan.marks,
    "low_resolution": scan.low_resolution,
    "noise": scan.noise,
}
# A page is folded, stained and written on first, then photographed, then stored.
EFFECTS = ("fading", "stain", "marks", "crease", "rotation", "perspective", "crop")
EFFECTS += ("shadow", "glare", "blur", "noise", "low_resolution", "jpeg")
# The table comes only where it is asked for: those before it are also drawn at random.
ALL_EFFECTS = (*EFFECTS, "table")


def distort(image: np.ndarray, name: str, severity: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """The image uint8 (h, w, 3) under one effect, and where its pixels went, a matrix (3, 3).

    Severity 0 gives the image back as it is; the same generator state gives the same result.
    """
    if name not in ALL_EFFECTS:
        raise ValueError(f"effect {name!r} is not known; choose one of {', '.join(ALL_EFFECTS)}")
    if not 0 <= severity <= WORST:
        raise ValueError(f"severity is {severity}; it goes from 0 (nothing) to {WORST}")
    if severity == 0:
        return image, np.eye(3)
    if name in MOVING:
        return MOVING[name](image, severity, rng)
    return STILL[name](image, severity, rng), np.eye(3)


def weathered(image: np.ndarray, severity: int, rng) -> np.ndarray:
    """The picture under one to three effects drawn at random, the worst at `severity`."""
    names = rng.choice(EFFECTS, int(rng.integers(1, 4)), replace=False)
    for name in sorted(names, key=EFFECTS.index):
        level = severity if name == names[0] else int(rng.integers(1, severity + 1))
        image, _ = distort(image, str(name), level, rng)
    return image


def apply_effect(page: "DrawnPage", name: str, severity: int, rng) -> "DrawnPage":
    """The page under one effect, its boxes moved along; those out of sight are dropped."""
    image, matrix = distort(page.image, name, severity, rng)
    old, new = page.image.shape[:2], image.shape[:2]
    page = replace(page, image=image, effects=(*page.effects, (name, severity)))
    if name not in MOVING or severity == 0:
        return page

    def moved(box):
        return warp.move_box(box, matrix, old, new)

    leads = {key: moved(box) for key, box in page.lead_boxes.items()}
    abnormal = [(key, kind, moved(box)) for key, kind, box in page.abnormal]
    return replace(
        page,
        paper=moved(page.paper),
        lead_boxes={key: box for key, box in leads.items() if box is not None},
        abnormal=tuple(spot for spot in abnormal if spot[2] is not None),
    )


def draw_effects(page: "DrawnPage", severity: int, rng) -> "DrawnPage":
    """The page under one to three effects drawn at random, the worst of them at `severity`."""
    names = rng.choice(EFFECTS, int(rng.integers(1, 4)), replace=False)
    for name in sorted(names, key=EFFECTS.index):
        level = severity if name == names[0] else int(rng.integers(1, severity + 1))
        page = apply_effect(page, str(name), level, rng)
    return page
