"""The steps of an import people take: bring a file, declare how it is to be read, start, stop, undo, remove."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Database
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.events import publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from chassis.settings import Settings
from engines import access
from engines.attachments import keeping, storage
from engines.attachments.models import Attachment, Blob
from engines.objects import ObjectType
from engines.transfer import dialect, plans, reading
from engines.transfer.declaring import Transferable, of_session
from engines.transfer.errors import NotReady, UnreadableFile
from engines.transfer.events import ImportProgressed
from engines.transfer.models import Import, ImportRow
from engines.transfer.plans import Plan

SUBJECT = "import"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IMPORT = ObjectType(
    "import", Import, (), label={"zh": "导入", "en": "Import"}, adds_record_fields=False
)  # its columns are the engine's; what a role grants is whose imports one sees
_STARTABLE = ("draft", "done", "stopped", "failed")


def bring(
    database: Database, settings: Settings, *, caller: Caller, kind: Transferable, stream: IO[bytes], name: str | None
) -> str:
    """Keep a file and return the import's id, with a suggested plan in it; UnreadableFile for what is no table."""
    with keeping.received(stream, name, limit=settings.import_megabytes * 1024 * 1024) as file:
        is_workbook = file.media_type == WORKBOOK
        if not is_workbook and file.media_type != "text/plain":
            raise UnreadableFile(_("Bring a CSV or XLSX file; older workbooks must be saved as XLSX first."))
        found = dialect.suggested(file.path, is_workbook=is_workbook)
        headings = reading.header(file.path, found)
        blob = keeping.store(database, storage.of(settings), file)
    with database.transaction() as session:
        plan = plans.suggested(session, caller, kind, found, headings)
        job = Import(
            id=uuid7(), kind=kind.name, file_name=file.name, size=file.size, plan=plan, created_by=caller.id,
            format=found.format, caller=_remembered(caller),
        )  # fmt: skip
        session.add(job)
        session.flush()
        session.get_one(Blob, blob.id).touched_at = clock.now()
        session.add(Attachment(subject_kind=SUBJECT, subject_id=job.id, blob_id=blob.id, name=file.name, by=caller.id))
        return job.id


@contextmanager
def source(database: Database, settings: Settings, import_id: str) -> Iterator[Path]:
    """The import's file, as a file; NotFound when it is no longer kept."""
    with database.reading() as session:
        found = session.execute(
            select(Blob)
            .join(Attachment, Attachment.blob_id == Blob.id)
            .where(Attachment.subject_kind == SUBJECT, Attachment.subject_id == import_id)
        ).scalar()
    if found is None:
        raise NotFound(_("The file of this import is no longer kept."))
    store = storage.of(settings)
    if isinstance(store, storage.Folder):
        yield store.root / found.key
        return
    folder = Path(tempfile.mkdtemp(prefix="crm-import-"))
    try:
        with (folder / "file").open("wb") as file:
            for piece in store.read(found.key):
                file.write(piece)
        yield folder / "file"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def declare(session: Session, job: Import, *, caller: Caller, plan: Plan, headings: tuple[str, ...]) -> Import:
    """Set how the file is read and what is done with it; Invalid names what does not fit."""
    _require(job, *_STARTABLE)
    kind = of_session(session, job.kind)
    if len(plan.fields) != len(headings):
        text = _("The file has %(n)s columns, the plan has %(m)s.", n=len(headings), m=len(plan.fields))
        raise Invalid(errors={"fields": {"_": [text]}})
    plans.check(session, caller, kind, plan)
    job.plan, job.version = replace(plan, headings=headings).document(), job.version + 1
    return job


def start(session: Session, job: Import, *, caller: Caller, dry_run: bool = False) -> Import:
    """Let the worker take the file in. A dry run goes the whole way and keeps nothing but the ledger."""
    _require(job, *_STARTABLE)
    if job.status != "draft" and not job.dry_run:
        raise NotReady(_("This file was taken in already; bring it again to take it in once more."))
    kind = of_session(session, job.kind)
    access.require_right(session, caller, kind.name, "import")
    plans.check(session, caller, kind, plans.of_document(job.plan))
    for name in ("cursor", "rows", "created", "updated", "skipped", "failed"):
        setattr(job, name, 0)
    session.query(ImportRow).filter(ImportRow.import_id == job.id).delete(synchronize_session=False)
    job.status, job.dry_run, job.stop, job.problem, job.total = "queued", dry_run, False, None, None
    job.started_at, job.finished_at, job.caller = clock.now(), None, _remembered(caller)
    job.version += 1
    publish(session, progressed(job))
    return job


