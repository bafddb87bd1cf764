"""Pages of other printers to learn from: recordings of other sources and simulated signals, drawn.

Every recording is drawn four times: on the paper of the real pages, on another paper, on another
paper scanned or photographed, and so with letters on the grid or in another layout; simulated
signals take turns. Drawing takes most of an hour, so the set is written once and read afterwards.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.data.parallel import Run
from ecg_tf.explain.boxes import known_layout
from ecg_tf.labels import LABELS
from ecg_tf.models import build
from ecg_tf.models.gate import page_score, shrink
from ecg_tf.models.joined import POOL
from ecg_tf.pages.columns import read_columns
from ecg_tf.pages.ink import lay_out
from ecg_tf.pages.recordings import Recording, recordings
from ecg_tf.pages.styles import PRINTOUT
from ecg_tf.pages.synthetic import CROP, draw, draw_signal
from ecg_tf.training.joined import NAME

SIZE = (448, 1120)
HOME, OTHER, PHOTOGRAPHED, REARRANGED = LOOKS = range(4)
LAYOUT = "3x4+1"
STYLES = {HOME: "banner", OTHER: None, PHOTOGRAPHED: None}
WORST = 3  # severity of effects on pages that are not as printed
WHOLE = 0.3  # part of them that have header and margins
LETTERS = 0.4  # part of those rearranged that have the usual layout, and letters on the grid
# Layouts of the rest of them; 3x4 is read without being learnt.
OTHER_LAYOUTS = ("3x4+3", "6x2", "12x1", "6x2+1")
SIMULATED = 4800  # signals, each drawn once
FIRST_SEED = 1_200_000  # of the simulated ones; far from those drawn for tests and audits
RECORDED_SEED = 500_000
SIMULATED_SOURCE = "simulated"
# An infarction of unknown age: most of those whose age is known are old.
UNKNOWN_AGE = (0.0, 0.25, 0.75, 0.0)


class Drawing(NamedTuple):
    """A page to be drawn: of a recording, or of a simulated signal with `number` as its seed.
    `target` (4,) sums to 1; `sure`: labelled by the strict rules."""

    number: int
    look: int  # of LOOKS
    target: tuple[float, ...]
    sure: bool
    recording: Recording | None = None


class DrawnSet(NamedTuple):
    """What was read off n pages: `signals` float16 (n, *SHAPE) and `ink` float16 (n, *GRID) of
    `ecg_tf.models.gate`, and `pooled` float32 (n, 128), what the network for the known printer sees
    on the thumbnail; `legible` bool (n,), whether the leads were found, and `score` float32 (n,) of
    the gate; `target` float32 (n, 4), `sure` bool (n,), `look` int (n,), `source` (the set of the
    recording, or SIMULATED_SOURCE), `name` (of the record) and `patient`, str (n,)."""

    signals: np.ndarray
    ink: np.ndarray
    pooled: np.ndarray
    legible: np.ndarray
    score: np.ndarray
    target: np.ndarray
    sure: np.ndarray
    look: np.ndarray
    source: np.ndarray
    name: np.ndarray
    patient: np.ndarray


def drawn_set(signals: Path, home: Path, file: Path, run: Run) -> DrawnSet:
    """The set from `file`, or drawn from the recordings in the folder `signals`, looked at by the
    network whose weights are `home`, and written there; `run` spreads the work. Raises what
    `recordings` raises."""
    if not file.exists():
        wanted = list(drawings(signals))
        read = zip(*run("drawing pages", partial(_read, home), wanted), strict=True)
        found = DrawnSet(
            *(np.stack(each) for each in read),
            target=np.array([each.target for each in wanted], np.float32),
            sure=np.array([each.sure for each in wanted]),
            look=np.array([each.look for each in wanted]),
            **_origins(wanted),
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"part-{file.name}")
        np.savez_compressed(part, **found._asdict())
        part.replace(file)
    with np.load(file) as stored:
        return DrawnSet(**{name: stored[name] for name in DrawnSet._fields})


def drawings(signals: Path) -> Iterator[Drawing]:
    """All pages to be drawn. Recordings whose label is not known are left out."""
    for number, recording in enumerate(recordings(signals)):
        target = target_of(recording)
        for look in LOOKS if target else ():
            yield Drawing(number, look, target, recording.label is not None, recording)
    for number in range(SIMULATED):
        target = certain(LABELS[number // len(LOOKS) % len(LABELS)])
        yield Drawing(FIRST_SEED + number, number % len(LOOKS), target, True)


def image_of(drawing: Drawing) -> np.ndarray:
    """The page, uint8 (h, w, 3), the same every time."""
    simulated = drawing.recording is None
    look = _looks(drawing.look, np.random.default_rng([drawing.number, 77, simulated]))
    if simulated:
        return draw(drawing.number, LABELS[int(np.argmax(drawing.target))], **look).image
    signal, fs = drawing.recording.signal, drawing.recording.fs
    seed = RECORDED_SEED + len(LOOKS) * drawing.number + drawing.look
    return draw_signal(signal, fs, None, seed, **look).image


def _looks(look: int, rng) -> dict:
    """What `draw` is told of a page that looks like one of LOOKS."""
    layout, style, severity, whole = LAYOUT, STYLES.get(look), 0, False
    if look in (PHOTOGRAPHED, REARRANGED):
        severity = int(rng.integers(0, WORST + 1))
        whole = bool(rng.random() < WHOLE)
    if look == REARRANGED and rng.random() < LETTERS:
        style, whole = PRINTOUT, True  # a bare grid has no letters
    elif look == REARRANGED:
        layout = OTHER_LAYOUTS[int(rng.integers(len(OTHER_LAYOUTS)))]
    size = None if whole else CROP
    return {"layout": layout, "style": style, "severity": severity, "whole": whole, "size": size}


def target_of(recording: Recording) -> tuple[float, ...] | None:
    """What a network is to answer, (4,) summing to 1; None where nothing fitting is known."""
    label = recording.label or recording.label_loose
    if label:
        return certain(label)
    return UNKNOWN_AGE if recording.facts.get("mi_any") == "1" else None


def certain(label: str) -> tuple[float, ...]:
    """All of one label, (4,)."""
    return tuple(float(each == label) for each in LABELS)


def _read(home: Path, drawing: Drawing) -> tuple[np.ndarray, ...]:
    page = lay_out(image_of(drawing).astype(np.float32), *SIZE)
    return tuple(np.asarray(each)[0] for each in _reader(home)(page.image[None], page.own[None]))


@cache
def _reader(home: Path) -> Callable:
    network = build(NAME, SIZE)
    network.load_weights(home)
    pool = keras.Model(network.input, network.get_layer(POOL).output)
    seen = (tf.TensorSpec((1, *SIZE, channels), tf.float32) for channels in (3, 1))

    @tf.function(input_signature=[*seen], autograph=False)
    def read(pages, own):
        halves = (tf.cast(each, tf.float16) for each in (read_columns(pages), shrink(pages)))
        return *halves, pool(pages, training=False), known_layout(pages), page_score(own)

    return read


def _origins(drawings: list[Drawing]) -> dict[str, np.ndarray]:
    """Source, name and patient of each, str (n,)."""
    found = []
    for number, _, _, _, recording in drawings:
        if recording:
            found.append((recording.facts["set"], recording.record_id, recording.patient))
        else:
            found.append((SIMULATED_SOURCE, f"seed {number}", f"seed {number}"))
    return dict(
        zip(("source", "name", "patient"), map(np.array, zip(*found, strict=True)), strict=True)
    )
