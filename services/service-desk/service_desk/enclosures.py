"""Files that came with a mail: brought into the store before the mail is taken in, then attached to its ticket."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import PUBLIC
from chassis.db import Database
from chassis.errors import Problem
from engines.attachments import keeping, storage
from engines.attachments.models import Blob
from service_desk.mails import Enclosed
from service_desk.models import Message, Ticket


@dataclass(frozen=True)
class Brought:
    """A file of a mail; without `blob` it was refused as an upload of its kind is, and only its name stays."""

    file: Enclosed
    name: str
    blob: Blob | None


def bring_in(database: Database, place: storage.Store, files: Sequence[Enclosed], *, limit: int) -> list[Brought]:
    """Store what may be kept; not within a transaction. What no mail refers to in the end goes with the next sweep."""
    brought = []
    for file in files:
        try:
            with keeping.received(io.BytesIO(file.content), file.name, limit=limit) as found:
                brought.append(Brought(file, found.name, keeping.store(database, place, found)))
        except Problem:
            brought.append(Brought(file, file.name, None))
    return brought


def told(brought: Sequence[Brought]) -> list[dict[str, Any]]:
    """The files as a message names them."""
    return [{"name": each.name, "type": each.file.type, "size": len(each.file.content)} for each in brought]


def attach(session: Session, ticket: Ticket, brought: Sequence[Brought], *, limit: int) -> None:
    """Attach the files to the ticket of the customer's newest message, which then leads to them."""
    wanted = select(Message).where(Message.ticket_id == ticket.id, Message.author == "customer")
    message = session.scalars(wanted.order_by(Message.at.desc(), Message.id.desc())).first()
    if message is None or not brought:
        return
    named = told(brought)
    for each, told_as in zip(brought, named, strict=True):
        if each.blob is None:
            continue
        try:
            made = keeping.attach(
                session,
                each.blob,
                caller=PUBLIC,
                subject_kind="ticket",
                subject_id=ticket.id,
                name=each.name,
                limit=limit,
            )
        except keeping.TooManyFiles:
            break
        told_as["attachment_id"] = made.id
    message.attachments = named
