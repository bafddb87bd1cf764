"""Draws labelled 12-lead ECG pages without end, each with its truth, the same for the same seed."""

from dataclasses import dataclass, fields

import numpy as np

from ecg_tf.labels import LABELS
from ecg_tf.pages.effects import draw_effects
from ecg_tf.pages.grid import grid_paper, print_ink
from ecg_tf.pages.header import frame, paper_box, write_on_grid
from ecg_tf.pages.layout import WHOLE, Box
from ecg_tf.pages.paper import draw_strips, ink_mask, lay_out
from ecg_tf.pages.recordings import as_printed
from ecg_tf.pages.signals import Signal, simulate
from ecg_tf.pages.styles import ASKED_FOR, LAYOUT_ODDS, LAYOUTS, Style, draw_style
from ecg_tf.pages.truth import abnormal_boxes

CROP = (608, 1046)  # usual (height, width) of a bare grid
PAGE = (786, 1106)  # and of a whole page
SMALLEST = 64  # pixels; below it no lead is left to see


@dataclass(frozen=True)
class DrawnPage:
    """A page and everything that is true of it. Boxes are in fractions of the image."""

    image: np.ndarray  # uint8 (h, w, 3)
    label: str | None
    rhythm: str | None  # a key of `cases.RHYTHMS`; None: not known
    territory: str | None  # one of `infarction.TERRITORIES`
    stage: str | None  # hyperacute, acute, evolving, old
    layout: str
    paper: Box
    lead_boxes: dict[str, Box]  # by lead; the strips are "rhythm", "rhythm2", "rhythm3"
    abnormal: tuple[tuple[str, str, Box], ...]  # (key of lead_boxes, kind, box)
    signal: np.ndarray  # float32 (samples, 12), mV
    fs: float
    waves: np.ndarray | None  # float32 (12, 3): ST level, Q depth, T height, mV; None: not known
    strips: tuple[str, ...]  # the leads shown in the rhythm strips
    gain: float  # mm/mV
    speed: float  # mm/s
    style: str
    effects: tuple[tuple[str, int], ...] = ()  # (name, severity) in the order they were applied
    variant: str | None = None  # one of `cases.LOOKALIKES`, that a healthy heart may show

    def truth(self) -> dict:
        """Everything but the pixels and the signal, as plain values for JSON."""
        kept = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("image", "signal", "waves")
        }
        return kept | {"waves": None if self.waves is None else self.waves.round(4).tolist()}


def draw(
    seed: int,
    label: str | None = None,
    layout: str | None = None,
    severity: int = 0,
    size: tuple[int, int] | None = None,
    whole: bool | None = None,
    *,
    style: str | None = None,
    rhythm: str | None = None,
    territory: str | None = None,
    flatten: tuple[str, ...] = (),
) -> DrawnPage:
    """A drawn page with a simulated signal; every argument left at None is drawn at random.

    `size` is (height, width) of the image. `severity` 0 leaves the page as printed, 1 to 5 lay
    one to three effects of a scan or photograph over it. `whole` adds the header and the margins,
    False gives the bare grid. `flatten` (of "st", "t", "q") draws the same page with these
    changes of an infarction left out.
    """
    _check(seed, layout, severity, size)
    truth = simulate(seed, label, rhythm, territory, flatten)
    return _draw(truth, seed, layout, severity, size, whole, style)


def draw_signal(
    signal: np.ndarray,
    fs: float,
    label: str | None,
    seed: int,
    layout: str | None = None,
    severity: int = 0,
    size: tuple[int, int] | None = None,
    whole: bool | None = None,
    *,
    style: str | None = None,
    rhythm: str | None = None,
    filtered: bool = True,
) -> DrawnPage:
    """A page drawn from a recorded signal (samples, 12) in mV at `fs` Hz; see `draw`.

    The first 10 seconds (5 at 50 mm/s) are shown; a shorter record leaves the rest of the paper
    empty. `filtered` takes out wander and hum as a printer would. What is not known of the record
    stays None or empty in the page's truth.
    """
    _check(seed, layout, severity, size)
    signal = np.asarray(signal, np.float32)
    if signal.ndim != 2 or signal.shape[1] != 12 or len(signal) < fs:
        raise ValueError(
            f"signal is {signal.shape} at {fs} Hz; need (samples, 12), a second or more"
        )
    if not np.isfinite(signal).all():
        raise ValueError("signal holds values that are not finite; fill or cut them first")
    if label is not None and label not in LABELS:
        raise ValueError(f"label {label!r} is not known; choose one of {', '.join(LABELS)}")
    if filtered:
        signal = as_printed(np.random.default_rng([seed, 4]), signal, fs)
    truth = Signal(signal, fs, label, rhythm)
    return _draw(truth, seed, layout, severity, size, whole, style)


