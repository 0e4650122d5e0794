"""The company as kinds of fields see it: people, departments and records by id and by what people call them."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chassis import directory, i18n
from chassis.caller import Caller
from engines import access, record_kit
from engines.attachments.models import Attachment
from engines.conditions.context import company_zone
from engines.objects import ObjectType


class World:
    """One per request or file: it keeps what it looked up.

    `subject` is ("lead", id) of the record whose values are read; without one a file field takes none. `whole` is for
    work of the system itself, which may point at every record.
    """

    def __init__(
        self, session: Session, caller: Caller, *, subject: tuple[str, str] | None = None, whole: bool = False
    ):
        self.session = session
        self.caller = caller
        self.subject = subject
        self.whole = whole
        self.zone = ZoneInfo(company_zone())
        self.locale = i18n.current()
        self._names: dict[tuple[str, str], str] = {}
        self._found: dict[tuple[str, str], list[str]] = {}

    # ---- people and departments

    def person(self, text: str) -> list[str]:
        """Ids of the active people with this id, e-mail or name."""
        known = directory.snapshot(self.session).users
        if text in known:
            return [text]
        wanted = text.casefold()
        return [
            each.id
            for each in known.values()
            if each.active and wanted in (each.email.casefold(), each.name.casefold())
        ]

    def department(self, text: str) -> list[str]:
        """Ids of the departments with this id, name, or path of names ("Sales/East")."""
        known = directory.snapshot(self.session).departments
        if text in known:
            return [text]
        wanted = [part.strip().casefold() for part in text.split("/")]
        return [
            each.id
            for each in known.values()
            if [known[step].name.casefold() for step in each.path if step in known][-len(wanted) :] == wanted
        ]

    def person_name(self, id_: str) -> str:
        """The name of a person, the id where nobody has it."""
        found = directory.snapshot(self.session).users.get(id_)
        return found.name if found else id_

    def department_name(self, id_: str) -> str:
        """The name of a department, the id where there is none."""
        found = directory.snapshot(self.session).departments.get(id_)
        return found.name if found else id_

    # ---- records

    def kind(self, name: str) -> ObjectType | None:
        """A kind of record of this service, built in or the company's own."""
        return kind_of(self.session, name)

    def readable(self, kind: ObjectType, ids: Iterable[str]) -> set[str]:
        """Those of `ids` the caller may read."""
        wanted = sorted(set(ids))
        if not wanted:
            return set()
        statement = select(kind.model.id).where(kind.model.id.in_(wanted))
        if not self.whole:
            statement = statement.where(access.predicate_sql(self.session, self.caller, kind))
        return set(self.session.scalars(statement))

    def called(self, kind: ObjectType, text: str) -> list[str]:
        """Ids of the readable records with this id, number or name; at most two, which is one too many."""
        known = self._found.get((kind.kind, text))
        if known is None:
            model = kind.model
            same = [model.id == text] + [getattr(model, name) == text for name in _naming(kind)]
            statement = select(model.id).where(or_(*same)).limit(2)
            if not self.whole:
                statement = statement.where(access.predicate_sql(self.session, self.caller, kind))
            known = self._found[kind.kind, text] = list(self.session.scalars(statement))
        return known

    def learn(self, kind: ObjectType, ids: Iterable[str]) -> None:
        """Read the names of many records at once."""
        wanted = sorted({id_ for id_ in ids if (kind.kind, id_) not in self._names})
        for begin in range(0, len(wanted), 500):
            part = wanted[begin : begin + 500]
            names = [getattr(kind.model, name) for name in _naming(kind)]
            for row in self.session.execute(select(kind.model.id, *names).where(kind.model.id.in_(part))):
                self._names[kind.kind, row[0]] = next((str(text) for text in row[1:] if text), row[0])
            for id_ in part:
                self._names.setdefault((kind.kind, id_), id_)

    def record_name(self, kind: ObjectType, id_: str) -> str:
        """What people call a record: its name, else its number."""
        self.learn(kind, [id_])
        return self._names[kind.kind, id_]

    # ---- files

    def files(self) -> Mapping[str, str]:
        """Files of the record at hand: id → name."""
        if self.subject is None:
            return {}
        kind, id_ = self.subject
        wanted = select(Attachment.id, Attachment.name).where(
            Attachment.subject_kind == kind, Attachment.subject_id == id_
        )
        return {row[0]: row[1] for row in self.session.execute(wanted)}

    def file_names(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Names of files by id."""
        wanted = list(ids)
        found = self.session.execute(select(Attachment.id, Attachment.name).where(Attachment.id.in_(wanted)))
        return {row[0]: row[1] for row in found}


def _naming(kind: ObjectType) -> list[str]:
    """The columns people call a record of this kind by, the best first."""
    known = kind.by_name
    names = [
        name
        for name in ("name", "title", "subject", "company", "number")
        if name in known and known[name].kind == "text"
    ]
    return [known[name].column for name in names]


def kind_of(session: Session, name: str) -> ObjectType | None:
    """A kind of record of the session's service, built in or the company's own, by its name; None where there is none."""
    found = record_kit.find(session, name)
    return found.kind if found is not None else None
