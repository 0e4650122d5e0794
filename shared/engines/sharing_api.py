"""JSON routes of shares for all kinds of records of a service: /shares."""

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from chassis.errors import Invalid
from chassis.i18n import lazy as _
from engines import access
from engines.access import shares, sharing
from engines.access.shares import GRANTEES, LEVELS
from engines.objects import ObjectType

_ID = validate.Length(1, 64)


class ShareIn(Schema):
    subject_kind = fields.String(required=True, validate=validate.Length(1, 60))
    subject_id = fields.String(required=True, validate=validate.Length(1, 36))
    grantee_kind = fields.String(load_default="user", validate=validate.OneOf(GRANTEES))
    grantee_id = fields.String(required=True, validate=_ID)
    level = fields.String(load_default="read", validate=validate.OneOf(LEVELS))
    until = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "when it ends by itself; empty: never"}
    )


class ShareOut(Schema):
    id = fields.String()
    grantee_kind = fields.String()
    grantee_id = fields.String()
    name = fields.Raw()
    level = fields.String()
    until = fields.DateTime(allow_none=True)
    by_hand = fields.Boolean(
        metadata={"description": "false: made by other work, such as an approval, and ends with it"}
    )
    shared_by = fields.String(allow_none=True)
    created_at = fields.DateTime()


class Shares(Schema):
    items = fields.List(fields.Nested(ShareOut))


class SubjectQuery(Schema):
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True, validate=validate.Length(1, 36))


def mount(api: Api, kinds: Iterable[ObjectType]) -> None:
    """Add /shares to a service's API."""
    by_kind = {kind.kind: kind for kind in kinds}

    def allow(call: Call) -> bool:
        return any(access.has_right(call.database, call.caller, kind, "read") for kind in by_kind)

    def record(call: Call, kind: str, record_id: str) -> tuple[ObjectType, Any]:
        found = by_kind.get(kind)
        if found is None:
            raise Invalid(errors={"subject_kind": [_("Choose from: %(names)s", names=", ".join(by_kind))]})
        return found, access.get(call.session, call.caller, found.model, record_id)

    @api.get("/shares", query=SubjectQuery, answer=Shares, allow=allow, tags=["sharing"])
    def list_shares(call: Call) -> Any:
        """Who a record is shared with, by hand or by work in progress"""
        kind, found = record(call, call.query["subject_kind"], call.query["subject_id"])
        return {"items": sharing.shown(call.session, shares.of_record(call.session, kind.kind, found.id))}

    @api.post(
        "/shares", body=ShareIn, answer=Shares, status=201, allow=allow, errors=[sharing.NotToShare], tags=["sharing"]
    )
    def share_record(call: Call) -> Any:
        """Open a record to a person, a department or a role, for reading or editing, for good or until a time"""
        body = dict(call.body)
        kind, found = record(call, body.pop("subject_kind"), body.pop("subject_id"))
        sharing.share_record(call.session, caller=call.caller, kind=kind, record=found, **body)
        return {"items": sharing.shown(call.session, shares.of_record(call.session, kind.kind, found.id))}

    @api.delete(
        "/shares/<kind>/<subject_id>/<id>", status=204, allow=allow, errors=[sharing.NotToShare], tags=["sharing"]
    )
    def unshare_record(call: Call, kind: str, subject_id: str, id: str) -> None:
        """Take a share back"""
        of, found = record(call, kind, subject_id)
        sharing.unshare_record(call.session, caller=call.caller, kind=of, record=found, share_id=id)
