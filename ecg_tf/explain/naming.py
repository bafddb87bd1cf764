"""Whether the territory that the text names is the true one: on drawn infarctions, where it is
known. A measurement of model and explanation together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_tf.classifier import Classifier, calibrate
from ecg_tf.explain.attention import measure
from ecg_tf.explain.doubts import INFARCTION, doubts
from ecg_tf.explain.parts import parts_map
from ecg_tf.labels import LABELS
from ecg_tf.pages.ink import lay_out, on_page
from ecg_tf.pages.layout import RHYTHM, Box
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.synthetic import draw

LAYOUT = "3x4+1"


@dataclass(frozen=True)
class Named:
    """Of one drawn infarction: the `answer` of the model, the territory that the explanation of
    that answer names (None: none), the `true` ones, whether its hottest lead shows a change of
    the infarction, reciprocal ones too (None: no lead is known), and whether the explanation is
    `doubted` (see `ecg_tf.explain.doubts`)."""

    seed: int
    answer: str
    territory: str | None
    true: tuple[str, ...]
    abnormal: bool | None
    doubted: bool

    @property
    def right(self) -> bool:
        return self.territory in self.true


def name_territories(classifier: Classifier, seeds: Sequence[int]) -> Iterator[Named]:
    """What is named for the infarctions drawn from `seeds`, as printed, one by one. On pages whose
    layout is not recognised no territory is named."""
    temperature = classifier.card["temperature"]
    heat_of = parts_map(classifier.model)
    for seed in seeds:
        page = draw(seed, INFARCTION, LAYOUT, whole=False)
        prepared = lay_out(page.image.astype(np.float32), *classifier.size)
        pages = prepared.image[None]
        p = calibrate(np.asarray(classifier.model(pages, training=False)), temperature)[0]
        place = int(p.argmax())
        heat = on_page(np.asarray(heat_of(pages, [place]))[0], prepared)
        layout = find_layout(page.image)
        seen = measure(heat, Box(*map(float, prepared.paper)), layout.leads, "")
        leads = [each.lead for each in seen.leads if each.lead != RHYTHM]
        yield Named(
            seed=seed,
            answer=LABELS[place],
            territory=seen.territory,
            true=tuple(page.territory.split("+")),
            abnormal=leads[0] in {lead for lead, _, _ in page.abnormal} if leads else None,
            doubted=bool(doubts([seen], LABELS[place])),
        )
