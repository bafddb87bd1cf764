"""What people say about answers: right, or which of the four it should have been."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from ecg_tf.labels import DISPLAY, LABELS
from webapp import audit, clock
from webapp.extensions import db
from webapp.models import ANSWERED, Feedback, Study
from webapp.problems import Problem
from webapp.studies import studies
from webapp.studies.owned import owned

LONGEST = 2000  # characters of a comment


class FeedbackForm(FlaskForm):
    """The label that the page should have, in the person's opinion, and a comment."""

    label = RadioField(
        "Which of the four is it?",
        [InputRequired("Please choose one of the four.")],
        choices=[SelectChoice(label, DISPLAY[label].capitalize()) for label in LABELS],
    )
    comment = TextAreaField("Comment (no names of patients, please)", [Length(max=LONGEST)])


@studies.post("/studies/<uuid:study_id>/feedback")
@login_required
def feedback(study_id: UUID):
    """Keeps the person's opinion; a second one replaces the first."""
    study = owned(study_id)
    if study.status != ANSWERED:
        raise Problem("There is no answer yet to say something about.", code="not_answered")
    form = FeedbackForm()
    if not form.validate_on_submit():
        field, errors = next(iter(form.errors.items()))
        raise Problem(errors[0], code=f"bad_{field}", status=422)
    try:
        _keep(study, form.label.data, form.comment.data or "")
    except IntegrityError:  # another tab was first
        db.session.rollback()
        _keep(owned(study_id), form.label.data, form.comment.data or "")
    flash("Thank you. Your opinion is kept with the study.")
    return redirect(url_for("studies.study", study_id=study_id, _anchor="feedback"))


def feedback_form(study: Study) -> FeedbackForm:
    """The form as it stands: what was said before, else nothing chosen."""
    said = study.feedback
    data = {"label": said.label, "comment": said.comment} if said else {}
    return FeedbackForm(formdata=None, data=data)


def _keep(study: Study, label: str, comment: str) -> None:
    said = study.feedback or Feedback(study_id=study.id, user_id=current_user.id)
    said.label, said.agrees = label, label == study.label
    said.comment, said.created = comment.replace("\0", "").strip(), clock.now()
    db.session.add(said)
    db.session.flush()
    audit.record("study.feedback", current_user.id, study.id)
    db.session.commit()
