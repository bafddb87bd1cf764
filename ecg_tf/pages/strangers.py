"""Pictures that are no 12-lead ECG page, by kind, without end, the same for the same seed.

Far ones have nothing to do with an ECG; near ones have its paper, its traces or its leads. The
gate (`ecg_tf.models.gate`) learns from them and is measured on them.
"""

import numpy as np

from ecg_tf.pages import near_misses
from ecg_tf.pages import stranger_charts as charts
from ecg_tf.pages import stranger_documents as documents
from ecg_tf.pages import stranger_maps as maps
from ecg_tf.pages import stranger_pictures as pictures
from ecg_tf.pages import stranger_scans as scans
from ecg_tf.pages import stranger_traces as traces
from ecg_tf.pages.synthetic import draw

FAR = {
    "blank": pictures.blank,
    "noise": pictures.noise,
    "gradient": pictures.gradient,
    "landscape": pictures.landscape,
    "objects": pictures.objects,
    "texture": pictures.texture,
    "portrait": pictures.portrait,
    "night": pictures.night,
    "chest": scans.chest,
    "bones": scans.bones,
    "slice_scan": scans.slice_scan,
    "cells": scans.cells,
    "text": documents.text,
    "newspaper": documents.newspaper,
    "table": documents.table,
    "form": documents.form,
    "handwriting": documents.handwriting,
    "sheet_music": documents.sheet_music,
    "code_squares": documents.code_squares,
    "line_chart": charts.line_chart,
    "panels": charts.panels,
    "bar_chart": charts.bar_chart,
    "scatter": charts.scatter,
    "pie_chart": charts.pie_chart,
    "heat_map": maps.heat_map,
    "waveform": charts.waveform,
    "street_map": maps.street_map,
    "plan": maps.plan,
    "candles": charts.candles,
}
# Near ones that are drawn freely ...
NEAR_DRAWN = {
    "empty_paper": traces.empty_paper,
    "impostor": traces.impostor,
    "brain_waves": traces.brain_waves,
    "monitor": traces.monitor,
    "birth_strip": traces.birth_strip,
    "single_strip": traces.single_strip,
    "earthquake": traces.earthquake,
    "loops": traces.loops,
    "echo": scans.echo,
    "doppler": scans.doppler,
}
# ... and near ones that are made from an ECG page.
FROM_PAGE = {
    "upside_down": near_misses.upside_down,
    "sideways": near_misses.sideways,
    "half_page": near_misses.half_page,
    "one_lead": near_misses.one_lead,
    "rhythm_only": near_misses.rhythm_only,
    "blanked": near_misses.blanked,
    "scrambled": near_misses.scrambled,
}
NEAR = (*NEAR_DRAWN, *FROM_PAGE)
KINDS = (*FAR, *NEAR)
SIDES = (360, 900)  # pixels, of the longer side
SHAPES = (0.7, 0.71, 0.58, 0.75, 0.5625, 1.0)  # shorter side by longer side
SMALLEST = 64


def stranger(kind: str, seed: int, size: tuple[int, int] | None = None) -> np.ndarray:
    """A picture of that kind, uint8 (h, w, 3), the same for the same arguments.

    `size` is (height, width); drawn at random if None. Kinds of FROM_PAGE are made from a drawn
    page of that size and may come out smaller, as a part of it.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not known; choose one of {', '.join(KINDS)}")
    if size is not None and min(size) < SMALLEST:
        raise ValueError(f"size is {size}; a picture needs at least {SMALLEST} pixels each way")
    rng = np.random.default_rng([seed, 4, KINDS.index(kind)])
    if kind in FROM_PAGE:
        return FROM_PAGE[kind](rng, draw(int(rng.integers(2**31)), size=size))
    height, width = size or _size(rng)
    draws = FAR.get(kind) or NEAR_DRAWN[kind]
    return draws(rng, height, width)


def _size(rng) -> tuple[int, int]:
    """A random (height, width): lying or standing, sometimes square."""
    longer = int(rng.integers(*SIDES))
    shorter = int(longer * rng.choice(SHAPES))
    return (shorter, longer) if rng.random() < 0.65 else (longer, shorter)
