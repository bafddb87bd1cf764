"""From the maps of the model server to what the study page shows: numbers, a text, heats.

Runs in the job process only: it takes a second and a hundred megabytes.
"""

from pathlib import Path

import numpy as np

from ecg_tf.explain.attention import Attention, measure
from ecg_tf.explain.carried import by_lead
from ecg_tf.explain.explain import SERVED, SUBTITLES, spoken_of
from ecg_tf.explain.rationale import gather, rationale
from ecg_tf.pages.layout import Box
from ecg_tf.pages.leads import find_layout
from serving.client import Explanation
from webapp.studies.intake import read_view
from webapp.studies.rendering import write_heat


def explain(found: Explanation, probabilities: dict[str, float], folder: Path) -> dict:
    """What is stored of an explanation, as plain values, all shares 0..1; the heats are written
    into `folder`. `probabilities` are those of the answer that is explained.

    Raises ValueError for maps that are no maps and OSError where the folder is gone or full.
    """
    page, box = read_view(folder), Box(*found.box)
    layout = find_layout(page)
    sent = {key: getattr(found, key) for key in SERVED}  # an older model server sends fewer
    heats = {key: np.clip(heat, 0.0, 1.0) for key, heat in sent.items() if heat is not None}
    seen = {key: measure(heat, box, layout.leads, SERVED[key]) for key, heat in heats.items()}
    weights = found.scale_weights or None
    changes = by_lead(found.lead_occlusion, layout.leads) if layout.leads else None
    evidence = gather(
        probabilities,
        spoken_of(seen),
        weights,
        layout.reason,
        lead_occlusion=changes,
        form=layout.form,
    )
    for key, heat in heats.items():
        write_heat(heat, box, page.shape[:2], folder, key)
    return {
        "label": evidence.label,
        "text": rationale(evidence),
        "box": list(box),
        "leads": {lead: list(edges) for lead, edges in layout.leads.items()},
        "layout_problem": layout.reason,
        "scale_weights": list(weights) if weights else None,
        "lead_occlusion": changes,
        "maps": {key: _stored(seen[key], SUBTITLES[key]) for key in seen},
        "version": found.version,
    }


def _stored(seen: Attention, subtitle: str) -> dict:
    leads = [
        {"lead": each.lead, "territory": each.territory, "share": each.share, "times": each.times}
        for each in seen.leads
    ]
    return {
        "method": seen.method[0].upper() + seen.method[1:],
        "subtitle": subtitle,
        "region": seen.region,
        "outside": seen.outside,
        "hottest": list(seen.hottest),
        "leads": leads,
    }
