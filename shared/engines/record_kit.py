"""Which kinds of records of a service carry a timeline, comments, attachments, tags and followers, and how they are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.i18n import lazy as _
from engines import access
from engines.access.grants import ADMIN
from engines.objects import Label, ObjectType


class _Part(Protocol):
    """What hangs on a record."""

    subject_kind: Any
    subject_id: Any


P = TypeVar("P", bound=_Part)
AfterActivity = Callable[[Session, Caller, Any, Any], None]


@dataclass(frozen=True)
class Happening:
    """How an event of the log is told on a record's timeline."""

    label: Label
    icon: str = "point"
    colour: str = "grey"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One kind of record with its kit.

    `page` is the address of its page with `{id}`. `write` is the access a writing call needs (edit; read where whoever
    takes part may write). `happenings` name events by noun and participle ("lead.qualified"). `after_activity(session,
    caller, record, activity)` notes in the same transaction what an activity means for its record.
    """

    kind: ObjectType
    page: str
    write: str = "edit"
    happenings: Mapping[str, Happening] = field(default_factory=dict)
    after_activity: AfterActivity | None = None

    def record(
        self, session: Session, caller: Caller, record_id: str, action: str = "read", *, lock: bool = False
    ) -> Any:
        """The record, within the caller's access; NotFound or Forbidden as for the record itself.

        `action` is read, write, or a named right of its kind.
        """
        if action in ("read", "write"):
            return access.get(
                session, caller, self.kind.model, record_id, self.write if action == "write" else "read", lock=lock
            )
        if not access.has_right(session, caller, self.kind.kind, action):
            raise Forbidden()
        return access.get(session, caller, self.kind.model, record_id, lock=lock)

    def may(self, session: Session, caller: Caller, record: Any, action: str = "read") -> bool:
        """Whether the caller may read, or write to, a record at hand."""
        return access.allows(session, caller, self.kind, record, self.write if action == "write" else "read")

    def link(self, record_id: str) -> str:
        """The address of a record's page."""
        return self.page.replace("{id}", record_id)


_kept: dict[tuple[str, str], Kept] = {}


def keep(service: str, kinds: Sequence[Kept]) -> Sequence[Kept]:
    """Declare the kinds of a service; beside its objects, so that web and worker know them alike."""
    for item in kinds:
        _kept[service, item.kind.kind] = item
    return kinds


def kinds_of(service: str) -> list[Kept]:
    """What a service declared."""
    return [item for (name, _kind), item in _kept.items() if name == service]


_also: list[Callable[[Session, str], Kept | None]] = []


def also_by(look: Callable[[Session, str], Kept | None]) -> None:
    """Let `look` (session, kind) find kinds beside the declared ones: the company's own."""
    _also[:] = [look]


def find(session: Session, kind: str) -> Kept | None:
    """What the session's service declared for a kind, or the company made of its own."""
    found = _kept.get((session.info["database"].service, kind))
    return found or next((own for look in _also if (own := look(session, kind))), None)


def of(session: Session, kind: str) -> Kept:
    """What the session's service declared for a kind; Invalid, naming the kinds there are, for any other."""
    found = find(session, kind)
    if found is None:
        names = ", ".join(item.kind.kind for item in kinds_of(session.info["database"].service))
        raise Invalid(errors={"subject_kind": [_("Choose from: %(names)s", names=names)]})
    return found


def part(session: Session, caller: Caller, model: type[P], id_: str, action: str = "read") -> P:
    """An activity, a comment, a task, a file … that hangs on a record, locked; NotFound or Forbidden as for the record."""
    found = session.get(model, id_, with_for_update=True)
    if found is None:
        raise NotFound()
    of(session, found.subject_kind).record(session, caller, found.subject_id, action)
    return found


def link(session: Session, kind: str, record_id: str) -> str:
    """The address of a record's page, empty for a kind without one."""
    found = find(session, kind)
    return found.link(record_id) if found else ""


def require_author(author: str, caller: Caller) -> None:
    """Forbidden unless the caller wrote it himself or administers the suite."""
    if author != caller.id and ADMIN not in caller.roles:
        raise Forbidden(_("Only who wrote this may change it"))


def title(record: Any) -> str:
    """What people call a record."""
    for name in ("name", "title", "subject", "company", "number"):
        value = getattr(record, name, None)
        if value and isinstance(value, str):
            return value
    return ""


def readers(session: Session, kind: str, record_id: str, people: Sequence[str]) -> list[Caller]:
    """Those of `people` who may read the record now, as callers."""
    kept, known = of(session, kind), directory.snapshot(session)
    found = []
    for person in people:
        caller = known.caller(person)
        if caller is None:
            continue
        try:
            kept.record(session, caller, record_id)
        except (NotFound, Forbidden):
            continue
        found.append(caller)
    return found
