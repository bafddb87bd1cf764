"""What the page of a comparison is told: the methods with their words and how far each is."""

from datetime import timedelta

from ecg_tf.explain.about import ABOUT, SHOWN_FIRST, in_order
from ecg_tf.explain.rationale import percent
from ecg_tf.labels import DISPLAY
from ecg_tf.pages.layout import LEADS, RHYTHM
from webapp import clock
from webapp.gallery.tasks import layer_name, missing
from webapp.models import Gallery, Study
from webapp.studies.shown import NARROW, UNIT, short_percent

DONE, FAILED, RUNNING, WAITING, NONE = "done", "failed", "running", "waiting", "none"
NOT_TAKEN_UP = timedelta(seconds=45)  # then the page says that no worker seems to run
SAME = 0.02  # probabilities of one model, by the server and by the worker, differ by less


def shown(study: Study) -> dict:
    """The variables of the template `gallery/compare.html`."""
    found, states = study.gallery, _states(study.gallery)
    height = round(UNIT * study.height / study.width)
    done = [method for method, state in states.items() if state == DONE]
    return {
        "answer": DISPLAY[study.label].capitalize(),
        "confidence": short_percent(study.confidence),
        "asked": found is not None,
        "done": found is None or found.due is None,
        "can_ask": found is None or (found.due is None and len(done) < len(states)),
        "progress": progress(found),
        "idle": _is_idle(found),
        "error": found.error_message if found else None,
        "other_model": _other_model(study),
        "view": (UNIT, height),
        "tiles": [_tile(study, method, state, height) for method, state in states.items()],
        "table": _table(study, done),
    }


def status_of(study: Study) -> dict:
    """How far the comparison is, for the script of its page."""
    found, states = study.gallery, _states(study.gallery)
    counts = progress(found)
    return {
        "stage": " ".join(f"{method}:{state}" for method, state in states.items()),
        "away": _is_idle(found),
        "done": found is None or found.due is None,
        "finished": counts["finished"],
        "of": counts["of"],
    }


def progress(gallery: Gallery | None) -> dict:
    """How many methods are through, whether with a map or without, of how many."""
    return {"finished": len(gallery.maps) if gallery else 0, "of": len(ABOUT)}


def as_explanation(study: Study, method: str) -> dict:
    """The study's explanation with the map of one method of the gallery, for its overlay."""
    seen = study.gallery.maps[method]
    subtitle = f"{ABOUT[method].title}"
    return {**study.explanation, "maps": {layer_name(method): {**seen, "subtitle": subtitle}}}


def _states(gallery: Gallery | None) -> dict[str, str]:
    """How far each method is, in the order shown."""
    if gallery is None:
        return dict.fromkeys(in_order(ABOUT), NONE)
    waiting = missing(gallery)
    running = waiting[0] if waiting and gallery.due and gallery.attempts else None
    return {method: _state(gallery, method, running) for method in in_order(ABOUT)}


def _state(gallery: Gallery, method: str, running: str | None) -> str:
    if method in gallery.maps:
        return FAILED if "error" in gallery.maps[method] else DONE
    if gallery.due is None:
        return NONE
    return RUNNING if method == running else WAITING


def _is_idle(gallery: Gallery | None) -> bool:
    """Whether nobody has begun with it for so long that the worker cannot be running."""
    untouched = gallery is not None and gallery.due and not gallery.attempts
    return bool(untouched and gallery.created < clock.now() - NOT_TAKEN_UP)


def _other_model(study: Study) -> str | None:
    """The worker's own probability of the answer, where it is not the model server's."""
    found = study.gallery.probability if study.gallery else None
    if found is None or abs(found - study.confidence) < SAME:
        return None
    return short_percent(found)


def _tile(study: Study, method: str, state: str, height: int) -> dict:
    about = ABOUT[method]
    seen = study.gallery.maps[method] if state == DONE else {}
    boxes = study.explanation["leads"]
    hottest = seen.get("hottest", ())
    return {
        "key": method,
        "title": about.title,
        "shows": about.shows,
        "limit": about.limit,
        "first": method == SHOWN_FIRST,
        "state": state,
        "found": _found(seen),
        "boxes": [_box(lead, boxes[lead], height) for lead in hottest if lead in boxes],
    }


def _found(seen: dict) -> str:
    """One sentence on a map, for the caption and for who cannot see it."""
    if not seen:
        return ""
    if seen["region"] is None:
        return "The map is empty."
    named = [_name(lead) for lead in seen["hottest"]]
    if not named:
        where = f"No lead stands out; most heat is in the {seen['region']} third of the paper."
    else:
        where = f"Hottest leads: {', '.join(named)}."
    if seen["outside"] is None:
        return where
    return f"{where} Outside the lead boxes: {percent(seen['outside'])}.".replace(" %", NARROW)


def _table(study: Study, done: list[str]) -> dict | None:
    """Which leads stand out by which method; None where no leads are named or nothing is done."""
    leads = [lead for lead in (*LEADS, RHYTHM) if lead in study.explanation["leads"]]
    if not leads or not done:
        return None
    maps = study.gallery.maps
    rows = [
        {"title": ABOUT[method].title, "hot": [lead in maps[method]["hottest"] for lead in leads]}
        for method in done
    ]
    counts = [sum(column) for column in zip(*(row["hot"] for row in rows), strict=True)]
    names = ["Rhythm" if lead == RHYTHM else lead for lead in leads]
    return {"leads": names, "rows": rows, "counts": counts}


def _box(lead: str, edges: list[float], height: int) -> dict:
    left, top, right, bottom = edges
    return {
        "name": _name(lead),
        "x": round(left * UNIT, 1),
        "y": round(top * height, 1),
        "width": round((right - left) * UNIT, 1),
        "height": round((bottom - top) * height, 1),
    }


def _name(lead: str) -> str:
    return "rhythm strip" if lead == RHYTHM else lead
