"""Simulated 12-lead signals with their truth: label, rhythm, territory and every abnormal span."""

from dataclasses import dataclass

import numpy as np

from ecg_tf.labels import LABELS
from ecg_tf.pages import beats as healthy
from ecg_tf.pages import forms
from ecg_tf.pages.atria import atrial_activity
from ecg_tf.pages.beats import EXPAND, Beat, evaluate
from ecg_tf.pages.cases import CONDUCTION, FINDINGS, RHYTHMS, draw_case
from ecg_tf.pages.disturbance import disturb
from ecg_tf.pages.infarction import ACUTE, TERRITORIES, changes, draw_scar, infarct
from ecg_tf.pages.rhythm import SECONDS, Timeline

FS = 500
INFARCTED = ("myocardial_infarction", "history_of_mi")
FLATTEN = ("st", "t", "q")  # what a counterfactual may put back to normal


@dataclass(frozen=True)
class Signal:
    """Ten seconds of twelve leads and what is true of them."""

    signal: np.ndarray  # float32 (samples, 12), mV, leads in the order of `layout.LEADS`
    fs: float
    label: str | None
    rhythm: str | None = None
    territory: str | None = None
    stage: str | None = None
    # (lead, or "all"; kind; start; end) in seconds
    spans: tuple[tuple[str, str, float, float], ...] = ()
    waves: np.ndarray | None = (
        None  # float32 (12, 3): ST level, Q depth, T height of the usual beat, mV
    )
    variant: str | None = None  # one of `cases.LOOKALIKES`: healthy, though it looks otherwise


def simulate(
    seed: int,
    label: str | None = None,
    rhythm: str | None = None,
    territory: str | None = None,
    flatten: tuple[str, ...] = (),
) -> Signal:
    """A signal of that label (any if None), the same for the same arguments.

    `rhythm` (a key of `RHYTHMS`) and `territory` (one of `TERRITORIES`) ask for a finding.
    `flatten` names changes of an infarction to leave out, all else being equal.
    """
    _check(label, rhythm, territory, flatten)
    rng = np.random.default_rng([seed, 1])
    fitting = _fitting(label, rhythm, territory)
    drawn = fitting[int(rng.integers(len(fitting)))]
    label = label or drawn
    lookalike, own_rhythm = draw_case(rng, label)
    name = rhythm or own_rhythm
    line = RHYTHMS[name](rng)
    build = healthy.draw_build(rng, lookalike)
    plain = healthy.normal_beat(rng, build, line.interval)
    scar = None
    if label in INFARCTED:
        stage = str(rng.choice(ACUTE, p=(0.2, 0.5, 0.3)))
        scar = draw_scar(rng, stage if label == "myocardial_infarction" else "old", territory)
    usual = CONDUCTION[name](rng, plain) if name in CONDUCTION else plain
    scarred = infarct(usual, scar, flatten) if scar else usual
    early = forms.ventricular(rng, plain)
    leads = _compose(rng, line, {"own": scarred, "ventricular": early, "escape": early})
    return Signal(
        signal=np.ascontiguousarray(disturb(rng, leads, FS) @ EXPAND, dtype=np.float32),
        fs=FS,
        label=label,
        rhythm=name,
        territory=scar.territory if scar else None,
        stage=scar.stage if scar else None,
        spans=tuple(_spans(line, name, usual, scarred if scar else None)),
        waves=_levels(scarred),
        variant=lookalike,
    )


def _check(label, rhythm, territory, flatten) -> None:
    for name, value, known in (
        ("label", label, LABELS),
        ("rhythm", rhythm, tuple(RHYTHMS)),
        ("territory", territory, TERRITORIES),
    ):
        if value is not None and value not in known:
            raise ValueError(f"{name} {value!r} is not known; choose one of {', '.join(known)}")
    unknown = set(flatten) - set(FLATTEN)
    if unknown:
        raise ValueError(f"flatten {sorted(unknown)} is not known; choose from {FLATTEN}")


def _fitting(label, rhythm, territory) -> list[str]:
    """The labels that a rhythm and a territory can stand under."""
    fitting = list(INFARCTED)
    if territory is None:
        finding = rhythm in FINDINGS
        fitting = [
            key
            for key in LABELS
            if key in INFARCTED or rhythm is None or finding == (key == "abnormal_heartbeat")
        ]
    if label is not None and label not in fitting:
        asked = f"rhythm {rhythm!r}" if territory is None else f"territory {territory!r}"
        raise ValueError(f"label {label!r} does not go with {asked}, which needs {fitting}")
    return fitting


def _compose(rng, line: Timeline, table: dict[str, Beat]) -> np.ndarray:
    """All beats and atrial activity on one time axis: (samples, 8) mV."""
    samples = int(SECONDS * FS)
    leads = atrial_activity(rng, line, samples, FS)
    breath, phase = rng.uniform(0.15, 0.35), rng.uniform(0.0, 6.28)
    depth = rng.uniform(0.0, 0.08)
    for at, form in line.beats:
        first, last = int((at - 0.20) * FS), int((at + 0.75) * FS)
        first, last = max(first, 0), min(last, samples)
        if last <= first:
            continue
        swing = 1.0 + depth * np.sin(6.28 * breath * at + phase)
        times = np.arange(first, last) / FS - at
        leads[first:last] += swing * evaluate(times, table[form].waves)
    return leads


def _spans(line: Timeline, name: str, usual: Beat, scarred: Beat | None) -> list:
    spans = [("all", kind, start, end) for kind, start, end in line.spans]
    own = [at for at, form in line.beats if form == "own"]
    if name in CONDUCTION:
        kind = {"pre_excitation": "delta_wave", "left_anterior_block": "axis"}.get(name, "wide_qrs")
        spans += [("all", kind, at - 0.06, at + usual.j_point) for at in own]
    if scarred is not None:
        for lead, kind, start, end in changes(usual, scarred):
            spans += [(lead, kind, at + start, at + end) for at in own]
    return spans


def _levels(beat: Beat) -> np.ndarray:
    """ST level 50 ms after its start, depth before R, height of T: (12, 3) mV."""
    spots = evaluate(np.array([beat.j_point + 0.05, -0.022, beat.t_peak]), beat.waves) @ EXPAND
    spots[1] = np.minimum(spots[1], 0.0)
    return np.ascontiguousarray(spots.T, dtype=np.float32)
