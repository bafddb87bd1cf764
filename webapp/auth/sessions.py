"""Sessions: a random token in the signed cookie, its hash in the database.

The row decides: it goes at log-out, at a change of the password, after 30 idle minutes and after
12 hours, and a copied cookie is worth nothing from then on.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app, g, request, session
from flask_login import login_user, logout_user
from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.extensions import db, login
from webapp.models import LoginSession, User

TOKEN = "login"  # the key in the cookie
NOTED_EVERY = timedelta(minutes=1)  # so that not every request writes


def begin(user: User) -> None:
    """Logs the person in under a new session; nothing of an earlier one remains. The caller
    commits."""
    forget_stale()
    session.clear()
    token = secrets.token_urlsafe(32)
    db.session.add(LoginSession(token_hash=digest(token), user_id=user.id))
    session[TOKEN] = token
    login_user(user)


def end() -> None:
    """Logs this session out, here and in the database. The caller commits."""
    db.session.execute(
        delete(LoginSession).where(LoginSession.token_hash == digest(session.get(TOKEN, "")))
    )
    logout_user()
    session.clear()


def end_all(user_id: UUID) -> None:
    """Ends every session of a person. The caller commits."""
    db.session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def forget_stale() -> None:
    """Deletes the sessions that are past a limit. The caller commits."""
    idle, absolute = _oldest()
    db.session.execute(
        delete(LoginSession).where((LoginSession.seen < idle) | (LoginSession.created < absolute))
    )


def digest(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@login.user_loader
def _load(user_id: str) -> User | None:
    """The person of this request, if their session still is one."""
    if "no_database" in g:
        return None
    row = db.session.scalar(
        select(LoginSession)
        .options(joinedload(LoginSession.user))
        .where(LoginSession.token_hash == digest(session.get(TOKEN, "")))
    )
    if row is None or str(row.user_id) != user_id:
        return None
    idle, absolute = _oldest()
    if row.seen < idle or row.created < absolute:
        return None
    user = row.user
    if clock.now() - row.seen > NOTED_EVERY and not _is_poll():
        db.session.execute(
            update(LoginSession)
            .where(LoginSession.token_hash == row.token_hash)
            .values(seen=clock.now())
        )
        db.session.commit()
    return user


def _is_poll() -> bool:
    """Whether a script of the page asks on its own: nobody need sit before it."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"


def _oldest() -> tuple[datetime, datetime]:
    """The earliest last use and the earliest log-in that still count."""
    config, moment = current_app.config, clock.now()
    return moment - config["SESSION_IDLE"], moment - config["SESSION_ABSOLUTE"]
