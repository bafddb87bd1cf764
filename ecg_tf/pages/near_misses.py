"""Pictures made from an ECG page that are no whole 12-lead page: halves, single leads, blanks.

Each function takes a random generator and a page, anything with `image` (uint8 h, w, 3), `paper`
(Box) and `lead_boxes` (dict of Box), such as a DrawnPage, and returns uint8 (h, w, 3). There is
no mirrored page: that one cannot be told from another heart's.
"""

import numpy as np
from PIL import Image, ImageFilter

from ecg_tf.pages.ink import ink
from ecg_tf.pages.layout import LEADS, WHOLE, Box

MOST_LEADS = 8  # that may still be seen on half a page
SHOWN = 0.3  # part of a lead's box from which on the lead counts as seen
INKED = 0.08  # ink (0..1) that a blanked page loses
TILES = ((3, 3), (4, 3), (5, 3), (3, 5))  # no tile holds a whole lead


def upside_down(rng, page):
    """The page turned by 180 degrees."""
    return np.ascontiguousarray(page.image[::-1, ::-1])


def sideways(rng, page):
    """The page turned by 90 degrees, to either side."""
    return np.ascontiguousarray(np.rot90(page.image, int(rng.choice([1, 3]))))


def half_page(rng, page):
    """The left, right, upper or lower part: cut off, or the rest covered."""
    cuts = []
    for _ in range(40):
        part, side = rng.uniform(0.4, 0.6), int(rng.integers(4))
        box = ((0, 0, part, 1), (1 - part, 0, 1, 1), (0, 0, 1, part), (0, 1 - part, 1, 1))[side]
        cuts.append(Box(*map(float, box)).within(page.paper))
        if _leads_inside(page, cuts[-1]) <= MOST_LEADS:
            break
    cut = cuts[-1]
    return _covered(page, [cut]) if rng.random() < 0.3 else _cut(page.image, cut)


def one_lead(rng, page):
    """A single lead: cut out, lying on an empty page, or left alone on its own."""
    name = str(rng.choice([lead for lead in LEADS if lead in page.lead_boxes] or ["paper"]))
    box = page.lead_boxes.get(name, page.paper)
    return _alone(rng, page, [box])


def rhythm_only(rng, page):
    """Nothing but the long strips, or one whole row of the page."""
    strips = [box for key, box in page.lead_boxes.items() if key.startswith("rhythm")]
    if not strips or rng.random() < 0.2:
        row = page.lead_boxes.get("II", page.paper)
        strips = [Box(page.paper.left, row.top, page.paper.right, row.bottom)]
    return _alone(rng, page, strips[: int(rng.integers(1, len(strips) + 1))])


def blanked(rng, page):
    """The traces gone, the print round them left; at times the leads' names too."""
    image = page.image.copy()
    boxes = [page.paper] if rng.random() < 0.5 else list(page.lead_boxes.values())
    gone = np.zeros(image.shape[:2], bool)
    for box in boxes:
        gone[_slices(box, image)] = True
    gone &= _near_ink(image)
    image[gone] = _paper_colour(page)
    return image


def scrambled(rng, page):
    """The page cut into tiles and put together in another order."""
    rows, columns = TILES[int(rng.integers(len(TILES)))]
    height, width = page.image.shape[0] // rows, page.image.shape[1] // columns
    order = rng.permutation(rows * columns)
    while (order == np.arange(len(order))).mean() > 0.35:
        order = rng.permutation(len(order))
    image = page.image.copy()
    for place, source in enumerate(order):
        y, x, v, u = (*divmod(place, columns), *divmod(int(source), columns))
        tile = page.image[v * height : (v + 1) * height, u * width : (u + 1) * width]
        image[y * height : (y + 1) * height, x * width : (x + 1) * width] = tile
    return image


def _leads_inside(page, cut: Box) -> int:
    """How many leads show at least SHOWN of their box within the cut."""
    boxes = (box for key, box in page.lead_boxes.items() if key in LEADS)
    return sum(overlap(box, cut) >= SHOWN for box in boxes)


def overlap(box: Box, cut: Box) -> float:
    """The part of the box that lies within the cut, 0..1."""
    wide = min(box.right, cut.right) - max(box.left, cut.left)
    tall = min(box.bottom, cut.bottom) - max(box.top, cut.top)
    area = max((box.right - box.left) * (box.bottom - box.top), 1e-6)
    return max(wide, 0.0) * max(tall, 0.0) / area


def _alone(rng, page, boxes: list[Box]) -> np.ndarray:
    """The boxes as a picture of their own, or on a page where all else is covered or cut away."""
    way = rng.random()
    if way < 0.35:
        return _covered(page, boxes)
    around = Box(*(pick(side) for pick, side in zip((min, min, max, max), zip(*boxes, strict=True),
                                                     strict=True)))  # fmt: skip
    part = _cut(page.image, around)
    if way < 0.7:
        return part
    image = np.empty_like(page.image)
    image[:] = _paper_colour(page)
    top = int(rng.uniform(0, image.shape[0] - part.shape[0] + 1))
    left = int(rng.uniform(0, image.shape[1] - part.shape[1] + 1))
    image[top : top + part.shape[0], left : left + part.shape[1]] = part
    return image


def _covered(page, boxes: list[Box]) -> np.ndarray:
    """The paper without ink but in the boxes."""
    image = page.image.copy()
    keep = np.zeros(image.shape[:2], bool)
    for box in boxes:
        keep[_slices(box, image)] = True
    image[_near_ink(image) & ~keep] = _paper_colour(page)
    return image


def _cut(image: np.ndarray, box: Box) -> np.ndarray:
    part = image[_slices(box, image)]
    if min(part.shape[:2]) >= 32:
        return part.copy()
    return np.array(Image.fromarray(part).resize((max(part.shape[1], 32), max(part.shape[0], 32))))


def _slices(box: Box, image: np.ndarray):
    left, top, right, bottom = box.pixels(image.shape[1], image.shape[0])
    return slice(max(top, 0), max(bottom, top + 2)), slice(max(left, 0), max(right, left + 2))


def _near_ink(image: np.ndarray) -> np.ndarray:
    """Where ink or its soft rim is: bool (h, w)."""
    inked = Image.fromarray(ink(image.astype(np.float32)) > INKED)
    return np.asarray(inked.convert("L").filter(ImageFilter.MaxFilter(5))) > 0


def _paper_colour(page) -> np.ndarray:
    """The median colour of the paper, uint8 (3,)."""
    paper = page.image[_slices(page.paper or WHOLE, page.image)]
    return np.median(paper[::7, ::7].reshape(-1, 3), axis=0).astype(np.uint8)
