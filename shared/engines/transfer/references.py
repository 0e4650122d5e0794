"""Texts that name people, departments and other records, to ids and back; a set at a time, within what the caller may read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.i18n import gettext as _
from engines import access
from engines.fields import World
from engines.objects import Field
from engines.transfer.declaring import Reference, Transferable

AT_ONCE = 400
Found = Mapping[str, str]  # text → id; what is missing or not unique is not in it


class Resolver:
    """Looks up what the cells of a batch name; remembers what it found, for as long as it lives."""

    def __init__(self, session: Session, caller: Caller, kind: Transferable):
        self._session, self._caller, self._kind = session, caller, kind
        self.world = World(session, caller)
        self._known: dict[tuple[str, str], str | None] = {}
        self._several: set[tuple[str, str]] = set()

    def is_reference(self, field: Field) -> bool:
        """Whether cells of the field name something else."""
        return field.kind in ("person", "department") or field.name in self._kind.references

    def learn(self, wanted: Mapping[str, tuple[Field, set[str]]]) -> None:
        """Look up all texts of a batch, per field in one go."""
        for name, (field, texts) in wanted.items():
            new = {text for text in texts if (name, text) not in self._known}
            if new:
                found, several = self._look_up(field, new)
                self._several |= {(name, text) for text in several}
                self._known |= {(name, text): found.get(text) for text in new}

    def id_of(self, field: Field, text: str) -> str:
        """The id a cell names; ValueError with the sentence for a person."""
        self.learn({field.name: (field, {text})})
        found = self._known[field.name, text]
        reference = self._kind.references.get(field.name)
        if found is None and reference is not None and reference.kind.model is self._kind.model:
            found = self._look_up(field, {text})[0].get(text)  # a row above may have made it
        if found is None:
            if (field.name, text) in self._several:
                raise ValueError(_("“%(text)s” could be several; use the number.", text=text[:60]))
            raise ValueError(_("There is no “%(text)s”, or you may not see it.", text=text[:60]))
        return found

    def _look_up(self, field: Field, texts: set[str]) -> tuple[dict[str, str], set[str]]:
        if field.kind == "person":
            return _people(self._session, texts)
        if field.kind == "department":
            return _departments(self._session, texts)
        return _records(self._session, self._caller, self._kind.references[field.name], texts)


def _people(session: Session, texts: set[str]) -> tuple[dict[str, str], set[str]]:
    named: dict[str, set[str]] = {}
    for user in directory.snapshot(session).users.values():
        for text in (user.id, user.email.lower(), user.name, _full(user)):
            if text:
                named.setdefault(text, set()).add(user.id)
    return _single(texts, named, also=str.lower)


def _departments(session: Session, texts: set[str]) -> tuple[dict[str, str], set[str]]:
    named: dict[str, set[str]] = {}
    for item in directory.snapshot(session).departments.values():
        for text in (item.id, item.name):
            named.setdefault(text, set()).add(item.id)
    return _single(texts, named)


def _single(
    texts: set[str], named: Mapping[str, set[str]], *, also: Callable[[str], str] = str
) -> tuple[dict[str, str], set[str]]:
    hits = {text: named.get(text) or named.get(also(text)) or set() for text in texts}
    found = {text: next(iter(ids)) for text, ids in hits.items() if len(ids) == 1}
    return found, {text for text, ids in hits.items() if len(ids) > 1}


def _records(
    session: Session, caller: Caller, reference: Reference, texts: set[str]
) -> tuple[dict[str, str], set[str]]:
    model = reference.kind.model
    names = [name for name in dict.fromkeys(("number", reference.shown, *reference.by)) if hasattr(model, name)]
    columns = [getattr(model, name) for name in names]
    named: list[dict[str, set[str]]] = [{} for _column in range(len(columns) + 1)]
    wanted = sorted(texts)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        clause = or_(model.id.in_(part), *(column.in_(part) for column in columns))
        rows = select(model.id, *columns).where(access.predicate_sql(session, caller, reference.kind), clause)
        for row in session.execute(rows):
            for place, value in enumerate((row[0], *row[1:])):
                if value:
                    named[place].setdefault(str(value), set()).add(row[0])
    found: dict[str, str] = {}
    several: set[str] = set()
    for text in wanted:  # an id or number decides before a name does
        ids: set[str] = next((part[text] for part in named if text in part), set())
        if len(ids) == 1:
            found[text] = next(iter(ids))
        elif ids:
            several.add(text)
    return found, several


def _full(user: Any) -> str:
    return f"{user.name} <{user.email}>" if user.email else ""


def shown(session: Session, caller: Caller, field: Field, kind: Transferable, ids: Iterable[str]) -> dict[str, str]:
    """How the things with these ids are written in a file, so that they are found again; unseen ones keep their id."""
    wanted = set(ids)
    if field.kind == "person":
        return _shown_people(session, wanted)
    if field.kind == "department":
        return _shown_departments(session, wanted)
    reference = kind.references.get(field.name)
    return _shown_records(session, caller, reference, sorted(wanted)) if reference else {}


def _shown_people(session: Session, wanted: set[str]) -> dict[str, str]:
    users = directory.snapshot(session).users
    names: dict[str, int] = {}
    for user in users.values():
        names[user.name] = names.get(user.name, 0) + 1
    known = [users[id_] for id_ in wanted if id_ in users]
    return {user.id: user.name if names[user.name] == 1 else _full(user) or user.id for user in known}


def _shown_departments(session: Session, wanted: set[str]) -> dict[str, str]:
    all_of = directory.snapshot(session).departments
    names: dict[str, int] = {}
    for item in all_of.values():
        names[item.name] = names.get(item.name, 0) + 1
    return {id_: all_of[id_].name for id_ in wanted if id_ in all_of and names[all_of[id_].name] == 1}


def _shown_records(session: Session, caller: Caller, reference: Reference, wanted: Sequence[str]) -> dict[str, str]:
    model = reference.kind.model
    found: dict[str, str] = {}
    column, seen = getattr(model, reference.shown), access.predicate_sql(session, caller, reference.kind)
    for start in range(0, len(wanted), AT_ONCE):
        rows = session.execute(select(model.id, column).where(model.id.in_(wanted[start : start + AT_ONCE]), seen))
        found |= {row[0]: str(row[1]) for row in rows if row[1]}
    return found
