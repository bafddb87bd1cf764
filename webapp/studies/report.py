"""The report on one page of A4, for the file: answer, overlay, text, where it comes from."""

import io
import unicodedata

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from ecg_tf.explain.about import ABOUT, in_order
from ecg_tf.explain.rationale import percent
from ecg_tf.labels import DISPLAY
from webapp.models import Study
from webapp.studies import storage
from webapp.studies.intake import VIEW
from webapp.studies.rendering import overlay_jpeg
from webapp.studies.wording import DECISIONS, RESEARCH

MARGIN = 16.0  # mm
WIDTH = 210.0 - 2 * MARGIN
BARS = 62.0  # mm, the column of the probabilities
PICTURE = 118.0  # mm, the tallest that the page may be
# What the fonts that every PDF reader has do not know, and accents taken off do not help with.
PLAIN = str.maketrans({"…": "...", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "ł": "l"})
INK, FAINT, LINE, ACCENT = (25, 28, 38), (95, 99, 112), (214, 218, 226), (11, 95, 102)


def pdf(study: Study) -> bytes:
    """The report of an answered study as a PDF file. Raises FileNotFoundError where the study's
    pictures are gone."""
    page = FPDF(format="A4")
    page.set_margins(MARGIN, MARGIN)
    page.set_auto_page_break(False)
    page.c_margin = 0.0  # text begins where the lines do
    page.set_title("ECG-TF report")
    page.set_creator("ECG-TF")
    page.set_lang("en")
    page.add_page()
    _head(page, study)
    top = page.get_y()
    _answer(page, study)
    below = page.get_y()
    if study.decision != "refuse":
        _bars(page, study, top)
    page.set_y(max(below, page.get_y()) + 4)
    _picture(page, study)
    if study.explained:
        _line(page, "What the model attended to", 11, bold=True)
        _text(page, study.explanation["text"], 9.5)
    _foot(page, study)
    return bytes(page.output())


def _head(page: FPDF, study: Study) -> None:
    _line(page, "ECG-TF", 18, bold=True, colour=ACCENT)
    when = study.created.strftime("%d %B %Y, %H:%M UTC")
    _line(page, f"{study.name}, uploaded {when}", 9.5, colour=FAINT)
    page.set_draw_color(*LINE)
    page.line(MARGIN, page.get_y() + 2, MARGIN + WIDTH, page.get_y() + 2)
    page.set_y(page.get_y() + 6)


def _answer(page: FPDF, study: Study) -> None:
    """The left column."""
    room = WIDTH - BARS - 8
    refused = study.decision == "refuse"
    title = DECISIONS["refuse"] if refused else DISPLAY[study.label].capitalize()
    _text(page, title, 15, bold=True, width=room)
    if not refused:
        _text(page, f"Calibrated confidence: {percent(study.confidence)}", 10.5, width=room)
        _text(page, f"Decision: {DECISIONS[study.decision]}", 10.5, width=room)
    _text(page, study.reason, 9.5, colour=FAINT, width=room)


def _bars(page: FPDF, study: Study, top: float) -> None:
    """The right column: the four probabilities."""
    left = MARGIN + WIDTH - BARS
    for row, (label, share) in enumerate(
        sorted(study.probabilities.items(), key=lambda item: -item[1])
    ):
        y = top + 8.2 * row
        page.set_font("Helvetica", "", 8.5)
        page.set_text_color(*INK)
        page.set_xy(left, y)
        page.cell(BARS, 4, DISPLAY[label].capitalize())
        page.set_xy(left, y)
        page.cell(BARS, 4, percent(share), align="R")
        page.set_fill_color(*LINE)
        page.rect(left, y + 4.6, BARS, 1.8, "F")
        page.set_fill_color(*ACCENT)
        page.rect(left, y + 4.6, max(BARS * share, 0.2), 1.8, "F")
    page.set_y(top + 8.2 * 4)


def _picture(page: FPDF, study: Study) -> None:
    """The overlay, or the page itself where nothing is explained."""
    folder = storage.folder(study.storage_key)
    if study.explained:
        method = in_order(study.explanation["maps"])[0]
        data = overlay_jpeg(folder, study.probabilities, study.explanation, method)
    else:
        data = (folder / VIEW).read_bytes()
    top = page.get_y()
    placed = page.image(
        io.BytesIO(data),
        MARGIN,
        top,
        WIDTH,
        PICTURE,
        keep_aspect_ratio=True,
        alt_text=f"The page, with {ABOUT[method].title}" if study.explained else "The page",
    )
    drawn = min(PICTURE, placed.rendered_height)
    page.set_y(top + drawn + 5)


def _foot(page: FPDF, study: Study) -> None:
    page.set_y(-MARGIN - 12)
    page.set_draw_color(*LINE)
    page.line(MARGIN, page.get_y(), MARGIN + WIDTH, page.get_y())
    page.set_y(page.get_y() + 2)
    _line(page, RESEARCH, 10, bold=True)
    _line(
        page,
        f"Model {study.model}, version {study.model_version}. Study {study.id}. "
        f"SHA-256 of the upload {study.sha256[:16]}.",
        8,
        colour=FAINT,
    )


def _line(page: FPDF, text: str, size: float, bold: bool = False, colour=INK) -> None:
    _text(page, text, size, bold, colour)


def _text(page, text: str, size: float, bold: bool = False, colour=INK, width=WIDTH) -> None:
    """A paragraph."""
    page.set_font("Helvetica", "B" if bold else "", size)
    page.set_text_color(*colour)
    page.multi_cell(
        width,
        size * 0.48,
        latin(text),
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
        align="L",
    )


def latin(text: str) -> str:
    """The text in Latin-1: letters that it lacks lose their accents, others become "?"."""
    return "".join(_letter(sign) for sign in text.translate(PLAIN))


def _letter(sign: str) -> str:
    if ord(sign) < 256:
        return sign
    return unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or "?"
