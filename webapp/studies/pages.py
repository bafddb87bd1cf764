"""The pages: where one uploads, the history, a study; deleting one, asking for it again."""

from uuid import UUID, uuid4

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from sqlalchemy import delete as delete_rows

from ecg_tf.labels import DISPLAY
from webapp import audit
from webapp.extensions import db
from webapp.models import Study
from webapp.studies import jobs, storage, studies, tasks
from webapp.studies.listing import ANSWERS, Wanted, listed, newest
from webapp.studies.owned import is_done, owned, status_of
from webapp.studies.shown import short_percent, shown

RECENT = 6  # studies on the first page


@studies.get("/")
@login_required
def index():
    """Where one uploads."""
    recent = newest(current_user.id, RECENT)
    return render_template("studies/index.html", recent=recent, token=uuid4())


@studies.get("/studies")
@login_required
def history():
    """All one's studies, searched and narrowed."""
    wanted = Wanted.read(request.args)
    found = listed(current_user.id, wanted)
    return render_template("studies/history.html", wanted=wanted, found=found, answers=ANSWERS)


@studies.get("/studies/<uuid:study_id>")
@login_required
def study(study_id: UUID):
    """One study: the answer, the page with its heat, the reasons."""
    found = owned(study_id)
    audit.record("study.view", current_user.id, study_id)
    db.session.commit()
    return render_template("studies/study.html", study=found, **shown(found))


@studies.get("/studies/<uuid:study_id>/status")
@login_required
def status(study_id: UUID):
    """How far a study is."""
    return jsonify(status_of(owned(study_id)))


@studies.post("/studies/<uuid:study_id>/again")
@login_required
def again(study_id: UUID):
    """Asks once more for an answer or explanation that has failed."""
    found = owned(study_id)
    if is_done(found) and found.error_message:
        tasks.again(found)
        stage = found.status
        db.session.commit()
        jobs.put(study_id, stage)
    return redirect(url_for("studies.study", study_id=study_id))


@studies.post("/studies/<uuid:study_id>/delete")
@login_required
def delete(study_id: UUID):
    """Deletes a study with its files. A second try, from another tab, is fine, too."""
    found = owned(study_id)
    key = found.storage_key
    removed = db.session.execute(delete_rows(Study).where(Study.id == study_id)).rowcount
    if removed:
        audit.record("study.delete", current_user.id, study_id)
    db.session.commit()
    storage.delete_files([key])
    flash("The study is deleted.")
    return redirect(url_for("studies.history"))


@studies.context_processor
def _words():
    """What the lists need to name an answer."""
    return {"display": DISPLAY, "percent": short_percent}
