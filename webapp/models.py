"""The tables: people, their sessions, studies, what belongs to them, invitations, the audit log."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from flask_login import UserMixin
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship

from webapp import clock

# Names that do not depend on the database, so that migrations can refer to them.
CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# What has become of a study.
WAITING = "waiting"  # not answered yet: the model server has not been asked, or was away
ANSWERED = "answered"
FAILED = "failed"  # the model server refused the file, or every attempt failed


class UtcDateTime(TypeDecorator):
    """An aware datetime in UTC; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every table shares."""

    registry = registry(
        metadata=MetaData(naming_convention=CONVENTION),
        type_annotation_map={datetime: UtcDateTime, dict[str, Any]: JSON},
    )


class User(UserMixin, Base):
    """A person. `name` is what the portal calls them, `login` what they log in with."""

    __tablename__ = "person"  # `user` is a word of SQL
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    login: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=lambda: clock.now())

    studies: Mapped[list["Study"]] = relationship(
        back_populates="user", passive_deletes=True, cascade="all, delete-orphan"
    )


class LoginSession(Base):
    """One log-in on one device. The row ends the session, whatever cookie is still about."""

    __tablename__ = "login_session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime] = mapped_column(default=lambda: clock.now())
    seen: Mapped[datetime] = mapped_column(default=lambda: clock.now())

    user: Mapped[User] = relationship()


class Study(Base):
    """One uploaded page and its answer."""

    __tablename__ = "study"
    __table_args__ = (
        Index("ix_study_user_id_created", "user_id", "created"),
        Index("ix_study_due", "due"),
        Index("ix_study_created", "created"),
        UniqueConstraint("user_id", "upload_token"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    created: Mapped[datetime] = mapped_column(default=lambda: clock.now())
    name: Mapped[str] = mapped_column(String(255))  # as the person called the file; shown to them
    storage_key: Mapped[str] = mapped_column(String(64), unique=True)  # random; names its folder
    upload_token: Mapped[str | None] = mapped_column(String(64))  # the same for a repeated click
    width: Mapped[int]  # pixels of the page, upright
    height: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)  # bytes of the upload
    sha256: Mapped[str] = mapped_column(String(64))  # of the upload as it came

    status: Mapped[str] = mapped_column(String(16), default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)  # at the next job: an answer, then its reasons
    due: Mapped[datetime | None]  # when the next job may be made (again); None: nothing to do
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)

    answered: Mapped[datetime | None]
    label: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[float | None]
    probabilities: Mapped[dict[str, Any] | None]  # label -> calibrated probability
    decision: Mapped[str | None] = mapped_column(String(16))  # answer, refer or refuse
    reason: Mapped[str | None] = mapped_column(Text)
    page_score: Mapped[float | None]
    model: Mapped[str | None] = mapped_column(String(64))
    model_version: Mapped[int | None] = mapped_column(BigInteger)

    explained: Mapped[datetime | None]
    explanation: Mapped[dict[str, Any] | None]  # box, scale weights, leads, text

    user: Mapped[User] = relationship(back_populates="studies")
    feedback: Mapped["Feedback | None"] = relationship(
        back_populates="study", passive_deletes=True, cascade="all, delete-orphan"
    )
    gallery: Mapped["Gallery | None"] = relationship(
        back_populates="study", passive_deletes=True, cascade="all, delete-orphan"
    )


class Feedback(Base):
    """What the person says about an answer: right, or which label it should have been."""

    __tablename__ = "feedback"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    study_id: Mapped[UUID] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    agrees: Mapped[bool]
    label: Mapped[str] = mapped_column(String(32))  # the right one, in the person's opinion
    comment: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=lambda: clock.now())

    study: Mapped[Study] = relationship(back_populates="feedback")


class Gallery(Base):
    """The comparison of all methods of explanation on one study, once somebody asked for it."""

    __tablename__ = "gallery"
    __table_args__ = (Index("ix_gallery_due", "due"),)
    study_id: Mapped[UUID] = mapped_column(
        ForeignKey("study.id", ondelete="CASCADE"), primary_key=True
    )
    created: Mapped[datetime] = mapped_column(default=lambda: clock.now())
    due: Mapped[datetime | None]  # when its job may be made (again); None: nothing to do
    attempts: Mapped[int] = mapped_column(default=0)  # since the last map that was finished
    maps: Mapped[dict[str, Any]] = mapped_column(default=dict)  # method -> what its map shows
    probability: Mapped[float | None]  # of the study's label, by the model that drew the maps
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)

    study: Mapped[Study] = relationship(back_populates="gallery")


class Invitation(Base):
    """Lets one person sign up, once, where sign-up is not open."""

    __tablename__ = "invitation"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created: Mapped[datetime] = mapped_column(default=lambda: clock.now())
    expires: Mapped[datetime]


class AuditEvent(Base):
    """Who did what to which study, when. Append-only, each row sealed with the one before it."""

    __tablename__ = "audit_event"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]  # no foreign key: the log outlives the account
    action: Mapped[str] = mapped_column(String(64))
    study_id: Mapped[UUID | None]
    seal: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The newest number and seal of the audit log: one row, which writers take turns at."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[str] = mapped_column(String(64))
