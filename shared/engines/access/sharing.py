"""Sharing by hand: who may see a record opens it to a colleague, a department or a role, for good or for a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.events import Event, publish
from chassis.i18n import lazy as _
from engines.access import predicate, shares
from engines.access.grants import granted
from engines.access.shares import Share
from engines.notifications import notify
from engines.objects import ObjectType

BY_HAND = "by_hand"  # the reason of shares made here; those that other work makes and ends are not touched


class RecordShared(Event, type="{service}.record.shared.v1"):
    """A record was opened to a person, a department or a role, or for how long and how far was changed."""

    grantee_kind = fields.String(required=True)
    grantee_id = fields.String(required=True)
    level = fields.String(required=True)
    until = fields.DateTime(allow_none=True)


class RecordUnshared(Event, type="{service}.record.unshared.v1"):
    """A share was taken back."""

    grantee_kind = fields.String(required=True)
    grantee_id = fields.String(required=True)


class NotToShare(Forbidden):
    code, title = "not_to_share", _("Your role does not let you share this record")


def may_share(session: Session, caller: Caller, kind: ObjectType, record: Any) -> bool:
    """Whether the caller may open the record to others: with the right `share` on the kind, or as its owner."""
    grant = granted(session, caller, kind.kind)
    return grant.everything or grant.may("share") or getattr(predicate.whole(record), "owner_id", None) == caller.id


def share_record(
    session: Session,
    *,
    caller: Caller,
    kind: ObjectType,
    record: Any,
    grantee_kind: str,
    grantee_id: str,
    level: str = "read",
    until: datetime | None = None,
    link: str = "",
) -> None:
    """Open the record, or change how far and how long; the person hears of it.

    Nobody gives more than they have: sharing for editing needs the right to edit this record, and a share alone does
    not let its holder share on.
    """
    if not may_share(session, caller, kind, record) or not predicate.held(session, caller, kind, record, level):
        raise NotToShare()
    _check(session, grantee_kind, grantee_id, until)
    shares.share(
        session, kind=kind.kind, subject_id=record.id, grantee_kind=grantee_kind, user_id=grantee_id, level=level,
        until=until, reason=BY_HAND, by=caller.id,
    )  # fmt: skip
    subject = f"{kind.kind}/{record.id}"
    publish(
        session,
        RecordShared(subject=subject, grantee_kind=grantee_kind, grantee_id=grantee_id, level=level, until=until),
    )
    if grantee_kind == "user" and grantee_id != caller.id:
        what = kind.label.get("zh") or kind.kind, kind.label.get("en") or kind.kind
        title = {
            "zh": f"{caller.name}与您共享了一条{what[0]}",
            "en": f"{caller.name} shared a record with you: {what[1]}",
        }
        notify(session, to=[grantee_id], key="record_shared", title=title, link=link, subject=subject)


def unshare_record(session: Session, *, caller: Caller, kind: ObjectType, record: Any, share_id: str) -> None:
    """Take a share made by hand back: whoever may share the record, and the one who made it."""
    found = session.get(Share, share_id)
    if found is None or (found.subject_kind, found.subject_id, found.reason) != (kind.kind, record.id, BY_HAND):
        raise NotFound()
    if found.shared_by != caller.id and not may_share(session, caller, kind, record):
        raise NotToShare()
    session.delete(found)
    publish(
        session,
        RecordUnshared(
            subject=f"{kind.kind}/{record.id}", grantee_kind=found.grantee_kind, grantee_id=found.grantee_id
        ),
    )


def shown(session: Session, found: Sequence[Share]) -> list[dict[str, Any]]:
    """Shares with the names of those they are for."""
    known = directory.snapshot(session)
    users, homes = known.users, known.departments

    def name(share: Share) -> Any:
        if share.grantee_kind == "role":
            return known.role_names.get(share.grantee_id) or share.grantee_id
        held = users.get(share.grantee_id) if share.grantee_kind == "user" else homes.get(share.grantee_id)
        return held.name if held is not None else share.grantee_id

    return [
        {
            "id": share.id, "grantee_kind": share.grantee_kind, "grantee_id": share.grantee_id, "level": share.level,
            "until": share.until, "by_hand": share.reason == BY_HAND, "shared_by": share.shared_by,
            "created_at": share.created_at, "name": name(share),
        }
        for share in found
    ]  # fmt: skip


def _check(session: Session, grantee_kind: str, grantee_id: str, until: datetime | None) -> None:
    known = directory.snapshot(session)
    person = known.users.get(grantee_id)
    there = {
        "user": person is not None and person.active,
        "department": grantee_id in known.departments,
        "role": grantee_id in known.grants and grantee_id != directory.EVERYONE,
    }
    if not there.get(grantee_kind, False):
        raise Invalid(errors={"grantee_id": [_("There is no such person, department or role")]})
    if until is not None and until <= clock.now():
        raise Invalid(errors={"until": [_("This time is past")]})
