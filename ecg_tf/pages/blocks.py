"""AV blocks: P waves that are followed late, not always, or never."""

from ecg_tf.pages.rhythm import SECONDS, Timeline, draw_pr, regular


def block(rng, degree: str) -> Timeline:
    """AV block: first, wenckebach, mobitz or third."""
    if degree == "first":
        line = regular(rng, rng.uniform(52.0, 90.0), rng.uniform(0.225, 0.34))
        pr = line.beats[0][0] - line.atria[0][0]
        line.spans += [("long_pr", at - pr - 0.05, at) for at, _ in line.beats]
        return line
    if degree == "third":
        return _third(rng)
    cycle = 60.0 / rng.uniform(62.0, 95.0)
    line = Timeline(interval=cycle)
    group = int(rng.integers(3, 6)) if degree == "wenckebach" else int(rng.integers(2, 5))
    first, step = draw_pr(rng), rng.uniform(0.05, 0.10)
    now, place = rng.uniform(-cycle, 0.0), int(rng.integers(0, group))
    while now < SECONDS + 1.0:
        line.atria.append((now, "sinus"))
        if place < group - 1:
            late = first + (step * place**0.75 if degree == "wenckebach" else 0.0)
            line.beats.append((now + late, "own"))
        else:
            line.spans.append(("dropped_beat", now - 0.06, now + cycle * 0.8))
        place = (place + 1) % group
        now += cycle * (1.0 + rng.normal(0.0, 0.008))
    return line


def _third(rng) -> Timeline:
    """Atria and ventricles each at their own pace."""
    line = Timeline(interval=60.0 / rng.uniform(30.0, 46.0))
    form = str(rng.choice(["own", "escape"]))
    now = rng.uniform(-line.interval, 0.0)
    while now < SECONDS + 1.0:
        line.beats.append((now, form))
        now += line.interval * (1.0 + rng.normal(0.0, 0.006))
    cycle, now = 60.0 / rng.uniform(70.0, 105.0), rng.uniform(-0.8, 0.0)
    while now < SECONDS + 1.0:
        line.atria.append((now, "sinus"))
        now += cycle * (1.0 + rng.normal(0.0, 0.01))
    line.spans.append(("dissociation", 0.0, SECONDS))
    return line
