"""The forms in force: compiled once per version and database, read by every list, page, condition and save."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.db import Database
from engines import objects, record_kit
from engines.forms import own_kinds
from engines.forms.definition import Compiled, FormWrong, compiled
from engines.forms.models import Form
from engines.objects import ObjectType

_STAMP = "forms_stamp"
_FORMS: Any = Form.__table__
STAMP = (
    select(func.count()).select_from(_FORMS).scalar_subquery(),
    select(func.coalesce(func.sum(_FORMS.c.version), 0)).scalar_subquery(),
)
_ASK = select(*STAMP)


@dataclass(eq=False)
class _Known:
    """What one database's forms are as of one stamp."""

    stamp: tuple[int, int]
    bodies: Mapping[str, tuple[int, bool, Mapping[str, Any]]]
    made: dict[str, Compiled] = field(default_factory=dict)


_known: WeakKeyDictionary[Database, _Known] = WeakKeyDictionary()


def _current(session: Session) -> _Known:
    """The forms as this transaction sees them; one small query a transaction."""
    database: Database = session.info["database"]
    stamp = session.info.get(_STAMP)
    if stamp is None:
        stamp = as_of(session, session.connection().execute(_ASK).one())
    known = _known.get(database)
    if known is None or known.stamp != stamp:
        rows = session.execute(
            select(Form.subject_kind, Form.revision, Form.own, Form.body).where(Form.active, Form.revision > 0)
        )
        known = _known[database] = _Known(stamp, {row[0]: (row[1], row[2], row[3]) for row in rows})
    return known


def as_of(session: Session, found: Sequence[int]) -> tuple[int, int]:
    """The forms' stamp in this transaction, unless it is known: the values of STAMP, which a hot path may have asked along."""
    stamp: tuple[int, int] = session.info.setdefault(_STAMP, (int(found[0]), int(found[1])))
    return stamp


def forget(session: Session) -> None:
    """A form was published in this transaction: read them anew."""
    session.info.pop(_STAMP, None)


def of(session: Session, kind: ObjectType) -> Compiled:
    """The form of a kind of record; one without fields where the company defined none."""
    known = _current(session)
    found = known.made.get(kind.kind)
    if found is None:
        revision, _own, body = known.bodies.get(kind.kind, (0, False, {}))
        base = objects.every_by_kind(kind) or kind
        try:
            found = compiled(body, base, revision=revision)
        except FormWrong:  # a later version of the suite may know a field's kind no more: the rest of it stays usable
            found = Compiled(base, revision)
        known.made[kind.kind] = found
    return found


def own_keys(session: Session) -> list[str]:
    """Keys of the kinds of records that are the company's own, in order."""
    return sorted(key for key, (_revision, own, _body) in _current(session).bodies.items() if own)


def every_kind(session: Session) -> list[str]:
    """Names of the kinds of records that have a form."""
    return sorted(_current(session).bodies)


def kinds(session: Session, name: str) -> ObjectType | None:
    """A kind of record with the company's fields, by its name."""
    found = record_kit.find(session, name)
    return of(session, found.kind).kind if found is not None else None


def _extended(source: Session | Database, kind: ObjectType) -> ObjectType:
    if kind.model is None or not hasattr(kind.model, "custom"):
        return kind
    if isinstance(source, Session):
        return of(source, kind).kind
    with source.reading() as session:
        return of(session, kind).kind


def _own(session: Session, name: str) -> Any:
    """The kit of a kind of record of the company's own, for engines.record_kit."""
    host = own_kinds.host_of(session)
    if host is None or name not in own_keys(session):
        return None
    return own_kinds.kept(host, name)


objects.extend_by(_extended)
record_kit.also_by(_own)
