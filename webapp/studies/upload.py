"""Taking pages in: any number of files in one form; each becomes a study or gets a reason."""

import errno
import re
import secrets
import shutil
from threading import Lock
from uuid import UUID

from flask import current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ecg_tf.pages.read import MAX_BYTES, PageError
from webapp import audit, clock
from webapp.extensions import db, limiter
from webapp.models import WAITING, Study
from webapp.problems import Problem
from webapp.security.errors import NO_ROOM, wants_json
from webapp.security.limits import takes
from webapp.studies import jobs, storage, studies
from webapp.studies.drawn import drawn_page
from webapp.studies.intake import write_pictures
from webapp.studies.names import display_name
from webapp.studies.owned import status_of

FORM_BYTES = 1_000_000  # beside the file: the form's other fields and the parts' headers
FILES = 30  # in one form; each that arrives holds a file descriptor, in each of 24 threads
TOO_MUCH = (
    f"That is too much at once; send at most {FILES} files in one go, "
    f"of at most {MAX_BYTES // 1_000_000} MB together."
)
STATUS = {"empty": 400, "too_large": 413, "unsupported_format": 415, "not_an_image": 415}
TOKEN = re.compile(r"[A-Za-z0-9-]{8,48}")
_storing = Lock()  # SQLite lets its writers try by turns, and unlucky ones give up; this is a queue
DISK_FULL = Problem(NO_ROOM[1], code=NO_ROOM[0], status=507)


@studies.post("/studies")
@login_required
@limiter.limit("240 per minute", key_func=lambda: current_user.get_id())
@takes(MAX_BYTES + FORM_BYTES, FILES + 2, TOO_MUCH)  # with the two tokens
def upload():
    """Takes the files of a form. `token` is the form's own: sent twice, it makes one study."""
    token = request.form.get("token") or None
    if token and not TOKEN.fullmatch(token):
        raise Problem("The form is damaged; please reload the page.", code="bad_token")
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise Problem("No file was chosen; choose a PNG or JPEG file first.", code="no_file")
    user_id, taken, refused = current_user.id, [], []
    for number, file in enumerate(files):
        name = display_name(file.filename)
        try:
            taken.append(take(user_id, file.stream, name, token and f"{token}-{number}"))
        except PageError as error:
            refused.append((name, error))
    return _as_json(taken, refused) if wants_json() else _as_page(taken, refused)


@studies.post("/studies/drawn")
@login_required
@limiter.limit("30 per minute", key_func=lambda: current_user.get_id())
def upload_drawn():
    """Makes a study of a page that the portal draws itself."""
    token = request.form.get("token") or None
    if token and not TOKEN.fullmatch(token):
        raise Problem("The form is damaged; please reload the page.", code="bad_token")
    study = take(current_user.id, drawn_page(), "drawn page.png", token and f"{token}-drawn")
    return redirect(url_for("studies.study", study_id=study.id))


def take(user_id: UUID, file, name: str, token: str | None) -> Study:
    """The study of an uploaded file, new or the one that this token made already.

    Either everything is kept (row, pictures, job) or nothing. Raises PageError for what is no
    page and Problem when the disk is full.
    """
    found = _made_by(user_id, token)
    if found is not None:
        return found
    db.session.rollback()  # no transaction is open while pictures are read
    key = secrets.token_hex(16)
    folder = storage.folder(key)
    try:
        seen = write_pictures(file, folder)
        study = Study(
            user_id=user_id,
            name=name,
            storage_key=key,
            upload_token=token,
            width=seen.width,
            height=seen.height,
            size=seen.size,
            sha256=seen.sha256,
            status=WAITING,
            due=clock.now() + jobs.LEASE,
        )
        with _storing:
            db.session.add(study)
            db.session.flush()
            audit.record("study.upload", user_id, study.id)
            db.session.commit()
    except BaseException as error:
        db.session.rollback()
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, IntegrityError) and (found := _made_by(user_id, token)):
            return found  # the other of two clicks was faster
        raise
    jobs.put(study.id, WAITING)
    return study


def _made_by(user_id: UUID, token: str | None) -> Study | None:
    if token is None:
        return None
    return db.session.scalar(
        select(Study).where(Study.user_id == user_id, Study.upload_token == token)
    )


@studies.app_errorhandler(OSError)
def _no_room(error: OSError):
    """A full disk has an answer of its own, wherever it was noticed."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    return current_app.handle_user_exception(DISK_FULL)


def _as_json(taken: list[Study], refused: list):
    errors = [
        {"name": name, "code": error.code, "message": error.message} for name, error in refused
    ]
    found = [status_of(study) | {"name": study.name} for study in taken]
    return jsonify(studies=found, errors=errors), 201 if taken else _status(refused)


def _as_page(taken: list[Study], refused: list):
    if not taken:
        return render_template("studies/refused.html", refused=refused), _status(refused)
    for name, error in refused:
        flash(f"{name}: {error.message}")
    if len(taken) == 1:
        return redirect(url_for("studies.study", study_id=taken[0].id))
    flash(f"{len(taken)} pages were uploaded.")
    return redirect(url_for("studies.history"))


def _status(refused: list) -> int:
    return STATUS.get(refused[0][1].code, 422)