def stop(session: Session, job: Import) -> Import:
    """Stop after the rows that are in hand; what is done stays, and can be undone."""
    _require(job, "queued", "running")
    job.stop, job.version = True, job.version + 1
    return job


def undo(session: Session, job: Import, *, caller: Caller) -> Import:
    """Let the worker take back what the import did, except where somebody worked on a record since."""
    _require(job, "done", "stopped", "failed")
    if job.dry_run or not job.created + job.updated:
        raise NotReady(_("This import changed nothing."))
    access.require_right(session, caller, job.kind, "import")
    job.status, job.caller, job.version = "undo_queued", _remembered(caller), job.version + 1
    return job


def remove_file(session: Session, job: Import) -> None:
    """The file is no longer needed; the ledger stays. The sweep removes its content."""
    for item in session.scalars(_files(job.id)):
        blob = session.get(Blob, item.blob_id)
        if blob is not None:
            blob.touched_at = clock.now()
        session.delete(item)


def has_file(session: Session, job: Import) -> bool:
    """Whether the file is still kept."""
    return session.scalars(_files(job.id)).first() is not None


def find(session: Session, caller: Caller, import_id: str, *, lock: bool = False) -> Import:
    """The import, for who brought it and for whom a role lets see all; NotFound."""
    wanted = select(Import).where(Import.id == import_id, seen_by(session, caller))
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound()
    return found


def all_of(session: Session, caller: Caller, kind: str = "") -> Select[Any]:
    """SELECT of the imports the caller may see."""
    wanted = select(Import).where(seen_by(session, caller))
    return wanted.where(Import.kind == kind) if kind else wanted


def seen_by(session: Session, caller: Caller) -> ColumnElement[bool]:
    """WHERE clause: one's own, and what roles open."""
    granted = access.granted(session, caller, SUBJECT)
    everything = granted.everything or any(scope == "all" for scope, _only in granted.scopes.get("read", ()))
    return or_(everything, Import.created_by == caller.id) if not everything else Import.id == Import.id


def caller_of(session: Session, remembered: Mapping[str, Any]) -> Caller:
    """Who an import runs for, with the rights he has now; Forbidden when he may no longer do anything."""
    if remembered["kind"] == "user":
        found = directory.caller_for(
            session, remembered["id"], scopes=remembered["scopes"], locale=remembered["locale"]
        )
        if found is not None:
            return found
        if remembered["id"] in directory.snapshot(session).users:
            raise Forbidden(_("The person who started this may no longer log in."))
    return Caller(
        id=remembered["id"], kind=remembered["kind"], name=remembered["name"], roles=tuple(remembered["roles"]),
        scopes=frozenset(remembered["scopes"]), locale=remembered["locale"],
    )  # fmt: skip


def progressed(job: Import) -> ImportProgressed:
    """The event that says how an import stands."""
    names = (
        "kind",
        "status",
        "rows",
        "created",
        "updated",
        "skipped",
        "failed",
        "undone",
        "kept",
        "dry_run",
        "file_name",
    )
    said: dict[str, Any] = {name: getattr(job, name) for name in names}
    by, mode = job.caller.get("id") or job.created_by, job.plan.get("mode", "")
    return ImportProgressed(subject=f"import/{job.id}", import_id=job.id, by=by, mode=mode, **said)


def _files(import_id: str) -> Select[Any]:
    return select(Attachment).where(Attachment.subject_kind == SUBJECT, Attachment.subject_id == import_id)


def _remembered(caller: Caller) -> dict[str, Any]:
    return {
        "id": caller.id, "kind": caller.kind, "name": caller.name, "roles": list(caller.roles),
        "scopes": sorted(caller.scopes), "locale": caller.locale,
    }  # fmt: skip


def _require(job: Import, *allowed: str) -> None:
    if job.status not in allowed:
        raise NotReady()


__all__ = [
    "IMPORT", "all_of", "bring", "caller_of", "declare", "find", "has_file", "progressed", "remove_file", "source", "start",
    "stop", "undo",
]  # fmt: skip
