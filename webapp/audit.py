"""The audit log: `record` appends in the transaction of what it records, `verify` checks it all.

Each row is sealed with an HMAC over itself and the seal before it; one row of `audit_head` holds
the newest number. A changed, removed, added or swapped row breaks the chain; a removed tail no
longer meets the head. The key is derived from the secret key, so the database alone is not enough
to forge it. What a thief of key and database could do is found with a head noted elsewhere.
"""

import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update

from webapp import clock
from webapp.extensions import db
from webapp.models import AuditEvent, AuditHead

HEAD = 1  # the id of the only row
FIRST_SEAL = "0" * 64


def record(action: str, user_id: UUID | None = None, study_id: UUID | None = None) -> None:
    """Appends to the log within the open transaction; the caller commits.

    `action`: words of ours such as `study.delete`, never a name, a file name or a value.
    """
    # The update locks the row, so that writers queue here; it comes before anything is read.
    number = db.session.scalar(
        update(AuditHead)
        .where(AuditHead.id == HEAD)
        .values(number=AuditHead.number + 1)
        .returning(AuditHead.number)
    )
    before = db.session.scalar(select(AuditHead.seal).where(AuditHead.id == HEAD))
    event = AuditEvent(
        number=number, at=clock.now(), user_id=user_id, action=action, study_id=study_id
    )
    event.seal = seal(event, before, _keys()[0])
    db.session.add(event)
    db.session.execute(update(AuditHead).where(AuditHead.id == HEAD).values(seal=event.seal))


def verify(since: str = "") -> tuple[int, str, str]:
    """(number of events, seal of the newest one, what is wrong or "").

    `since`: a seal that was the newest one some time; it has to be there still.
    """
    keys = _keys()
    head = db.session.get(AuditHead, HEAD)
    count, before, met = 0, FIRST_SEAL, since in ("", FIRST_SEAL)
    for event in _events():
        count += 1
        if event.number != count:
            return count, before, f"event {count} is missing"
        if not any(hmac.compare_digest(event.seal, seal(event, before, key)) for key in keys):
            return count, before, f"event {count} was changed, or the secret key is another one"
        before = event.seal
        met = met or before == since
    if head is None:
        return count, before, "the head of the log is missing"
    if (head.number, head.seal) != (count, before):
        return count, before, f"the log has {count} events where {head.number} were written"
    if not met:
        return count, before, "the seal noted earlier is not there any more"
    return count, before, ""


def seal(event: AuditEvent, before: str, key: bytes) -> str:
    """The HMAC of an event and of the seal before it, as 64 hexadecimal digits."""
    fields = (event.number, event.at.isoformat(), event.user_id, event.action, event.study_id)
    return hmac.new(key, "\n".join(map(str, (*fields, before))).encode(), "sha256").hexdigest()


def _events() -> Iterable[AuditEvent]:
    query = select(AuditEvent).order_by(AuditEvent.number)
    return db.session.scalars(query.execution_options(yield_per=1000))


def _keys() -> list[bytes]:
    """The key that seals, then those of earlier secret keys."""
    secrets = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return [hashlib.sha256(f"audit log\n{secret}".encode()).digest() for secret in secrets]
