"""When the atria and the ventricles beat: one function per rhythm, all giving a `Timeline`.

`blocks` has the AV blocks, `cases` the table of all rhythms.
"""

from dataclasses import dataclass, field

import numpy as np

SECONDS = 10.0


@dataclass
class Timeline:
    """R peaks with the form of each beat, P peaks with theirs, and what the atria do instead."""

    beats: list[tuple[float, str]] = field(default_factory=list)  # (seconds, form)
    atria: list[tuple[float, str]] = field(default_factory=list)
    flutter: float = 0.0  # atrial cycles a second, 0: none
    fibrillation: bool = False
    # (kind, start, end) in seconds: where a reader would point.
    spans: list[tuple[str, float, float]] = field(default_factory=list)
    interval: float = 0.8  # the usual RR, seconds


def regular(rng, rate: float, pr: float, form: str = "own", jitter: float = 0.012) -> Timeline:
    """Sinus rhythm: a P wave `pr` seconds before each R peak, RR breathing a little."""
    interval = 60.0 / rate
    line = Timeline(interval=interval)
    breath, phase = rng.uniform(0.18, 0.35), rng.uniform(0.0, 6.28)
    now = rng.uniform(-interval, 0.0)
    while now < SECONDS + interval:
        line.beats.append((now, form))
        line.atria.append((now - pr, "sinus"))
        swing = jitter * 1.5 * np.sin(6.28 * breath * now + phase) + rng.normal(0.0, jitter * 0.5)
        now += interval * (1.0 + swing)
    return line


def sinus(rng, low: float, high: float, jitter: float = 0.012) -> Timeline:
    return regular(rng, rng.uniform(low, high), draw_pr(rng), jitter=jitter)


def draw_pr(rng) -> float:
    """From the P peak to the R peak, so that onset to onset is 120 to 200 ms."""
    return rng.uniform(0.118, 0.175)


def atrial_fibrillation(rng) -> Timeline:
    """No P waves, RR without any pattern."""
    rate = rng.uniform(60.0, 150.0)
    line = Timeline(fibrillation=True, interval=60.0 / rate)
    now = rng.uniform(-1.0, 0.0)
    while now < SECONDS + 1.0:
        line.beats.append((now, "own"))
        now += max(line.interval * np.exp(rng.normal(0.0, 0.22)), 0.30)
    line.spans.append(("no_p", 0.0, SECONDS))
    return line


def atrial_flutter(rng) -> Timeline:
    """A saw of 240 to 320 a minute, conducted 2:1 to 4:1, sometimes changing."""
    cycle = 60.0 / rng.uniform(240.0, 320.0)
    usual = int(rng.choice([2, 3, 4], p=[0.4, 0.15, 0.45]))
    varies = rng.random() < 0.35
    line = Timeline(flutter=1.0 / cycle, interval=usual * cycle)
    now = rng.uniform(-1.0, 0.0)
    while now < SECONDS + 1.0:
        line.beats.append((now, "own"))
        now += cycle * (int(rng.choice([2, 3, 4])) if varies else usual)
    line.spans.append(("flutter_waves", 0.0, SECONDS))
    return line


def ectopic(rng, pattern: str) -> Timeline:
    """Sinus rhythm broken by early beats: pvc, bigeminy, trigeminy, couplet, run or pac."""
    base = sinus(rng, 58.0, 95.0)
    line = Timeline(interval=base.interval)
    every = {"bigeminy": 2, "trigeminy": 3}.get(pattern, 0)
    start = int(rng.integers(1, 4))
    chosen = set(rng.choice(np.arange(1, 9), int(rng.integers(1, 4)), replace=False).tolist())
    if pattern in ("couplet", "run"):
        chosen = {int(rng.integers(1, 7))}
    early = rng.uniform(0.55, 0.72)
    length = {"couplet": 2, "run": int(rng.integers(3, 7))}.get(pattern, 1)
    now, count = base.beats[0][0], 0
    pr = base.beats[0][0] - base.atria[0][0]
    while now < SECONDS + 1.0:
        line.beats.append((now, "own"))
        line.atria.append((now - pr, "sinus"))
        count += 1
        if (count - start) % every == 0 if every else count in chosen:
            now = _early(rng, line, now, pattern, early, length, pr)
        else:
            now += line.interval * (1.0 + rng.normal(0.0, 0.012))
    return line


def _early(rng, line: Timeline, now: float, pattern: str, early, length: int, pr: float) -> float:
    """Adds the early beat or beats after `now`; gives the time of the next sinus beat."""
    at = now + line.interval * early * (1.0 + rng.normal(0.0, 0.02))
    if pattern == "pac":
        line.beats.append((at, "own"))
        line.atria.append((at - max(pr * 0.9, 0.11), "ectopic"))
        line.spans.append(("early_beat", at - 0.2, at + 0.25))
        return at + line.interval * rng.uniform(0.98, 1.12)
    cycle = rng.uniform(0.34, 0.44)
    for step in range(length):
        line.beats.append((at + step * cycle, "ventricular"))
        line.spans.append(("wide_beat", at + step * cycle - 0.09, at + step * cycle + 0.4))
    # The sinus goes on unheard under the early beat: a full compensatory pause.
    return max(now + 2.0 * line.interval, at + (length - 1) * cycle + 0.75 * line.interval)


def without_p(rng, low: float, high: float, kind: str) -> Timeline:
    """A regular narrow rhythm from the AV node: junctional, or fast as a re-entry tachycardia."""
    line = regular(rng, rng.uniform(low, high), 0.1, jitter=0.004)
    hidden = rng.random() < 0.5
    line.atria = [] if hidden else [(at + 0.09, "retrograde") for at, _ in line.beats]
    line.spans.append((kind, 0.0, SECONDS))
    return line


def rate_marked(rng, low: float, high: float, kind: str) -> Timeline:
    """Sinus rhythm whose rate is the finding."""
    line = sinus(rng, low, high)
    line.spans.append((kind, 0.0, SECONDS))
    return line


def stimulated(rng, where: str) -> Timeline:
    """Paced in the atrium, the ventricle or both."""
    if where == "ventricle":
        line = regular(rng, rng.uniform(58.0, 85.0), 0.16, jitter=0.001)
        line.atria = [] if rng.random() < 0.6 else line.atria
        line.fibrillation = not line.atria
        line.spans += [("spike", at - 0.08, at - 0.04) for at, _ in line.beats]
    else:
        line = regular(rng, rng.uniform(58.0, 85.0), rng.uniform(0.15, 0.21), jitter=0.001)
        line.atria = [(at, "stimulated") for at, _ in line.atria]
        line.spans += [("spike", at - 0.08, at + 0.05) for at, _ in line.atria]
    return line
