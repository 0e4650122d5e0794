"""Three by three: thirty records of the three latest years, drawn by chance, each field of the source against the record."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines import access, objects
from engines.conditions.context import company_zone
from engines.fields import Spec
from engines.transfer import bodies, columns, plans, reading, values
from engines.transfer.columns import EXTERNAL
from engines.transfer.declaring import CREATED, UPDATED, Transferable
from engines.transfer.errors import RowRefused
from engines.transfer.models import Import, ImportRow
from engines.transfer.references import Resolver
from engines.transfer.rows import Group, Layout, same

YEARS, EACH = 3, 10
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Compared:
    """One field of one record: as the source has it and as it stands here."""

    field: str
    source: str
    here: str
    agrees: bool


@dataclass(frozen=True)
class Checked:
    """One record of the sample; `record_id` is none where it is gone or out of sight."""

    line: int
    year: int
    record_id: str | None
    changed_since: bool
    fields: tuple[Compared, ...]

    @property
    def agrees(self) -> bool:
        return self.record_id is not None and all(item.agrees for item in self.fields)


def report(session: Session, caller: Caller, kind: Transferable, job: Import, path: Path) -> list[Checked]:
    """Up to thirty records, ten of each of the three latest years, the same ones at every look.

    The year is that of the plan's `year` field in the source; without one, that of the record's creation here.
    """
    plan = plans.of_document(job.plan)
    layout = Layout(plan, plans.check(session, caller, kind, plan), (), plan.dialect.zone or company_zone())
    drawn = _drawn(session, kind, job, layout, path)
    resolver = Resolver(session, caller, kind)
    return [_checked(session, caller, kind, layout, resolver, *item) for item in drawn]


def _drawn(
    session: Session, kind: Transferable, job: Import, layout: Layout, path: Path
) -> list[tuple[Group, int, Any]]:
    """One pass over the source with a reservoir per year."""
    chance = random.Random(job.id)
    seen: dict[int, int] = {}
    held: dict[int, list[tuple[Group, Any]]] = {}
    waiting: list[Group] = []

    def settle() -> None:
        ledger = _ledger(session, job.id, [group.line for group in waiting])
        years = {} if layout.plan.year else _created(session, kind, [row.record_id for row in ledger.values()])
        for group in waiting:
            row = ledger.get(group.line)
            year = _year(layout, group) if layout.plan.year else years.get(row.record_id) if row else None
            if row is None or year is None:
                continue
            seen[year] = seen.get(year, 0) + 1
            place = chance.randrange(seen[year])
            pool = held.setdefault(year, [])
            if len(pool) < EACH:
                pool.append((group, row))
            elif place < EACH:
                pool[place] = (group, row)
        waiting.clear()

    for group in layout.groups(reading.rows(path, layout.plan.dialect)):
        if group.line > job.cursor:
            break
        waiting.append(group)
        if len(waiting) >= _AT_ONCE:
            settle()
    settle()
    latest = sorted(held, reverse=True)[:YEARS]
    return [(group, year, row) for year in latest for group, row in sorted(held[year], key=lambda item: item[0].line)]


def _ledger(session: Session, import_id: str, lines: Sequence[int]) -> dict[int, Any]:
    if not lines:
        return {}
    wanted = select(ImportRow.line, ImportRow.record_id, ImportRow.version).where(
        ImportRow.import_id == import_id, ImportRow.line.between(lines[0], lines[-1]),
        ImportRow.outcome.in_((CREATED, UPDATED)), ImportRow.record_id.is_not(None), ImportRow.undo != "undone",
    )  # fmt: skip
    return {row.line: row for row in session.execute(wanted)}


def _created(session: Session, kind: Transferable, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(ids), 400):
        rows = session.execute(
            select(kind.model.id, kind.model.created_at).where(kind.model.id.in_(ids[start : start + 400]))
        )
        found |= {row[0]: row[1].astimezone(values.zone(company_zone())).year for row in rows}
    return found


def _year(layout: Layout, group: Group) -> int | None:
    try:
        text = layout.texts(group).texts.get(layout.plan.year, "")
        return int(layout.readers[layout.plan.year](text)[:4]) if text else None
    except (RowRefused, ValueError):
        return None


def _checked(
    session: Session, caller: Caller, kind: Transferable, layout: Layout, resolver: Resolver, group: Group, year: int,
    row: Any,
) -> Checked:  # fmt: skip
    record = session.get(kind.model, row.record_id)
    if record is None or not access.allows(session, caller, objects.of_model(kind.model), record):
        return Checked(group.line, year, None, True, ())
    given = layout.read(layout.texts(group), group, resolver)
    found = []
    for name, text in given.texts.items():
        column = layout.columns[name]
        if name.startswith(EXTERNAL):
            here = (record.external_ids or {}).get(name[len(EXTERNAL) :], "")
            found.append(Compared(column.title, text, here, text == here or not text))
        elif column.writable:
            found.append(_compared(kind, layout, resolver, column, given, text, record))
    return Checked(group.line, year, row.record_id, record.version != row.version, tuple(found))


def _compared(
    kind: Transferable, layout: Layout, resolver: Resolver, column: columns.Column, given: Any, text: str, record: Any
) -> Compared:
    if column.spec is not None:
        return _compared_own(layout, resolver, column, column.spec, given, text, record)
    write = values.writer(column.field, layout.plan.dialect.zone or company_zone())
    now = bodies.present(kind, column.field, record)
    new = given.body.get(column.field.name)
    here = "" if now in (None, "", []) else write(now)
    if column.name in given.unknown:
        return Compared(column.title, text, here, text == here)
    if resolver.is_reference(column.field) and new == now:
        here = text
    return Compared(column.title, text, here, not text or same(column, new, now, write))


def _compared_own(
    layout: Layout, resolver: Resolver, column: columns.Column, spec: Spec, given: Any, text: str, record: Any
) -> Compared:
    written = [
        spec.kind.to_text(spec, stored, resolver.world, layout.notation)
        for stored in (given.own.get(column.name), (record.custom or {}).get(spec.key))
    ]
    return Compared(column.title, text, written[1], not text or written[0] == written[1])
