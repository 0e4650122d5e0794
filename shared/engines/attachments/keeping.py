"""Taking files in, handing them out and removing what nothing refers to any more."""

import hashlib
import logging
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from marshmallow import fields
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.db import Database, is_sqlite
from chassis.errors import Conflict, Invalid, TooLarge
from chassis.events import Event, personal, publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from chassis.service import Runtime
from engines import record_kit
from engines.attachments import sniffing, storage
from engines.attachments.models import Attachment, Blob

log = logging.getLogger(__name__)
GRACE = timedelta(hours=1)  # between a content's last use and its end
SWEEP_SECONDS = 600
CHUNK = 64 * 1024


class TooManyFiles(Conflict):
    code, title = "too_many_files", _("This record has as many files as it may have")


class AttachmentFact(Event):
    """What every event about a file says of it."""

    attachment_id = fields.String(required=True)
    # The record it belongs to; filled in after construction, where `subject` names the event's own.
    subject = fields.String(metadata={"always": True})  # type: ignore[assignment]
    by = fields.String(required=True)
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    media_type = fields.String(required=True)
    name = personal(fields.String())


class AttachmentAdded(AttachmentFact, type="{service}.attachment.added.v1"):
    """A file was attached to a record."""


class AttachmentRemoved(AttachmentFact, type="{service}.attachment.removed.v1"):
    """A file was taken off a record."""


@dataclass(frozen=True)
class Received:
    """A file that came in whole: where it lies for now, and what it is."""

    path: Path
    name: str
    sha256: str
    size: int
    media_type: str


