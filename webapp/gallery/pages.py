"""The comparison's page and its pictures; asking for it."""

from uuid import UUID

from flask import abort, jsonify, redirect, render_template, url_for
from flask_login import current_user, login_required
from sqlalchemy.exc import IntegrityError

from ecg_tf.explain.about import ABOUT
from webapp import audit, clock
from webapp.extensions import db, limiter
from webapp.gallery import gallery, jobs, tasks
from webapp.gallery.shown import as_explanation, shown, status_of
from webapp.models import Gallery, Study
from webapp.problems import Problem
from webapp.studies.downloads import download, made, picture
from webapp.studies.owned import owned
from webapp.studies.rendering import layer_path, overlay_png
from webapp.studies.storage import folder

METHOD = f"<any({','.join(ABOUT)}):method>"


@gallery.get("/studies/<uuid:study_id>/gallery")
@login_required
def compare(study_id: UUID):
    """The page under every method, as far as they are computed."""
    found = _explained(study_id)
    audit.record("study.view", current_user.id, study_id)
    db.session.commit()
    return render_template("gallery/compare.html", study=found, **shown(found))


@gallery.post("/studies/<uuid:study_id>/gallery")
@login_required
@limiter.limit("30 per hour", key_func=lambda: current_user.get_id())
def ask(study_id: UUID):
    """Asks for the comparison, or for what has failed of it; what runs or is done stays."""
    found = owned(study_id)
    if not found.explained:
        raise Problem("There is no explanation yet to compare with.", code="not_explained")
    if _ask(found):
        jobs.put(study_id)
    return redirect(url_for("gallery.compare", study_id=study_id))


@gallery.get("/studies/<uuid:study_id>/gallery/status")
@login_required
def status(study_id: UUID):
    """How far the comparison is."""
    return jsonify(status_of(_explained(study_id)))


@gallery.get(f"/studies/<uuid:study_id>/gallery/heat/{METHOD}.png")
@login_required
def heat(study_id: UUID, method: str):
    """The layer of heat over one picture of the gallery."""
    found = _compared(study_id, method)
    return picture(found, layer_path(folder(found.storage_key), tasks.layer_name(method)).name)


@gallery.get(f"/studies/<uuid:study_id>/gallery/overlay/{METHOD}.png")
@login_required
@limiter.limit("60 per minute", key_func=lambda: current_user.get_id())
def overlay(study_id: UUID, method: str):
    """The page under one method, to keep."""
    found = _compared(study_id, method)
    place, name = folder(found.storage_key), tasks.layer_name(method)
    explanation = as_explanation(found, method)
    data = made(overlay_png, place, found.probabilities, explanation, name)
    return download(found, data, "image/png", f"{method.replace('_', '-')}.png")


def _ask(study: Study) -> bool:
    """Makes or renews the row; False where there is nothing to compute."""
    kept = study.gallery
    if kept and (kept.due or not tasks.unfinished(kept)):
        return False
    if kept:
        tasks.again(kept)
    else:
        db.session.add(Gallery(study_id=study.id, due=clock.now() + jobs.LEASE))
    try:
        db.session.flush()
    except IntegrityError:  # the other of two clicks was faster
        db.session.rollback()
        return False
    audit.record("study.compare", current_user.id, study.id)
    db.session.commit()
    return True


def _explained(study_id: UUID) -> Study:
    found = owned(study_id)
    return found if found.explained else abort(404)


def _compared(study_id: UUID, method: str) -> Study:
    """The study, if it has a map of the method."""
    found = _explained(study_id)
    done = found.gallery and "error" not in found.gallery.maps.get(method, {"error": ""})
    return found if done else abort(404)
