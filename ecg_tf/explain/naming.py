"""Whether the territory that the text names is the true one: on drawn infarctions, where it is
known. A measurement of model and explanation together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_tf.classifier import Classifier, calibrate, prepare_page
from ecg_tf.explain.carried import by_lead, carried
from ecg_tf.explain.occlusion import lead_occlusion
from ecg_tf.labels import LABELS
from ecg_tf.pages.synthetic import draw

LABEL = "myocardial_infarction"
LAYOUT = "3x4+1"


@dataclass(frozen=True)
class Named:
    """Of one drawn infarction: the `answer` of the model, the territory that the explanation of
    that answer names (None: none), the `true` ones, and whether the first lead that it names shows
    a change of the infarction, reciprocal ones too (None: no lead is named)."""

    seed: int
    answer: str
    territory: str | None
    true: tuple[str, ...]
    abnormal: bool | None

    @property
    def right(self) -> bool:
        return self.territory in self.true


def name_territories(classifier: Classifier, seeds: Sequence[int]) -> Iterator[Named]:
    """What is named for the infarctions drawn from `seeds`, as printed, one by one. Pages whose
    four lines of traces the graph does not find name no territory."""
    temperature = classifier.card["temperature"]
    change = lead_occlusion(classifier.model, temperature)
    for seed in seeds:
        page = draw(seed, LABEL, LAYOUT, whole=False)
        prepared = prepare_page(page.image, classifier.size)[None]
        p = calibrate(np.asarray(classifier.model(prepared, training=False)), temperature)[0]
        place = int(p.argmax())
        changes = by_lead(np.asarray(change(prepared, [place]))[0])
        worth = carried(changes, float(p[place])) if changes else None
        leads = worth.leads if worth else ()
        yield Named(
            seed=seed,
            answer=LABELS[place],
            territory=worth.territory if worth else None,
            true=tuple(page.territory.split("+")),
            abnormal=leads[0] in {lead for lead, _, _ in page.abnormal} if leads else None,
        )
