"""The pages on which explanations are measured: drawn infarctions, and real pages.

The class explained is the page's label: on pages answered rightly that is the network's answer.
"""

from dataclasses import dataclass, field

import numpy as np

from ecg_tf.classifier import prepare_page
from ecg_tf.data.catalogue import Page
from ecg_tf.explain.pointing import mask, truths
from ecg_tf.labels import LABELS
from ecg_tf.pages.layout import Box
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.margins import find_paper
from ecg_tf.pages.read import read_page
from ecg_tf.pages.synthetic import DrawnPage, draw

FIRST_SEED = 900_000  # of the drawn pages; far from those drawn for tests and training
LABEL = "myocardial_infarction"
LAYOUT = "3x4+1"


@dataclass(frozen=True)
class Case:
    """One page. `prepared` float32 (h, w, 3) is the network's input; `leads` are the pixels of
    all lead boxes, bool (h, w), or None where the layout is not known; `truths`, of a drawn page,
    those of `ecg_tf.explain.pointing.truths`. `seen`: the page was in training."""

    kind: str  # "drawn" or "real"
    name: str
    label: int
    image: np.ndarray  # uint8 (h, w, 3)
    prepared: np.ndarray
    leads: np.ndarray | None
    truths: dict[str, np.ndarray] = field(default_factory=dict)
    seen: bool = False


def drawn_page(number: int) -> DrawnPage:
    """The drawn page of that number, the same every time: an infarction in the 3 x 4 + rhythm
    layout, every other one with light effects of a scan."""
    return draw(FIRST_SEED + number, LABEL, LAYOUT, severity=number % 2)


def drawn_case(number: int, size: tuple[int, int]) -> Case:
    """The drawn page of that number for a network whose input has `size` (height, width)."""
    page = drawn_page(number)
    paper = Box(*(float(edge) for edge in find_paper(page.image.astype(np.float32))))
    return Case(
        kind="drawn",
        name=str(FIRST_SEED + number),
        label=LABELS.index(LABEL),
        image=page.image,
        prepared=prepare_page(page.image, size).image,
        leads=mask(page.lead_boxes.values(), paper, size),
        truths=truths(page, paper, size),
    )


def real_case(page: Page, size: tuple[int, int], seen: bool) -> Case:
    """A real page. Its lead boxes are those that `find_layout` finds."""
    image = read_page(page.path.read_bytes())
    layout = find_layout(image)
    return Case(
        kind="real",
        name=page.page_id,
        label=LABELS.index(page.label),
        image=image,
        prepared=prepare_page(image, size).image,
        leads=mask(layout.leads.values(), layout.paper, size) if layout.leads else None,
        seen=seen,
    )


def chosen(pages: list[Page], n: int) -> list[Page]:
    """n of the pages, or all, the classes in turn; by content hash, so that none is preferred."""
    queues = [
        sorted((page for page in pages if page.label == label), key=lambda page: page.sha256)
        for label in LABELS
    ]
    rounds = range(max(map(len, queues), default=0))
    turns = [queue[number] for number in rounds for queue in queues if number < len(queue)]
    return turns[:n]
