"""JSON routes of records of the company's own kinds: /objects/<object>, the same for each of them."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from chassis.api import Api, Call
from chassis.errors import NotFound
from engines import access, listing
from engines.access import right
from engines.forms import editing, in_force
from engines.objects import ObjectType

TAGS = ["objects"]


class OwnIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, editing.MAX_NAME))
    owner_id = fields.String(allow_none=True, validate=validate.Length(max=36))
    tags = fields.List(fields.String(validate=validate.Length(1, 60)), validate=validate.Length(max=50))
    custom = fields.Dict(keys=fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=500))


class OwnEdit(Schema):
    name = fields.String(validate=validate.Length(1, editing.MAX_NAME))
    owner_id = fields.String(allow_none=True, validate=validate.Length(max=36))
    tags = fields.List(fields.String(validate=validate.Length(1, 60)), validate=validate.Length(max=50))
    custom = fields.Dict(keys=fields.String(validate=validate.Length(max=60)), validate=validate.Length(max=500))


class OwnOut(Schema):
    """A record of one of the company's own kinds; /objects/{object}/schema says what `custom` holds."""

    id = fields.String()
    object = fields.String()
    number = fields.String(allow_none=True)
    external_ids = fields.Dict()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    name = fields.String()
    custom = fields.Dict()


class OwnKindOut(Schema):
    object = fields.String()
    label = fields.Dict()
    fields_ = fields.List(fields.Dict(), data_key="fields")


class OwnKinds(Schema):
    items = fields.List(fields.Nested(OwnKindOut))


class OwnRight:
    """`allow=` of a route under /objects/<object>: the right on the kind the address names."""

    def __init__(self, action: str):
        self.action = action

    def _of(self, call: Call) -> Any:
        return right(str((call.request.view_args or {}).get("object")), self.action)

    def __call__(self, call: Call) -> bool:
        key = str((call.request.view_args or {}).get("object"))
        with call.database.reading() as session:
            if key not in in_force.own_keys(session):
                raise NotFound()
        return bool(self._of(call)(call))

    def masking(self, call: Call) -> Any:
        """What makes of an answer what the caller may see of it."""
        return self._of(call).masking(call)

    def veil(self, call: Call) -> None:
        """After a write: the records at hand as the caller may see them."""
        self._of(call).veil(call)

    def closed(self, call: Call) -> frozenset[str]:
        """Members the caller may not sort by."""
        found: frozenset[str] = self._of(call).closed(call)
        return found

    def hidden(self, call: Call) -> frozenset[str]:
        """Members the caller does not see at all."""
        found: frozenset[str] = self._of(call).hidden(call)
        return found


def mount(api: Api, model: Any) -> None:
    """Add the routes to the host's API; `model` is its table."""
    _mount_lists(api, model)
    _mount_records(api)


def _mount_lists(api: Api, model: Any) -> None:
    page = listing.paged_by(model, _kind)

    @api.get("/objects", answer=OwnKinds, allow=_somebody, tags=TAGS)
    def list_objects(call: Call) -> Any:
        """The kinds of records that are the company's own and the caller may read."""
        keys = in_force.own_keys(call.session)
        return {
            "items": [_kind_out(call, key) for key in keys if access.has_right(call.session, call.caller, key, "read")]
        }

    @api.get(
        "/objects/<object>",
        answer=OwnOut,
        page=page,
        query=listing.QUERY,
        allow=OwnRight("read"),
        errors=[NotFound],
        tags=TAGS,
    )
    def list_own_records(call: Call, object: str) -> Any:
        """The records of one of the company's own kinds the caller may see."""
        kind = editing.own_kind(call.session, object)
        listing.check_sort(call.session, call.caller, kind, call.query.get("sort") or "")
        found = access.predicate_sql(call.session, call.caller, kind)
        statement = select(kind.model).where(model.object == object, found)
        if (q := call.query.get("q") or "").strip():
            statement = statement.where(listing.search(access.visible(call.session, call.caller, kind), q))
        return statement


def _mount_records(api: Api) -> None:
    @api.post(
        "/objects/<object>",
        body=OwnIn,
        answer=OwnOut,
        status=201,
        allow=OwnRight("create"),
        errors=[NotFound],
        tags=TAGS,
    )
    def create_own_record(call: Call, object: str) -> Any:
        """Make a record of one of the company's own kinds."""
        if call.body.get("owner_id") not in (None, call.caller.id):
            access.require_right(call.session, call.caller, object, "assign")
        return editing.create(call.session, object, caller=call.caller, **call.body)

    @api.get("/objects/<object>/<id>", answer=OwnOut, allow=OwnRight("read"), errors=[NotFound], tags=TAGS)
    def read_own_record(call: Call, object: str, id: str) -> Any:
        """One record."""
        return _record(call, object, id, "read")

    @api.patch(
        "/objects/<object>/<id>", body=OwnEdit, answer=OwnOut, allow=OwnRight("edit"), errors=[NotFound], tags=TAGS
    )
    def edit_own_record(call: Call, object: str, id: str) -> Any:
        """Change fields of a record; own fields not given stay as they are."""
        return editing.change(call.session, _record(call, object, id, "edit"), caller=call.caller, **call.body)

    @api.delete("/objects/<object>/<id>", status=204, allow=OwnRight("delete"), errors=[NotFound], tags=TAGS)
    def delete_own_record(call: Call, object: str, id: str) -> Any:
        """Delete a record."""
        editing.delete(call.session, _record(call, object, id, "delete"))


def _record(call: Call, key: str, id_: str, action: str) -> Any:
    return access.get(call.session, call.caller, editing.own_kind(call.session, key).model, id_, action)


def _kind(call: Call) -> ObjectType:
    return editing.own_kind(call.session, str((call.request.view_args or {})["object"]))


def _kind_out(call: Call, key: str) -> dict[str, Any]:
    seen = access.visible(call.session, call.caller, editing.own_kind(call.session, key))
    fields_ = [{"name": item.name, "kind": item.kind, "label": dict(item.label)} for item in seen.fields]
    return {"object": key, "label": dict(seen.label), "fields_": fields_}


def _somebody(call: Call) -> bool:
    return call.caller.kind in ("user", "client")
