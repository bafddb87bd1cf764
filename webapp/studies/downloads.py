"""The files of a study: pictures for the pages, and what can be taken away."""

import re
from uuid import UUID

from flask import Response, abort, current_app, jsonify, send_file
from flask_login import current_user, login_required

from ecg_tf.explain.names import METHODS
from webapp import audit
from webapp.extensions import db, limiter
from webapp.models import ANSWERED, Study
from webapp.studies import storage, studies
from webapp.studies.drawn import drawn_page
from webapp.studies.intake import THUMBNAIL, VIEW
from webapp.studies.owned import owned
from webapp.studies.rendering import layer_path, overlay_png

METHOD = f"<any({','.join(METHODS)}):method>"


@studies.get("/studies/<uuid:study_id>/thumbnail.jpg")
@login_required
def thumbnail(study_id: UUID):
    """The page, small."""
    return picture(owned(study_id), THUMBNAIL)


@studies.get("/studies/<uuid:study_id>/page.jpg")
@login_required
def page(study_id: UUID):
    """The page as it is shown."""
    return picture(owned(study_id), VIEW)


@studies.get(f"/studies/<uuid:study_id>/heat/{METHOD}.png")
@login_required
def heat(study_id: UUID, method: str):
    """The layer of heat that the study page lays over the page."""
    found = _explained(study_id)
    return picture(found, layer_path(storage.folder(found.storage_key), method).name)


@studies.get(f"/studies/<uuid:study_id>/overlay/{METHOD}.png")
@login_required
@limiter.limit("60 per minute", key_func=lambda: current_user.get_id())
def overlay(study_id: UUID, method: str):
    """The page under its heat, to keep."""
    found = _explained(study_id)
    if method not in found.explanation["maps"]:
        abort(404)
    folder = storage.folder(found.storage_key)
    data = made(overlay_png, folder, found.probabilities, found.explanation, method)
    return download(found, data, "image/png", f"{method.replace('_', '-')}.png")


@studies.get("/studies/<uuid:study_id>/report.pdf")
@login_required
@limiter.limit("60 per minute", key_func=lambda: current_user.get_id())
def report(study_id: UUID):
    """The report on one page."""
    found = _answered(study_id)
    from webapp.studies.report import pdf  # its library is large and seldom needed

    return download(found, made(pdf, found), "application/pdf", "report.pdf")


@studies.get("/studies/<uuid:study_id>/result.json")
@login_required
def result(study_id: UUID):
    """All that is known of a study, for programs."""
    found = _answered(study_id)
    response = jsonify(as_dict(found))
    return download(found, response.get_data(), "application/json", "result.json")


@studies.get("/drawn-page.png")
@login_required
@limiter.limit("30 per minute", key_func=lambda: current_user.get_id())
def drawn():
    """A drawn page to download and try."""
    return send_file(drawn_page(), "image/png", as_attachment=True, download_name="drawn-page.png")


def as_dict(study: Study) -> dict:
    """A study in plain values, with the keys that the command line uses."""
    return {
        "study": str(study.id),
        "file": study.name,
        "uploaded": study.created.isoformat(),
        "sha256": study.sha256,
        "label": study.label,
        "confidence": study.confidence,
        "probabilities": study.probabilities,
        "decision": study.decision,
        "reason": study.reason,
        "page_score": study.page_score,
        "model": study.model,
        "version": study.model_version,
        "explanation": study.explanation,
        "notice": "Research use only.",
    }


def _answered(study_id: UUID) -> Study:
    found = owned(study_id)
    return found if found.status == ANSWERED else abort(404)


def _explained(study_id: UUID) -> Study:
    found = owned(study_id)
    return found if found.explained else abort(404)


def picture(study: Study, name: str) -> Response:
    """A file of the study to show; 404 where it is not there."""
    path = storage.folder(study.storage_key) / name
    if not path.is_file():
        abort(404)
    response = send_file(path)
    response.headers["Cache-Control"] = "no-store"  # patient data stays in no browser's cache
    return response


def made(make, *args) -> bytes:
    """What `make` makes; 404 where another tab has deleted the files meanwhile."""
    try:
        return make(*args)
    except FileNotFoundError:
        abort(404)


def download(study: Study, data: bytes, kind: str, suffix: str) -> Response:
    """An attachment, noted in the audit log."""
    audit.record("study.download", current_user.id, study.id)
    # Plain letters only: what is left of a name may still be odd to a file system.
    stem = re.sub(r"[^A-Za-z0-9]+", "-", study.name.rsplit(".", 1)[0]).strip("-")[:40] or "page"
    db.session.commit()
    response = current_app.response_class(data, mimetype=kind)
    response.headers.set("Content-Disposition", "attachment", filename=f"ecg-tf-{stem}-{suffix}")
    return response
