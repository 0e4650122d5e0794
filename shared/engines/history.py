"""A record's timeline: activities, comments, files, tasks and what the log says of its changes, merged and paged by key."""

import base64
import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from chassis import archive, clock, event_log
from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import lazy as _
from engines import access, money, record_kit
from engines.attachments.models import Attachment, Blob
from engines.comments import Comment
from engines.objects import Field, Label, ObjectType
from engines.record_kit import Happening, Kept
from engines.timeline import Activity, Task

LOG = event_log.LOG
LOGGED = (LOG.c.event_id, LOG.c.type, LOG.c.subject, LOG.c.aggregateversion, LOG.c.time, LOG.c.actor, LOG.c.origin,
          LOG.c.changes, LOG.c.personal)  # fmt: skip
KINDS = ("activity", "comment", "attachment", "task", "change")
MAX_TEXT = 400
_CREATED, _CHANGED = "created", "changed"
_PLAIN = {
    _CREATED: Happening({"zh": "新建", "en": "Created"}, "plus", "azure"),
    "saved": Happening({"zh": "已保存", "en": "Saved"}, "pencil"),
    _CHANGED: Happening({"zh": "修改", "en": "Changed"}, "pencil"),
    "assigned": Happening({"zh": "分配", "en": "Assigned"}, "user-plus", "indigo"),
    "tagged": Happening({"zh": "标签变更", "en": "Tags changed"}, "tag"),
    "completed": Happening({"zh": "已完成", "en": "Completed"}, "check", "green"),
}
_CREATING = frozenset((_CREATED, "captured", "started", "opened", "recorded"))
_SILENT = frozenset(("id", "version", "created_at", "updated_at", "created_by", "number"))


@dataclass(frozen=True)
class Change:
    """A field's value before and after; money as decimal text, lists as they are."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Entry:
    """Something on a timeline. `item` is the activity, comment, attachment or task; a change has `label` and `changes`."""

    at: datetime
    kind: str
    id: str
    by: str
    label: Label = field(default_factory=dict)
    icon: str = "point"
    colour: str = "grey"
    event: str = ""
    item: Any = None
    changes: tuple[Change, ...] = ()
    origin: str = ""

    @property
    def key(self) -> tuple[datetime, int, str]:
        return self.at, -KINDS.index(self.kind), self.id


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and where the next page begins (empty: nowhere)."""

    entries: list[Entry]
    next_cursor: str = ""


def page(
    session: Session, caller: Caller, kept: Kept, record_id: str, *, limit: int = 30, cursor: str = "",
    kinds: frozenset[str] = frozenset(KINDS),
) -> Page:  # fmt: skip
    """One page of a record's timeline as the caller may see it; that he may read the record is the edge's business."""
    before = _opened(cursor) if cursor else None
    sources = [_SOURCES[kind](session, caller, kept, record_id, before, limit + 1) for kind in KINDS if kind in kinds]
    merged = list(_first(heapq.merge(*sources, key=lambda entry: entry.key, reverse=True), limit + 1))
    more, shown = len(merged) > limit, merged[:limit]
    return Page(shown, _closed(shown[-1]) if more else "")


def told(session: Session, caller: Caller, kind: str, row: Any) -> Entry | None:
    """A row of the log as an entry, None when there is nothing in it for this reader."""
    kept = record_kit.of(session, kind)
    name = row.type.split(".", 1)[1].rpartition(".")[0]
    participle = name.rpartition(".")[2]
    known = happening(kept, name) if name.partition(".")[0] in (kind, "record") else kept.happenings.get(name)
    record = session.get(kept.kind.model, row.subject.partition("/")[2])
    changes = _changes(row, visible_fields(session, caller, kept.kind), record)
    if participle in _CREATING and all(change.before is None for change in changes):
        changes = ()  # a new record's first values stand on its page
    if not changes and (known is None or known.label == _PLAIN[_CHANGED].label):
        return None
    shown = known or _PLAIN[_CHANGED]
    return Entry(
        at=row.time, kind="change", id=row.event_id, by=row.actor, label=shown.label, icon=shown.icon,
        colour=shown.colour, event=row.type, changes=changes, origin=row.origin,
    )  # fmt: skip


def happening(kept: Kept | None, name: str) -> Happening | None:
    """How an event ("lead.qualified") is told: in its kind's words, or the plain ones."""
    own = kept.happenings.get(name) if kept is not None else None
    return own or _PLAIN.get(name.rpartition(".")[2])


def visible_fields(session: Session, caller: Caller, kind: ObjectType) -> dict[str, Field]:
    """The fields the caller may read in full."""
    return dict(access.visible(session, caller, kind).by_name)


def _changes(row: Any, fields: Mapping[str, Field], record: Any) -> tuple[Change, ...]:
    changed: dict[str, Any] = orjson.loads(row.changes) if row.changes else {}
    if row.personal:
        changed |= orjson.loads(row.personal).get("changes") or {}
    return tuple(changes_of(changed, fields, record))


def changes_of(changed: Mapping[str, Any], fields: Mapping[str, Field], record: Any = None) -> Iterator[Change]:
    """The columns of a change that are among `fields`, as people know them; `record` says the currency of its amounts."""
    by_column = {item.column: item for item in fields.values() if item.json_key is None}
    for column, (before, after) in changed.items():
        if column == "custom":
            yield from _custom(before or {}, after or {}, fields)
        elif column in by_column and by_column[column].name not in _SILENT:
            item = by_column[column]
            was, now = changed.get(item.currency_column) or [getattr(record, item.currency_column or "-", None)] * 2
            yield Change(item.name, _outside(item, before, was or now), _outside(item, after, now or was))


