"""Activities: logged calls, visits, mails, meetings and notes, with how long, who took part and what comes next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import fields
from sqlalchemy import Index, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.errors import Invalid
from chassis.events import Event, publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from engines import record_kit
from engines.timeline.tasks import create_task

ACTIVITY_KINDS = ("call", "visit", "mail", "meeting", "note")
NEXT_STEP = "next_step"
_FOLLOW_UP = {"zh": "下次跟进", "en": "Follow up"}


class Activity(Base):
    """A logged call, visit, mail, meeting or note; `participants` are [{"name", "id"?}], the id of a colleague."""

    __tablename__ = "activities"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, info={"personal": True})
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    duration_minutes: Mapped[int | None] = mapped_column(Integer)
    participants: Mapped[list[dict[str, str]] | None] = mapped_column(Json, info={"personal": True})
    next_step: Mapped[str | None] = mapped_column(Text, info={"personal": True})
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_activities_subject", "subject_kind", "subject_id", "at", "id"),
        {"info": {"branch": "engines"}},
    )

    @property
    def subject(self) -> str:
        return f"{self.subject_kind}/{self.subject_id}"


class ActivityFact(Event):
    """What every event about an activity says of it."""

    activity_id = fields.String(required=True)
    # The record it is about; filled in after construction, where `subject` names the event's own.
    subject = fields.String(metadata={"always": True})  # type: ignore[assignment]
    kind = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    duration_minutes = fields.Integer(allow_none=True)
    next_at = fields.AwareDateTime(allow_none=True, metadata={"description": "when the next step is planned"})


class ActivityLogged(ActivityFact, type="{service}.activity.logged.v1"):
    """Somebody logged a call, visit, mail, meeting or note on a record."""


class ActivityChanged(ActivityFact, type="{service}.activity.changed.v1"):
    """The author corrected an activity."""


class ActivityRemoved(ActivityFact, type="{service}.activity.removed.v1"):
    """An activity was taken away."""


def log_activity(
    session: Session,
    *,
    caller: Caller,
    subject_kind: str,
    subject_id: str,
    kind: str,
    text: str,
    at: datetime | None = None,
    duration_minutes: int | None = None,
    participants: Sequence[Mapping[str, str]] = (),
    next_step: str = "",
    next_at: datetime | None = None,
) -> Activity:
    """Log what happened, now or at a past moment; a next step becomes a task of the author's.

    Whether the caller may is the edge's business.
    """
    if kind not in ACTIVITY_KINDS:
        raise Invalid(errors={"kind": [_("Choose from: %(names)s", names=", ".join(ACTIVITY_KINDS))]})
    activity = Activity(
        id=uuid7(), subject_kind=subject_kind, subject_id=subject_id, kind=kind, text=text, at=_past(at), by=caller.id,
        duration_minutes=duration_minutes, participants=_named(session, participants), next_step=next_step or None,
        next_at=next_at,
    )  # fmt: skip
    session.add(activity)
    _tell(session, ActivityLogged, activity)
    if next_step or next_at:
        create_task(
            session, subject_kind=subject_kind, subject_id=subject_id, title=next_step or _FOLLOW_UP, due_at=next_at,
            assignee_id=caller.id, key=NEXT_STEP, link=record_kit.link(session, subject_kind, subject_id), by=caller.id,
        )  # fmt: skip
    return activity


def edit_activity(session: Session, activity: Activity, *, caller: Caller, **given: Any) -> Activity:
    """Correct kind, text, time, duration or participants; its author may, or an administrator."""
    record_kit.require_author(activity.by, caller)
    if "participants" in given:
        given["participants"] = _named(session, given["participants"])
    if "at" in given:
        given["at"] = _past(given["at"])
    for name, value in given.items():
        setattr(activity, name, value)
    activity.changed_at = clock.now()
    _tell(session, ActivityChanged, activity)
    return activity


def remove_activity(session: Session, activity: Activity, *, caller: Caller) -> None:
    """Take an activity away; only the author or an administrator may. That there was one stays in the log."""
    record_kit.require_author(activity.by, caller)
    _tell(session, ActivityRemoved, activity)
    session.delete(activity)


def activities(session: Session, subject_kind: str, subject_id: str, *, limit: int = 50) -> Sequence[Activity]:
    """The latest activities of a record, newest first."""
    wanted = select(Activity).where(Activity.subject_kind == subject_kind, Activity.subject_id == subject_id)
    return session.scalars(wanted.order_by(Activity.at.desc(), Activity.id.desc()).limit(limit)).all()


def _past(at: datetime | None) -> datetime:
    now = clock.now()
    if at is not None and at > now:
        raise Invalid(errors={"at": [_("An activity lies in the past; plan a task for what is to come.")]})
    return at or now


def _named(session: Session, participants: Sequence[Mapping[str, str]]) -> list[dict[str, str]] | None:
    """Participants with the names of colleagues filled in; each once."""
    known = directory.snapshot(session).users if participants else {}
    found: dict[str, dict[str, str]] = {}
    for item in participants:
        colleague = known.get(item.get("id") or "")
        if item.get("id") and colleague is None:
            raise Invalid(errors={"participants": [_("There is no such person: %(id)s", id=item["id"])]})
        name = colleague.name if colleague else item.get("name", "").strip()
        if not name:
            raise Invalid(errors={"participants": [_("A participant needs a name.")]})
        found[colleague.id if colleague else name] = {"id": colleague.id, "name": name} if colleague else {"name": name}
    return list(found.values()) or None


def _tell(session: Session, kind: type[ActivityFact], activity: Activity) -> None:
    event = kind(
        subject=activity.subject, activity_id=activity.id, kind=activity.kind, at=activity.at, by=activity.by,
        duration_minutes=activity.duration_minutes, next_at=activity.next_at,
    )  # fmt: skip
    event.data["subject"] = event.subject
    publish(session, event)
