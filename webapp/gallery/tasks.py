"""The job of a comparison: one map after the other, each shown as soon as it is there.

No transaction is open while a map is computed, so the study may be deleted meanwhile: what is
written then meets no row. A job that starts again goes on behind the maps that are finished.
"""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError

from ecg_tf.explain.about import ABOUT, in_order
from ecg_tf.explain.attention import measure
from ecg_tf.pages.layout import Box
from webapp import clock, logs
from webapp.extensions import db
from webapp.gallery import jobs
from webapp.gallery.painter import MethodFailed, Painted, PainterGone
from webapp.models import Gallery, Study
from webapp.studies import storage
from webapp.studies.intake import PAGE
from webapp.studies.rendering import write_heat

MOST_ATTEMPTS = 3  # without a map more
LONGEST_PAUSE = 20.0  # seconds between two of them
ENDED = (
    "ended",
    "The comparison ended before it was finished, three times over; perhaps this machine is short "
    "of memory. What was finished is shown, and you can ask for the rest again.",
)
BROKEN = "internal_error", "Something went wrong on our side. You can ask for the rest again."


def make(study_id: UUID) -> None:
    """Computes what is missing of a comparison."""
    begun = _begun(study_id)
    if begun is None:
        return
    study, gallery = begun
    folder, painter = storage.folder(study.storage_key), jobs.work().painter
    try:
        for method in missing(gallery):
            try:
                painted = painter.paint(folder / PAGE, study.label, method)
                seen, probability = _keep(painted, method, study, folder), painted.probability
            except MethodFailed as failure:
                logs.event("method.failed", study=str(study_id), method=method, kind=failure.kind)
                seen, probability = {"error": failure.kind}, gallery.probability
            gallery.maps, gallery.probability = {**gallery.maps, method: seen}, probability
            if not _advance(gallery):
                return  # deleted meanwhile
    except Exception as error:
        _failed(study_id, gallery.attempts, error)


def missing(gallery: Gallery) -> list[str]:
    """The methods without a map, in the order in which they are computed and shown."""
    return [method for method in in_order(ABOUT) if method not in gallery.maps]


def unfinished(gallery: Gallery) -> bool:
    """Whether a method has no map, be it missing or failed."""
    return any("error" in gallery.maps.get(method, {"error": ""}) for method in ABOUT)


def again(gallery: Gallery) -> None:
    """Asks once more for what has failed; the caller commits and queues."""
    gallery.maps = {key: seen for key, seen in gallery.maps.items() if "error" not in seen}
    gallery.error_code = gallery.error_message = None
    gallery.attempts, gallery.due = 0, clock.now() + jobs.LEASE


def layer_name(method: str) -> str:
    """What the files of a method are called, apart from those of the study's own maps."""
    return f"gallery-{method}"


def _begun(study_id: UUID) -> tuple[Study, Gallery] | None:
    """Both rows, detached, with this attempt counted; None if there is nothing to do."""
    gallery = db.session.get(Gallery, study_id)
    if gallery is None or gallery.due is None:
        return None
    if gallery.attempts >= MOST_ATTEMPTS:  # whoever tried last was killed
        _give_up(study_id, *ENDED)
        return None
    gallery.attempts += 1
    gallery.due = clock.now() + jobs.LEASE
    db.session.commit()
    study, gallery = db.session.get(Study, study_id), db.session.get(Gallery, study_id)
    db.session.expunge_all()
    db.session.rollback()
    return (study, gallery) if study and gallery else None


def _keep(painted: Painted, method: str, study: Study, folder: Path) -> dict:
    """Writes the pictures of a map; returns which leads stand out in it."""
    box = Box(*study.explanation["box"])
    leads = {lead: Box(*edges) for lead, edges in study.explanation["leads"].items()}
    write_heat(painted.heat, box, (study.height, study.width), folder, layer_name(method))
    seen = measure(painted.heat, box, leads, ABOUT[method].title)
    return {"hottest": list(seen.hottest), "region": seen.region, "outside": seen.outside}


def _advance(gallery: Gallery) -> bool:
    """Stores a map more; False if the row is gone."""
    gallery.attempts = 1  # the attempt under way is the first at the next map
    gallery.due = clock.now() + jobs.LEASE if missing(gallery) else None
    columns = ("maps", "probability", "attempts", "due")
    return _write(gallery.study_id, **{name: getattr(gallery, name) for name in columns})


def _failed(study_id: UUID, attempts: int, error: Exception) -> None:
    """Tries later where that can help; else the comparison says what happened."""
    db.session.rollback()
    if isinstance(error, FileNotFoundError) and db.session.get(Gallery, study_id) is None:
        return  # deleted meanwhile
    if isinstance(error, PainterGone) and jobs.work().painter.closed:
        # The worker was told to stop: that is no fault of this map.
        _write(study_id, due=clock.now(), attempts=attempts - 1)
        return
    logs.event("gallery.failed", study=str(study_id), kind=type(error).__name__)
    if isinstance(error, (OperationalError, InterfaceError)):
        raise error  # the database is away: the lease runs out and the sweep comes back
    passing = isinstance(error, (PainterGone, OSError)) and not isinstance(error, FileNotFoundError)
    if not passing:
        _give_up(study_id, *BROKEN)
        raise error  # the queue logs where it happened
    if attempts >= MOST_ATTEMPTS:
        _give_up(study_id, *ENDED)
    else:
        _write(study_id, due=_later(attempts))


def _later(attempts: int) -> datetime:
    return clock.now() + timedelta(seconds=min(2.0**attempts, LONGEST_PAUSE))


def _give_up(study_id: UUID, code: str, message: str) -> None:
    _write(study_id, due=None, error_code=code, error_message=message)


def _write(study_id: UUID, **values) -> bool:
    """Sets columns if the row is still there."""
    query = update(Gallery).where(Gallery.study_id == study_id).values(**values)
    written = db.session.execute(query).rowcount == 1
    db.session.commit()
    return written
