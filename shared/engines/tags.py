"""Tags of records: one list per kind of record, with colours; renamed, merged and removed on all records in the background."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from marshmallow import fields
from sqlalchemy import Boolean, Index, String, func, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from chassis import clock
from chassis.caller import Caller
from chassis.db import Base, Id, UtcDateTime
from chassis.errors import Conflict, Invalid, NotFound
from chassis.events import Event, publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from chassis.timers import Timer, Timers, arm
from engines import access, record_kit
from engines.conditions import sql_functions

COLOURS = ("blue", "azure", "indigo", "purple", "pink", "red", "orange", "yellow", "lime", "green", "teal", "grey")
MAX_NAME = 40
MAX_TAGS = 30
REWRITE = "tags_rewrite"
BATCH = 200
due = Timers()


class Tag(Base):
    """A tag people may put on records of a kind. An archived one stays where it is and is no longer offered."""

    __tablename__ = "tags"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    colour: Mapped[str] = mapped_column(String(20))
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("uq_tags_kind_name", "kind", "name", unique=True), {"info": {"branch": "engines"}})


class RecordTagged(Event, type="{service}.record.tagged.v1"):
    """The tags of a record changed."""

    kind = fields.String(required=True)
    record_id = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)


class TagChanged(Event, type="{service}.tag.changed.v1"):
    """A tag was made, renamed, coloured, archived or merged into another; its records follow in the background."""

    kind = fields.String(required=True)
    name = fields.String(required=True)
    previous_name = fields.String()
    colour = fields.String(required=True)
    archived = fields.Boolean(required=True)


def listed(session: Session, kind: str, *, archived: bool = False) -> Sequence[Tag]:
    """The tags of a kind by name, with `archived` also those no longer offered."""
    wanted = select(Tag).where(Tag.kind == kind).order_by(Tag.name)
    return session.scalars(wanted if archived else wanted.where(Tag.archived.is_(False))).all()


def put(session: Session, record: Any, *, caller: Caller, names: Iterable[str]) -> list[str]:
    """Give a record exactly these tags; new ones join the list of its kind. Whether the caller may is the edge's business."""
    kind = record.__kind__
    wanted = cleaned(names)
    before = list(record.tags or [])
    known = {tag.name: tag for tag in session.scalars(select(Tag).where(Tag.kind == kind, Tag.name.in_(wanted)))}
    for name in wanted:
        if name not in known:
            define(session, kind=kind, name=name, by=caller.id)
    if wanted != before:
        record.tags = wanted
        publish(session, RecordTagged(record, kind=kind, record_id=record.id, tags=wanted))
    return wanted


def cleaned(names: Iterable[str]) -> list[str]:
    """Tag names as they are kept: trimmed, each once, in the order given."""
    found = list(dict.fromkeys(" ".join(str(name).split()) for name in names))
    if any(not name or len(name) > MAX_NAME or "," in name for name in found):
        raise Invalid(errors={"tags": [_("A tag has 1 to %(n)s characters and no comma.", n=MAX_NAME)]})
    if len(found) > MAX_TAGS:
        raise Invalid(errors={"tags": [_("A record may have %(n)s tags.", n=MAX_TAGS)]})
    return found


def define(session: Session, *, kind: str, name: str, by: str, colour: str = "") -> Tag:
    """Add a tag to the list of a kind; without a colour it gets the one used least."""
    (name,) = cleaned([name])
    _check_colour(colour)
    if session.scalar(select(Tag.id).where(Tag.kind == kind, Tag.name == name)):
        raise Conflict(_("There is a tag of this name already"))
    tag = Tag(id=uuid7(), kind=kind, name=name, colour=colour or _fresh_colour(session, kind), created_by=by)
    tag.archived = False
    session.add(tag)
    _tell(session, tag)
    return tag


def change(
    session: Session, tag: Tag, *, name: str | None = None, colour: str = "", archived: bool | None = None
) -> Tag:
    """Rename, colour or archive a tag. Renaming it to another tag's name merges the two."""
    before = tag.name
    _check_colour(colour)
    tag.colour = colour or tag.colour
    tag.archived = tag.archived if archived is None else archived
    if name is not None and cleaned([name]) != [before]:
        (new,) = cleaned([name])
        other = session.scalar(select(Tag).where(Tag.kind == tag.kind, Tag.name == new))
        if other is not None:
            session.delete(tag)
            tag = other
        else:
            tag.name = new
        _rewrite(session, tag.kind, before, new)
    _tell(session, tag, previous=before)
    return tag


def remove(session: Session, tag: Tag) -> None:
    """Take a tag off the list and off all records."""
    tag.archived = True
    _tell(session, tag)
    session.delete(tag)
    _rewrite(session, tag.kind, tag.name, None)


def get(session: Session, kind: str, tag_id: str) -> Tag:
    """A tag of a kind; NotFound."""
    tag = session.get(Tag, tag_id, with_for_update=True)
    if tag is None or tag.kind != kind:
        raise NotFound()
    return tag


@due(REWRITE)
def rewrite(session: Session, timer: Timer) -> None:
    """Put one tag's new name (or nothing) in place of the old on a batch of records; armed again until none is left."""
    kind, old, new = timer.payload["kind"], timer.payload["old"], timer.payload["new"]
    kept = record_kit.find(session, kind)
    if kept is None:
        return
    model = kept.kind.model
    wanted = select(model).where(sql_functions.ListHas(model.tags, literal(old, String())))
    records = session.scalars(wanted.order_by(model.id).limit(BATCH).with_for_update()).all()
    for record in records:
        record.tags = list(dict.fromkeys(new if name == old else name for name in record.tags if name != old or new))
        flag_modified(record, "tags")
        publish(session, RecordTagged(record, kind=kind, record_id=record.id, tags=record.tags))
    if len(records) == BATCH:
        arm(session, kind=REWRITE, key=timer.key, due_at=clock.now(), payload=timer.payload)


def _rewrite(session: Session, kind: str, old: str, new: str | None) -> None:
    session.flush()
    payload = {"kind": kind, "old": old, "new": new}
    arm(session, kind=REWRITE, key=f"{kind}:{old}"[:120], due_at=clock.now(), payload=payload)


def _fresh_colour(session: Session, kind: str) -> str:
    session.flush()
    used = select(Tag.colour, func.count()).where(Tag.kind == kind).group_by(Tag.colour)
    counted: dict[str, int] = {row[0]: row[1] for row in session.execute(used)}
    return min(COLOURS, key=lambda colour: (counted.get(colour, 0), COLOURS.index(colour)))


def _check_colour(colour: str) -> None:
    if colour and colour not in COLOURS:
        raise Invalid(errors={"colour": [_("Choose from: %(names)s", names=", ".join(COLOURS))]})


def _tell(session: Session, tag: Tag, *, previous: str = "") -> None:
    event = TagChanged(
        subject=f"tag/{tag.id}", kind=tag.kind, name=tag.name, colour=tag.colour, archived=bool(tag.archived)
    )
    if previous and previous != tag.name:
        event.data["previous_name"] = previous
    publish(session, event)


def may_manage(session: Session, caller: Caller, kept: record_kit.Kept) -> bool:
    """Whether the caller may change the list of a kind: its changes reach every record, so it takes the right to bulk edits."""
    return access.has_right(session, caller, kept.kind.kind, "bulk")


def require_manager(session: Session, caller: Caller, kept: record_kit.Kept) -> None:
    """Forbidden unless `may_manage`."""
    access.require_right(session, caller, kept.kind.kind, "bulk")
