"""Taking an import back, from its last row to its first: what somebody worked on since stays, and the ledger says why."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from chassis import changes, clock, i18n, unseeding
from chassis.causation import Cause, because
from chassis.db import Database, is_transient
from chassis.errors import Problem
from chassis.events import publish
from chassis.i18n import gettext as _
from chassis.seeding import RecordsRemoved
from engines import access
from engines.transfer import intake
from engines.transfer.declaring import CREATED, UPDATED, Transferable, of
from engines.transfer.models import Import, ImportRow

BATCH = 200
# What people write about a record; the rest that hangs on one (decisions, tasks nobody did, times that fall due) goes with it.
_WORK = ("activities", "comments", "attachments")


class _Kept(Exception):
    """A row that stays as it is; `args[0]` says why."""


def run(database: Database, import_id: str, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """Undo an import batch by batch; dying anywhere, it goes on where it stood."""
    with database.reading() as session:
        job = session.get_one(Import, import_id)
        caller, kind = intake.caller_of(session, job.caller), of(database.service, job.kind)
    while not stopping():
        cause = Cause(actor=caller.id, origin=f"import {import_id} undone")
        with because(cause), i18n.speaking(caller.locale), database.transaction() as session:
            if not _batch(session, import_id, kind, caller):
                return


def _batch(session: Session, import_id: str, kind: Transferable, caller: Any) -> bool:
    """Undo some rows; False when none is left, and the import is undone."""
    job = session.get_one(Import, import_id, with_for_update=True)
    wanted = select(ImportRow).where(
        ImportRow.import_id == import_id, ImportRow.outcome.in_((CREATED, UPDATED)), ImportRow.undo == "",
        ImportRow.record_id.is_not(None),
    )  # fmt: skip
    rows = session.scalars(wanted.order_by(ImportRow.line.desc()).limit(BATCH)).all()
    if not rows:
        job.status, job.finished_at, job.version = "undone", clock.now(), job.version + 1
        publish(session, intake.progressed(job))
        return False
    job.status = "undoing"
    changed = [row.line for row in rows if row.outcome == UPDATED]
    made = [row.line for row in rows if row.outcome == CREATED]
    lines = [row.line for row in rows]
    kept: dict[int, str] = {}
    for line in changed:  # before what rows above them made
        _try(session, kept, line, partial(_restore, session, kind, caller, import_id, line))
    if not _removed(session, kind, caller, import_id, made):
        for line in made:
            _try(session, kept, line, partial(_remove, session, kind, caller, import_id, [line]))
    _note(session, import_id, lines, kept)
    return True


def _try(session: Session, kept: dict[int, str], line: int, act: Callable[[], Any]) -> None:
    try:
        act()
    except Exception as error:
        if is_transient(error):
            raise
        changes.forget(session)
        session.expire_all()
        known = isinstance(error, _Kept | Problem | ValidationError)
        kept[line] = str(error) if known else _("It could not be put back: %(error)s", error=type(error).__name__)


def _removed(session: Session, kind: Transferable, caller: Any, import_id: str, lines: Sequence[int]) -> bool:
    """Remove all new records of a batch at once; False, with nothing done, when one of them must stay."""
    if not lines:
        return True
    try:
        _remove(session, kind, caller, import_id, lines)
    except _Kept:
        session.expire_all()
        return False
    return True


def _remove(session: Session, kind: Transferable, caller: Any, import_id: str, lines: Sequence[int]) -> None:
    with session.begin_nested():
        ids = []
        for line in lines:
            row = session.get_one(ImportRow, (import_id, line))
            _untouched(session, kind, row)
            ids.append(row.record_id or "")
        _erase(session, kind, ids, import_id)


def _erase(session: Session, kind: Transferable, ids: Sequence[str], import_id: str) -> None:
    """Remove records with what hangs on them; _Kept when that would take another record or anybody's work along."""
    service = unseeding.service_of(session)
    with_them = kind.children.came_with(session, ids) if kind.children is not None and kind.children.came_with else {}
    left = unseeding.referring(session, service, kind.name, ids)
    for name, others in left.items():
        if others - set(with_them.get(name, ())) - (set(ids) if name == kind.name else set()):
            raise _Kept(_("Other records refer to it: %(kind)s", kind=name))
    removed = unseeding.erase(session, service, {kind.name: ids, **with_them})
    owned = {item.kind for item in service.objects}
    for name, gone in removed.items():
        if name in _WORK and gone:
            raise _Kept(_("Somebody worked on it since: there are notes, comments or files."))
        others = set(gone) - set(ids if name == kind.name else with_them.get(name, ()))
        if name in owned and others:
            made = select(ImportRow.record_id).where(ImportRow.import_id == import_id, ImportRow.outcome == CREATED)
            if others - set(session.scalars(made.where(ImportRow.record_id.in_(sorted(others)[:500])))):
                raise _Kept(_("Other records refer to it: %(kind)s", kind=name))
    publish(session, RecordsRemoved(subject=f"records/{import_id}", removed=removed))


def _untouched(session: Session, kind: Transferable, row: ImportRow) -> Any:
    """The row's record as the import left it; _Kept when it is not."""
    record = session.get(kind.model, row.record_id, with_for_update=True)
    if record is None:
        raise _Kept(_("It is there no more."))
    if record.version != row.version:
        raise _Kept(_("It was changed since."))
    return record


def _restore(session: Session, kind: Transferable, caller: Any, import_id: str, line: int) -> None:
    with session.begin_nested():
        row = session.get_one(ImportRow, (import_id, line))
        record = _untouched(session, kind, row)
        access.require(session, caller, record, "edit")
        if row.before is None:
            raise _Kept(_("The row was merged into a record that existed; take the merge apart there."))
        before = dict(row.before)
        if kind.children is not None and kind.children.are_records and kind.children.name in before:
            raise _Kept(_("The row also added or changed records below this one."))
        assert kind.edit is not None
        assert kind.edited is not None
        if "external_ids" in before:
            record.external_ids = before.pop("external_ids")
        kind.edit(session, caller, record, kind.edited.load(before, partial=True))
        session.flush()
        earlier = (ImportRow.import_id == import_id, ImportRow.record_id == record.id, ImportRow.line < line)
        session.execute(update(ImportRow).where(*earlier).values(version=record.version))


def _note(session: Session, import_id: str, lines: Sequence[int], kept: dict[int, str]) -> None:
    for line in lines:
        reason = {"": [kept[line]]} if line in kept else None
        session.execute(
            update(ImportRow)
            .where(ImportRow.import_id == import_id, ImportRow.line == line)
            .values(undo="kept" if reason else "undone", kept_because=reason)
        )
    session.execute(
        update(Import)
        .where(Import.id == import_id)
        .values(undone=Import.undone + len(lines) - len(kept), kept=Import.kept + len(kept), version=Import.version + 1)
    )
