"""Saved views of lists: a condition with sort and columns under a name, one's own or shared with one's department.

A view is how somebody looks at records and no record itself, so saving one is no event.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.errors import Invalid, NotFound
from chassis.i18n import lazy as _
from chassis.ids import uuid7

MOST = 100  # views one person keeps of one list


class SavedView(Base):
    """`department_id` is where a shared one is seen: there and in all departments below; none means everywhere."""

    __tablename__ = "saved_views"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    list_name: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    owner_id: Mapped[str] = mapped_column(String(64))
    shared: Mapped[bool] = mapped_column(default=False)
    department_id: Mapped[str | None] = mapped_column(Id)
    condition: Mapped[dict[str, Any] | None] = mapped_column(Json)
    sort: Mapped[str] = mapped_column(String(80), default="")
    columns: Mapped[list[str]] = mapped_column(Json, default=list)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (Index("ix_saved_views_list", "list_name", "owner_id"), {"info": {"branch": "engines"}})


class ChosenView(Base):
    """The view a person's list opens with: an id of a saved one, or the name of one that the service ships."""

    __tablename__ = "chosen_views"

    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    list_name: Mapped[str] = mapped_column(String(80), primary_key=True)
    view: Mapped[str] = mapped_column(String(64))

    __table_args__ = ({"info": {"branch": "engines"}},)


def of_list(session: Session, *, caller: Caller, list_name: str) -> list[SavedView]:
    """The caller's own views of a list and those shared with the caller's department, by name."""
    found = session.scalars(
        select(SavedView)
        .where(SavedView.list_name == list_name, (SavedView.owner_id == caller.id) | SavedView.shared)
        .order_by(SavedView.name, SavedView.id)
    )
    place = directory.snapshot(session).departments.get(caller.department_id or "")
    above = {None, *(place.path if place else ())}
    return [view for view in found if view.owner_id == caller.id or view.department_id in above]


def chosen(session: Session, *, caller: Caller, list_name: str) -> str:
    """The view the caller's list opens with; empty for none."""
    found = session.get(ChosenView, (caller.id, list_name))
    return found.view if found else ""


def save(
    session: Session, *, caller: Caller, list_name: str, name: str, condition: Mapping[str, Any] | None, sort: str,
    columns: Sequence[str], shared: bool,
) -> SavedView:  # fmt: skip
    """Keep a view; one's own of the same name is replaced. Invalid without a name, or beyond MOST."""
    name = name.strip()[:80]
    if not name:
        raise Invalid(errors={"name": [_("Give the view a name.")]})
    own = session.scalars(
        select(SavedView).where(SavedView.list_name == list_name, SavedView.owner_id == caller.id)
    ).all()
    found = next((view for view in own if view.name == name), None)
    if found is None:
        if len(own) >= MOST:
            raise Invalid(errors={"name": [_("These are too many views; delete one first.")]})
        found = SavedView(list_name=list_name, name=name, owner_id=caller.id)
        session.add(found)
    found.condition = dict(condition) if condition else None
    found.sort, found.columns, found.shared = sort[:80], list(columns), shared
    found.department_id, found.saved_at = caller.department_id, clock.now()
    session.flush()
    return found


def delete(session: Session, *, caller: Caller, list_name: str, id: str) -> None:
    """Delete one's own view; NotFound for anybody else's."""
    found = session.get(SavedView, id)
    if found is None or found.owner_id != caller.id or found.list_name != list_name:
        raise NotFound()
    session.delete(found)


def choose(session: Session, *, caller: Caller, list_name: str, view: str) -> None:
    """Let the caller's list open with this view; empty: with all records."""
    found = session.get(ChosenView, (caller.id, list_name))
    if not view:
        if found is not None:
            session.delete(found)
    elif found is None:
        session.add(ChosenView(user_id=caller.id, list_name=list_name, view=view[:64]))
    else:
        found.view = view[:64]
