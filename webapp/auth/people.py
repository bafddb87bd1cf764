"""People: signing up, finding, changing, deleting; each call is one transaction."""

from datetime import timedelta
from secrets import token_hex, token_urlsafe
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from webapp import audit, clock
from webapp.auth import passwords, sessions
from webapp.extensions import db
from webapp.models import Invitation, Study, User
from webapp.problems import Problem
from webapp.studies.storage import delete_files

INVITATION_LASTS = timedelta(days=7)


def invite() -> str:
    """A token that lets one person sign up within a week; only its hash is kept."""
    token = token_urlsafe(32)
    db.session.add(
        Invitation(token_hash=sessions.digest(token), expires=clock.now() + INVITATION_LASTS)
    )
    audit.record("person.invite")
    db.session.commit()
    return token


def is_invited(token: str) -> bool:
    """Whether the token is one that was not used and is not too old."""
    found = db.session.get(Invitation, sessions.digest(token))
    return found is not None and found.expires > clock.now()


def sign_up(login: str, name: str, password: str, invitation: str | None) -> User | None:
    """The new person, logged in; None if the log-in name is taken. With `invitation`, uses it up.

    Raises Problem if the invitation is not valid (any more).
    """
    user = User(login=login, name=name, password_hash=passwords.hash_password(password))
    if invitation is not None:
        used = db.session.execute(
            delete(Invitation).where(
                Invitation.token_hash == sessions.digest(invitation),
                Invitation.expires > clock.now(),
            )
        )
        if used.rowcount != 1:
            db.session.rollback()
            raise Problem(
                "This invitation was used or is too old; please ask for a new one.",
                code="no_invitation",
                status=403,
            )
    try:
        db.session.add(user)
        db.session.flush()
        audit.record("person.sign_up", user.id)
        sessions.begin(user)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return None
    return user


def log_in(login: str, password: str) -> User | None:
    """The person, logged in; None if name or password is wrong, after the same work."""
    user = db.session.scalar(select(User).where(User.login == login))
    if not passwords.is_right(user.password_hash if user else None, password):
        audit.record("person.log_in_failed", user.id if user else None)
        db.session.commit()
        return None
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    audit.record("person.log_in", user.id)
    sessions.begin(user)
    db.session.commit()
    return user


def log_out(user_id: UUID) -> None:
    """Ends this session."""
    audit.record("person.log_out", user_id)
    sessions.end()
    db.session.commit()


def change_password(user: User, current: str, password: str) -> bool:
    """Sets the password and ends every other session; False if the current one is wrong."""
    if not passwords.is_right(user.password_hash, current):
        return False
    password_hash = passwords.hash_password(password)
    audit.record("person.change_password", user.id)
    user.password_hash = password_hash
    sessions.end_all(user.id)
    sessions.begin(user)
    db.session.commit()
    return True


def new_password(login: str) -> str | None:
    """A random password that is set for the person, whose sessions end; None if nobody has that
    log-in name."""
    user = db.session.scalar(select(User).where(User.login == login))
    if user is None:
        return None
    password = "-".join(token_hex(2) for _ in range(5))
    password_hash = passwords.hash_password(password)
    audit.record("person.new_password", user.id)
    user.password_hash = password_hash
    sessions.end_all(user.id)
    db.session.commit()
    return password


def delete_account(user: User, current: str) -> bool:
    """Deletes the person with their studies, files, feedback and sessions; False if the password
    is wrong. The audit log keeps numbers that name nobody any more."""
    if not passwords.is_right(user.password_hash, current):
        return False
    audit.record("person.delete", user.id)
    keys = db.session.scalars(select(Study.storage_key).where(Study.user_id == user.id)).all()
    db.session.execute(delete(User).where(User.id == user.id))
    sessions.end()
    db.session.commit()
    delete_files(keys)  # what a crash leaves here, `delete-expired` finds
    return True