@contextmanager
def received(stream: IO[bytes], name: str | None, *, limit: int) -> Iterator[Received]:
    """Take a file in piece by piece, never whole in memory; checked when the block begins, gone when it ends.

    TooLarge above `limit` bytes; Invalid for an empty one, a program, or content that its name's ending belies.
    """
    folder = Path(tempfile.mkdtemp(prefix="crm-upload-"))
    try:
        path, digest, size = folder / "file", hashlib.sha256(), 0
        with path.open("wb") as file:
            while piece := stream.read(CHUNK):
                size += len(piece)
                if size > limit:
                    raise TooLarge(_("The file is larger than %(n)s MiB.", n=limit // (1024 * 1024)))
                digest.update(piece)
                file.write(piece)
        given = clean_name(name)
        found = _checked(path, given, size)
        yield Received(path, given, digest.hexdigest(), size, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _checked(path: Path, name: str, size: int) -> str:
    if not size:
        raise Invalid(errors={"file": [_("The file is empty.")]})
    found = sniffing.media_type(path)
    if found in sniffing.REFUSED:
        raise Invalid(errors={"file": [_("Programs and scripts cannot be attached.")]})
    if not sniffing.fits(name, found):
        raise Invalid(errors={"file": [_("The content of %(name)s is not what its name says.", name=name)]})
    return found


def clean_name(name: str | None) -> str:
    """The name of a file without folders, control characters and what turns text around; never empty."""
    base = (name or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(char for char in base if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    stem, dot, suffix = kept.strip(" .").rpartition(".")
    if dot and len(suffix) <= 12:
        return f"{stem[: 190 - len(suffix)]}.{suffix}" if stem else suffix
    return kept.strip(" .")[:190] or "file"


def store(database: Database, place: storage.Store, file: Received) -> Blob:
    """Bring a content into the store, unless it is there; not within a transaction, since it moves bytes."""
    with database.transaction() as session:
        blob, fresh = _claimed(session, file)
    if fresh:
        place.put(blob.key, file.path, sha256=file.sha256, size=file.size)
    return blob


def _claimed(session: Session, file: Received) -> tuple[Blob, bool]:
    """The content's row; whether its bytes may still be missing. One nothing refers to may be an upload that broke off."""
    now = clock.now()
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    made = dialect.insert(Blob).values(
        id=uuid7(), sha256=file.sha256, size=file.size, media_type=file.media_type, created_at=now, touched_at=now
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["sha256"], index_where=Blob.doomed_at.is_(None), set_={"touched_at": now}
        )
    )
    blob = session.scalars(select(Blob).where(Blob.sha256 == file.sha256, Blob.doomed_at.is_(None))).one()
    used = session.scalar(select(exists().where(Attachment.blob_id == blob.id)))
    return blob, not used


def attach(
    session: Session, blob: Blob, *, caller: Caller, subject_kind: str, subject_id: str, name: str, limit: int
) -> Attachment:
    """Attach a stored content to a record; TooManyFiles above `limit` files."""
    mine = (Attachment.subject_kind == subject_kind, Attachment.subject_id == subject_id)
    if (session.scalar(select(func.count()).select_from(Attachment).where(*mine)) or 0) >= limit:
        raise TooManyFiles(_("A record may have %(n)s files.", n=limit))
    held = session.get(Blob, blob.id, with_for_update=True)
    if held is None or held.doomed_at is not None:
        raise Conflict(_("The file was removed meanwhile; send it again"))
    held.touched_at = clock.now()  # a sweep that waits for this row looks at it anew
    found = Attachment(
        id=uuid7(), subject_kind=subject_kind, subject_id=subject_id, blob_id=held.id, name=name, by=caller.id,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(found)
    _tell(session, AttachmentAdded, found, held)
    return found


def remove(session: Session, attachment: Attachment, *, caller: Caller) -> None:
    """Take a file off its record; its content goes when no record has it any more."""
    record_kit.require_author(attachment.by, caller)
    blob = session.get_one(Blob, attachment.blob_id)
    blob.touched_at = clock.now()
    _tell(session, AttachmentRemoved, attachment, blob)
    session.delete(attachment)


def of(session: Session, subject_kind: str, subject_id: str) -> list[tuple[Attachment, Blob]]:
    """The files of a record with their contents, newest first."""
    wanted = select(Attachment, Blob).join(Blob, Blob.id == Attachment.blob_id)
    mine = wanted.where(Attachment.subject_kind == subject_kind, Attachment.subject_id == subject_id)
    ordered = mine.order_by(Attachment.created_at.desc(), Attachment.id.desc())
    return [(row[0], row[1]) for row in session.execute(ordered)]


def sweep(database: Database, place: storage.Store) -> int:
    """Remove contents that nothing refers to; returns how many.

    First they are doomed, so that no upload takes them up again, then removed from the store, then forgotten: dying
    anywhere in between leaves a doomed row, which the next sweep removes.
    """
    with database.transaction() as session:
        old = (Blob.touched_at < clock.now() - GRACE, Blob.doomed_at.is_(None))
        unused = ~exists().where(Attachment.blob_id == Blob.id)
        chosen = select(Blob.id).where(*old, unused).limit(500)
        session.execute(update(Blob).where(Blob.id.in_(chosen), unused).values(doomed_at=clock.now()))
        doomed = list(session.scalars(select(Blob).where(Blob.doomed_at.is_not(None))))
        session.expunge_all()
    gone = 0
    for blob in doomed:
        place.remove(blob.key)
        with database.transaction() as session:
            session.execute(delete(Blob).where(Blob.id == blob.id))
        gone += 1
    return gone


def keep_swept(open_store: Callable[[Any], storage.Store] = storage.of) -> Callable[[Runtime], None]:
    """The worker's loop that sweeps every ten minutes."""

    def loop(runtime: Runtime) -> None:
        place = open_store(runtime.settings)
        while not runtime.stopping.wait(SWEEP_SECONDS):
            try:
                sweep(runtime.database, place)
            except Exception:
                log.exception("unused files could not be removed")

    return loop


def _tell(session: Session, kind: type[AttachmentFact], attachment: Attachment, blob: Blob) -> None:
    event = kind(
        subject=attachment.subject, attachment_id=attachment.id, by=attachment.by, sha256=blob.sha256, size=blob.size,
        media_type=blob.media_type, name=attachment.name,
    )  # fmt: skip
    event.data["subject"] = attachment.subject
    publish(session, event)