def _draw(truth: Signal, seed: int, layout, severity, size, whole, style) -> DrawnPage:
    rng = np.random.default_rng([seed, 2])
    drawn_layout = str(rng.choice(LAYOUTS, p=LAYOUT_ODDS))
    layout = layout or drawn_layout
    drawn_whole = bool(rng.random() < 0.4)
    whole = drawn_whole if whole is None else whole
    look = draw_style(rng, style)
    gain, speed = _scale(rng, look, layout)
    strips = draw_strips(rng, layout)
    size = size or (PAGE if whole else CROP)
    box = paper_box(rng, look, size) if whole else WHOLE
    left, top, right, bottom = box.pixels(size[1], size[0])
    sheet = lay_out(layout, look, (bottom - top, right - left), gain, speed, strips)
    start = tuple(rng.uniform(0.0, 5.0 * sheet.scale, 2))
    printed = f"{speed:g} mm/s   {gain:g} mm/mV"
    on_grid = whole and look.header == "grid"
    image = grid_paper(size if on_grid else (sheet.height, sheet.width), sheet.scale, look, start)
    part = image[top:bottom] if on_grid else image  # whole rows: a view that ink goes through
    print_ink(part, ink_mask(sheet, truth.signal, truth.fs), look.trace)
    if on_grid:
        image = write_on_grid(rng, look, box, image, printed)
    elif whole:
        image = frame(rng, look, size, box, image, printed)
    page = DrawnPage(
        image=image,
        label=truth.label,
        rhythm=truth.rhythm,
        territory=truth.territory,
        stage=truth.stage,
        layout=layout,
        paper=WHOLE if on_grid else box,
        lead_boxes={cell.key: sheet.box(cell).within(box) for cell in sheet.cells},
        abnormal=tuple(abnormal_boxes(truth, sheet, box)),
        signal=truth.signal,
        fs=float(truth.fs),
        waves=truth.waves,
        strips=strips,
        gain=gain,
        speed=speed,
        style=look.name,
        variant=truth.variant,
    )
    effects = np.random.default_rng([seed, 3])
    return draw_effects(page, severity, effects) if severity else page


def _check(seed: int, layout, severity: int, size) -> None:
    if seed < 0:
        raise ValueError(f"seed is {seed}; it must be 0 or more")
    known = (*LAYOUTS, *ASKED_FOR)
    if layout is not None and layout not in known:
        raise ValueError(f"layout {layout!r} is not known; choose one of {', '.join(known)}")
    if not 0 <= severity <= 5:
        raise ValueError(f"severity is {severity}; it goes from 0 (as printed) to 5")
    if size is not None and min(size) < SMALLEST:
        raise ValueError(f"size is {size}; a page needs at least {SMALLEST} pixels each way")


def _scale(rng, look: Style, layout: str) -> tuple[float, float]:
    """Gain (mm/mV) and speed (mm/s): 10 and 25 on most pages."""
    gain = float(rng.choice([5.0, 10.0, 20.0], p=[0.08, 0.86, 0.06]))
    speed = float(rng.choice([25.0, 50.0], p=[0.93, 0.07]))
    if look.name == "banner" and layout == "3x4+1":
        return 10.0, 25.0
    if layout == "12x1":  # twelve rows leave no room for more
        return (5.0 if gain == 5.0 or rng.random() < 0.4 else 10.0), speed
    return gain, speed
