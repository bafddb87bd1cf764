"""The history: which of one's studies are asked for, a page of them, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import load_only

from ecg_tf.labels import DISPLAY, LABELS
from webapp.extensions import db
from webapp.models import ANSWERED, Study

PER_PAGE = 24
LONGEST_SEARCH = 100  # characters
# What the list can be narrowed to: the labels, then what is no answer.
ANSWERS = {
    **{label: DISPLAY[label].capitalize() for label in LABELS},
    "refer": "Referred to a cardiologist",
    "refuse": "Not an ECG page",
    "waiting": "Not answered yet",
}
SHOWN = load_only(
    Study.id,
    Study.name,
    Study.created,
    Study.status,
    Study.due,
    Study.label,
    Study.confidence,
    Study.decision,
    Study.error_code,
    Study.error_message,
    Study.explained,
)


@dataclass(frozen=True)
class Wanted:
    """What is asked for; what is not understood is passed over."""

    text: str = ""
    answer: str = ""
    first: date | None = None  # days in UTC, both included
    last: date | None = None
    page: int = 1

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Wanted":
        """From the parameters of an address."""
        page = args.get("page", "")
        return cls(
            text=args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            answer=args.get("answer", "") if args.get("answer") in ANSWERS else "",
            first=_day(args.get("from", "")),
            last=_day(args.get("to", "")),
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 else 1,
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text or self.answer or self.first or self.last)

    def args(self, page: int) -> dict[str, str | int]:
        """The parameters of the address of another page of the same list."""
        given = {"q": self.text, "answer": self.answer, "from": self.first, "to": self.last}
        return {key: value for key, value in given.items() if value} | {"page": page}


@dataclass(frozen=True)
class Found:
    """One page of the list; `pages` at least 1."""

    studies: list[Study]
    count: int
    page: int
    pages: int


def listed(user_id: UUID, wanted: Wanted) -> Found:
    """The studies of a person that are wanted; the last page for a number beyond it."""
    query = _where(select(Study).options(SHOWN), user_id, wanted)
    count = db.session.scalar(_where(select(func.count()), user_id, wanted))
    pages = max(ceil(count / PER_PAGE), 1)
    page = min(wanted.page, pages)
    query = query.order_by(Study.created.desc(), Study.id).limit(PER_PAGE)
    return Found(list(db.session.scalars(query.offset((page - 1) * PER_PAGE))), count, page, pages)


def newest(user_id: UUID, count: int) -> list[Study]:
    """The last studies of a person."""
    query = select(Study).options(SHOWN).where(Study.user_id == user_id)
    return list(db.session.scalars(query.order_by(Study.created.desc(), Study.id).limit(count)))


def _where(query: Select, user_id: UUID, wanted: Wanted) -> Select:
    query = query.where(Study.user_id == user_id)
    if wanted.text:
        query = query.where(Study.name.icontains(wanted.text, autoescape=True))
    if wanted.answer:
        query = query.where(_answered(wanted.answer))
    if wanted.first:
        query = query.where(Study.created >= _midnight(wanted.first))
    if wanted.last:
        query = query.where(Study.created < _midnight(wanted.last) + timedelta(days=1))
    return query


def _answered(answer: str) -> ColumnElement[bool]:
    if answer == "waiting":
        return Study.status != ANSWERED
    if answer in LABELS:
        return (Study.label == answer) & (Study.decision != "refuse")
    return Study.decision == answer


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 9000 else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
