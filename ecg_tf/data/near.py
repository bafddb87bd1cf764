"""Near-duplicates: pages that show the same traces, whatever was done to the file.

Two steps: where along the page the traces leave their baselines makes a profile, and all
profiles are compared with all others as matrix products, stretched and shifted a little; pages
with like profiles are then laid over each other (`overlay`), where only the same traces agree. A
printed template (lead names, column lines, calibration pulses) is too little ink to count.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from ecg_tf.data.overlay import SHIFTS, STRETCHES, sampling, similarity, unit
from ecg_tf.data.views import COARSE, View

SAME = 0.82  # similarity from which on two pages show the same traces
PROFILE = 0.8  # correlation of two profiles below which pages are not laid over each other
SAMPLES = 96  # of a profile when it is compared
BLOCK = 256  # profiles compared with all others at a time
NEAREST = 24  # neighbours that a page may be compared with
MISSES = 3  # comparisons without success after which a page is left alone


def near_pairs(
    views: list[View],
    owners: np.ndarray,
    loose: np.ndarray,
    run: Callable[[str, Callable, list], Iterable],
) -> list[tuple[int, int, float]]:
    """The pairs (owner, owner, similarity) that tie near-duplicates together.

    `views` belong to the pages `owners`, int (n,). `loose`, bool (n,), marks views of a page with
    its header, which are not compared with each other, since headers are alike. Pages that other
    pairs tie together already are given no further pair. `run(text, function, items)` maps.
    """
    if len(views) < 2:
        return []
    profiles = np.stack([view.profile for view in views])
    search = partial(neighbours, profiles, owners, loose)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(views), BLOCK)]
    nearest = [near for block in run("comparing profiles", search, blocks) for near in block]
    queues = [list(near[::-1]) for near in nearest]
    tied = DisjointSet(np.unique(owners).tolist())
    misses = np.zeros(len(views), int)
    pairs: list[tuple[int, int, float]] = []
    seen: set[tuple[int, int]] = set()
    while batch := _next_pairs(queues, misses, owners, tied, seen):
        items = [(views[i].packed, views[j].packed) for i, j in batch]
        scores = run("comparing traces", similarity, items)
        for (i, j), score in zip(batch, scores, strict=True):
            one, other = sorted((int(owners[i]), int(owners[j])))
            if score < SAME:
                misses[[i, j]] += 1
            elif tied.merge(one, other):
                pairs.append((one, other, score))
    return sorted(pairs)


def neighbours(
    profiles: np.ndarray, owners: np.ndarray, loose: np.ndarray, rows: slice
) -> list[np.ndarray]:
    """For each of the `rows` of profiles (n, 192) the indices of those like it, nearest first, at
    most NEAREST; `owners` and `loose` as for `near_pairs`."""
    plain = unit(profiles @ sampling(COARSE[1], SAMPLES, 1.0, 0.0).T)
    best = np.full((len(profiles[rows]), len(profiles)), -1, np.float32)
    # Only stretches: stretching one page is shrinking the other, and each pair is seen twice.
    for stretch in STRETCHES[STRETCHES > 0.999]:
        for shift in SHIFTS:
            changed = profiles[rows] @ sampling(COARSE[1], SAMPLES, stretch, shift).T
            np.maximum(best, unit(changed) @ plain.T, out=best)
    best[owners[rows, None] == owners] = -1
    best[loose[rows, None] & loose] = -1
    top = np.argsort(-best, axis=1, kind="stable")[:, :NEAREST]
    return [near[row[near] >= PROFILE] for near, row in zip(top, best, strict=True)]


def _next_pairs(queues, misses, owners, tied, seen) -> list[tuple[int, int]]:
    """For each view its next neighbour that is worth a comparison; taken off the queues."""
    batch = []
    for i, queue in enumerate(queues):
        while queue and misses[i] < MISSES:
            j = int(queue.pop())
            pair = (min(i, j), max(i, j))
            if pair not in seen and not tied.connected(int(owners[i]), int(owners[j])):
                seen.add(pair)
                batch.append(pair)
                break
    return batch
