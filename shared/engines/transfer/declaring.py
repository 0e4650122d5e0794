"""What a service says of a kind of record that comes in and goes out as a file; the rest of this engine works on it alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import NotFound, Problem
from engines.objects import Field, Label, ObjectType

CREATED, UPDATED, SKIPPED, FAILED = "created", "updated", "skipped", "failed"
OUTCOMES = (CREATED, UPDATED, SKIPPED, FAILED)
MODES = ("create", "update", "upsert")


@dataclass(frozen=True, eq=False, kw_only=True)
class Reference:
    """A field that holds the id of another record: in files it is that record's number, id, or a value of `by`."""

    kind: ObjectType
    by: Sequence[str] = ()
    shown: str = "number"


@dataclass(frozen=True, eq=False, kw_only=True)
class Children:
    """Parts of a record, each a row of its own below the record's first: lines, prices, people.

    `name` is the member of the body that lists them; `are_records` says that they are records of their own, which undoing
    a change of their parent leaves alone, and `came_with(session, ids)` those that were made with new parents and stand
    as they were, by kind: they go with them; `of(session, records)` gives those that are there as bodies, by id
    of the record; of a record it reads `id` and the columns named in `reads`.
    """

    name: str
    label: Label
    fields: Sequence[Field]
    of: Callable[[Session, Sequence[Any]], Mapping[str, list[dict[str, Any]]]]
    reads: Sequence[str] = ()
    are_records: bool = False
    came_with: Callable[[Session, Sequence[str]], Mapping[str, Sequence[str]]] | None = None


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something to be chosen for the whole file; given to `create` under its name."""

    name: str
    label: Label
    choices: Mapping[str, Label]
    default: str = ""
    help: Label = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Took:
    """What became of one body: created, updated, or skipped with the reason's code. `record` is kept for undoing."""

    record: Any
    outcome: str = CREATED
    code: str = ""


Create = Callable[..., Took]  # (session, caller, body, options)
Edit = Callable[[Session, Caller, Any, dict[str, Any]], Any]
CreateMany = Callable[..., Sequence[Took | Exception]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Transferable:
    """A kind of record with the same use cases behind its files as behind its forms.

    `resource` names it in addresses (`leads`), `page` is the address of one record. `taken` and `edited` are the schemas
    of a new record and of a change; `create` and `edit` do what the routes do with a loaded body; `edit` may
    answer True when it changed parts that are records of their own. `value` maps a field to
    a function of the record for what is no plain column; `reads` are the columns it looks at. `keys` are the fields that
    may tell which record a row is about. `refused` are refusals that mean "is there already": such rows are skipped.
    `extra` are fields of the body that the kind does not list. `create_many` is the bulk path: as `create` for each, in
    order, faster. `only` narrows what is exported and found by key. `headings` are further names of columns, by field.
    """

    kind: ObjectType
    resource: str
    page: str
    taken: Schema | None = None
    edited: Schema | None = None
    create: Create | None = None
    edit: Edit | None = None
    create_many: CreateMany | None = None
    value: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    reads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keys: Sequence[str] = ("number",)
    references: Mapping[str, Reference] = field(default_factory=dict)
    children: Children | None = None
    extra: Sequence[Field] = ()
    options: Sequence[Option] = ()
    refused: tuple[type[Problem], ...] = ()
    only: Callable[[], ColumnElement[bool]] | None = None
    headings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.kind.kind

    @property
    def model(self) -> Any:
        return self.kind.model

    @property
    def takes(self) -> bool:
        """Whether files of it can be taken in, not only written."""
        return self.create is not None

    def link(self, record_id: str) -> str:
        """The address of a record's page."""
        return self.page.replace("{id}", record_id)

    def narrowed(self, statement: Select[Any]) -> Select[Any]:
        """A SELECT of records without those that no list shows."""
        return statement.where(self.only()) if self.only is not None else statement


_known: dict[str, dict[str, Transferable]] = {}


def declare(service: str, kinds: Iterable[Transferable]) -> Sequence[Transferable]:
    """Make the kinds of a service known, to its web process and its worker alike."""
    found = list(kinds)
    _known[service] = {item.name: item for item in found}
    return found


def kinds_of(service: str) -> list[Transferable]:
    """What a service declared."""
    return list(_known.get(service, {}).values())


def of(service: str, kind: str) -> Transferable:
    """One of them; NotFound."""
    found = _known.get(service, {}).get(kind)
    if found is None:
        raise NotFound()
    return found


def of_session(session: Session, kind: str) -> Transferable:
    """The kind as the service of this session's database declared it; NotFound."""
    return of(session.info["database"].service, kind)