def _custom(before: Mapping[str, Any], after: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        item = fields.get(f"custom.{name}")
        if item is not None and before.get(name) != after.get(name):
            yield Change(item.name, _outside(item, before.get(name)), _outside(item, after.get(name)))


def _outside(item: Field, value: Any, currency: str | None = None) -> Any:
    """A stored value as people know it."""
    if item.currency_column and isinstance(value, int):
        return money.to_text(value, currency)
    if item.scale and isinstance(value, int) and not isinstance(value, bool):
        return format(Decimal(value).scaleb(-item.scale), "f")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return value[:MAX_TEXT] + "…"
    return value


Before = tuple[datetime, int, str] | None


def _activities(session: Session, _caller: Caller, kept: Kept, id_: str, before: Before, limit: int) -> Iterator[Entry]:
    for item in _rows(session, Activity, Activity.at, "activity", kept, id_, before, limit):
        yield Entry(at=item.at, kind="activity", id=item.id, by=item.by, item=item)


def _comments(session: Session, _caller: Caller, kept: Kept, id_: str, before: Before, limit: int) -> Iterator[Entry]:
    for item in _rows(session, Comment, Comment.created_at, "comment", kept, id_, before, limit):
        yield Entry(at=item.created_at, kind="comment", id=item.id, by=item.by, item=item)


def _attachments(
    session: Session, _caller: Caller, kept: Kept, id_: str, before: Before, limit: int
) -> Iterator[Entry]:
    for item in _rows(session, Attachment, Attachment.created_at, "attachment", kept, id_, before, limit):
        yield Entry(at=item.created_at, kind="attachment", id=item.id, by=item.by, item=item)


def _tasks(session: Session, _caller: Caller, kept: Kept, id_: str, before: Before, limit: int) -> Iterator[Entry]:
    """Tasks stand where they were done or taken back; open ones are on their own list."""
    for item in _rows(session, Task, Task.done_at, "task", kept, id_, before, limit, Task.done_at.is_not(None)):
        yield Entry(at=item.done_at, kind="task", id=item.id, by=item.done_by or "", item=item)


def _rows(
    session: Session, model: Any, at: Any, kind: str, kept: Kept, id_: str, before: Before, limit: int, *more: Any
) -> list[Any]:
    wanted = select(model).where(model.subject_kind == kept.kind.kind, model.subject_id == id_, *more)
    if before is not None:
        wanted = wanted.where(_earlier(at, model.id, kind, before))
    return list(session.scalars(wanted.order_by(at.desc(), model.id.desc()).limit(limit)))


def _log(session: Session, caller: Caller, kept: Kept, id_: str, before: Before, limit: int) -> Iterator[Entry]:
    """What the log says; rows that hold nothing for this reader are passed over, so pages are filled nevertheless."""
    wanted = select(*LOGGED).where(LOG.c.subject == f"{kept.kind.kind}/{id_}")
    left = limit
    while left > 0:
        asked = wanted.where(_earlier(LOG.c.time, LOG.c.event_id, "change", before)) if before else wanted
        rows = session.execute(asked.order_by(LOG.c.time.desc(), LOG.c.event_id.desc()).limit(limit * 2)).all()
        for row in rows:
            entry = told(session, caller, kept.kind.kind, row)
            if entry is not None and left > 0:
                left -= 1
                yield entry
        if len(rows) < limit * 2:
            break
        before = (rows[-1].time, -KINDS.index("change"), rows[-1].event_id)
    if left > 0:
        told_before = (told(session, caller, kept.kind.kind, row) for row in _archived(session, kept, id_, before))
        yield from itertools.islice((entry for entry in told_before if entry is not None), left)


def _archived(session: Session, kept: Kept, id_: str, before: Before) -> list[archive.Row]:
    """The record's entries of archived months behind a key, the latest first."""
    rows = sorted(archive.about(session.connection(), f"{kept.kind.kind}/{id_}"), key=_moment, reverse=True)
    if before is None:
        return rows
    moment, rank, last = before
    mine = -KINDS.index("change")
    return [
        row
        for row in rows
        if row.time < moment or (row.time == moment and (mine < rank or (mine == rank and row.event_id < last)))
    ]


def _moment(row: archive.Row) -> tuple[datetime, str]:
    return row.time, row.event_id


_SOURCES: dict[str, Callable[..., Iterator[Entry]]] = {
    "activity": _activities, "comment": _comments, "attachment": _attachments, "task": _tasks, "change": _log,
}  # fmt: skip


def _earlier(at: Any, id_: Any, kind: str, before: tuple[datetime, int, str]) -> Any:
    """The rows of one source that stand behind a key: times may be equal across sources."""
    moment, rank, last = before
    mine = -KINDS.index(kind)
    if mine < rank:
        return at <= moment
    return or_(at < moment, and_(at == moment, id_ < last)) if mine == rank else at < moment


def _first(entries: Iterator[Entry], count: int) -> Iterator[Entry]:
    for place, entry in enumerate(entries):
        if place == count:
            return
        yield entry


def _closed(entry: Entry) -> str:
    made = orjson.dumps([clock.iso(entry.at), entry.key[1], entry.id])
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _opened(cursor: str) -> tuple[datetime, int, str]:
    try:
        text, rank, id_ = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return clock.parse(text), int(rank), str(id_)
    except (ValueError, TypeError, OverflowError):
        raise Invalid(errors={"cursor": [_("Not a cursor of this list.")]}) from None


def blobs(session: Session, entries: list[Entry]) -> dict[str, Blob]:
    """The contents behind the attachments among `entries`, by id."""
    ids = {entry.item.blob_id for entry in entries if entry.kind == "attachment"}
    return {item.id: item for item in session.scalars(select(Blob).where(Blob.id.in_(ids)))} if ids else {}
