"""Drafts of definitions on their way to being published: one per definition, saved as it is typed, locked by number.

A draft changes nothing for anybody, so saving it is no event; publishing what it holds is one, of the service's own.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock
from chassis.caller import Caller
from chassis.db import Base, Json, UtcDateTime
from chassis.errors import StaleVersion


class Draft(Base):
    """The draft of the definition `key` of a `kind`; `based_on` is the published version it was begun from, 0 for none.

    `version` grows with every save, so that two people who edit the same draft notice each other.
    """

    __tablename__ = "definition_drafts"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    body: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    based_on: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    saved_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = ({"info": {"branch": "engines"}},)


def find(session: Session, kind: str, key: str) -> Draft | None:
    """The draft of a definition."""
    return session.get(Draft, (kind, key))


def of_kind(session: Session, kind: str) -> dict[str, Draft]:
    """Every draft of a kind by its definition's key."""
    return {draft.key: draft for draft in session.scalars(select(Draft).where(Draft.kind == kind).order_by(Draft.key))}


def save(
    session: Session, *, caller: Caller, kind: str, key: str, title: Mapping[str, str], body: Mapping[str, Any],
    version: int, based_on: int = 0,
) -> Draft:  # fmt: skip
    """Save the draft; `version` is the one the caller saw, 0 when there was none. StaleVersion when it is another now."""
    found = session.get(Draft, (kind, key), with_for_update=True)
    if (found.version if found else 0) != version:
        raise StaleVersion()
    if found is None:
        found = Draft(kind=kind, key=key, version=0, based_on=based_on)
        session.add(found)
    found.title, found.body = dict(title), dict(body)
    found.version += 1
    found.saved_at, found.saved_by = clock.now(), caller.id
    session.flush()
    return found


def drop(session: Session, kind: str, key: str) -> None:
    """Remove the draft, if there is one."""
    found = session.get(Draft, (kind, key), with_for_update=True)
    if found is not None:
        session.delete(found)
        session.flush()
