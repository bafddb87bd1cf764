"""A page to try the portal with, drawn when asked for."""

import io
import secrets

from PIL import Image

from ecg_tf.pages.synthetic import draw

SIZE = (1180, 1660)  # (height, width) in pixels
# (seed, label): of each label the first three seeds whose page the gate knows best. Whether the
# model's answer is right was not looked at.
PAGES = tuple((seed, "normal") for seed in (0, 8, 16))
PAGES += tuple((seed, "myocardial_infarction") for seed in (5, 9, 25))
PAGES += tuple((seed, "history_of_mi") for seed in (10, 22, 26))
PAGES += tuple((seed, "abnormal_heartbeat") for seed in (3, 7, 11))


def drawn_page(number: int | None = None) -> io.BytesIO:
    """A PNG file with the whole drawn page PAGES[number], by default any of them: 3 x 4 leads and
    a rhythm strip. A visitor's first page is never refused, and its leads are found."""
    seed, label = secrets.choice(PAGES) if number is None else PAGES[number]
    page = draw(seed, label, layout="3x4+1", size=SIZE, whole=True, style="banner")
    file = io.BytesIO()
    Image.fromarray(page.image).save(file, "PNG", compress_level=1)
    file.seek(0)
    return file
