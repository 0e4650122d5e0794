"""JSON routes of forms: what fields a kind of record has, trying and publishing them, and filling them in on any record."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.api import Api, Call
from chassis.errors import Forbidden, NotFound
from engines import access, record_kit
from engines.access import right
from engines.fields import KINDS
from engines.fields.choosing import Labels
from engines.forms import editing, filling, fitting, in_force, publishing
from engines.forms.definition import FormWrong

TAGS = ["forms"]
MAX_FORM = 2 * 1024 * 1024


class FormIn(Schema):
    definition = fields.Dict(required=True)
    title = fields.Nested(Labels)
    active = fields.Boolean(load_default=True)


class FormCheck(Schema):
    definition = fields.Dict(required=True)


class FormOut(Schema):
    id = fields.String()
    kind = fields.String(attribute="subject_kind")
    own = fields.Boolean()
    title = fields.Dict()
    version = fields.Integer()
    revision = fields.Integer()
    active = fields.Boolean()
    definition = fields.Dict(attribute="body")
    updated_at = fields.AwareDateTime()


class Forms(Schema):
    items = fields.List(fields.Nested(FormOut))


class FormVersionOut(Schema):
    revision = fields.Integer()
    definition = fields.Dict(attribute="body")
    published_at = fields.AwareDateTime()
    published_by = fields.String()


class FormVersions(Schema):
    items = fields.List(fields.Nested(FormVersionOut))


class MisfitSample(Schema):
    id = fields.String()
    number = fields.String()
    value = fields.String()


class MisfitOut(Schema):
    field = fields.String()
    what = fields.String()
    grave = fields.Boolean(metadata={"description": "it keeps the form from being published"})
    count = fields.Integer()
    samples = fields.List(fields.Nested(MisfitSample))


class FormChecked(Schema):
    """What existing records would not fit; nothing is stored."""

    looked_at = fields.Integer()
    misfits = fields.List(fields.Nested(MisfitOut))


class FieldKind(Schema):
    kind = fields.String()
    family = fields.String()
    label = fields.Dict()
    options = fields.List(fields.String())
    computed = fields.Boolean()
    may_be_unique = fields.Boolean()
    may_be_indexed = fields.Boolean()


class FieldKinds(Schema):
    items = fields.List(fields.Nested(FieldKind))


class OwnFieldsIn(Schema):
    custom = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)), required=True, validate=validate.Length(max=500)
    )


class OwnFieldsOut(Schema):
    id = fields.String()
    version = fields.Integer()
    custom = fields.Dict()


class Shape(Schema):
    """JSON Schema 2020-12 of `custom` of a kind of record."""

    schema = fields.Dict()


def mount(api: Api) -> None:
    """Add the routes to a service's API."""
    _mount_forms(api)
    _mount_records(api)


def _mount_forms(api: Api) -> None:
    reading, editing_ = right("form", "read"), right("form", "edit")

    @api.get("/field-kinds", answer=FieldKinds, allow=reading, tags=TAGS)
    def list_field_kinds(call: Call) -> Any:
        """The kinds of fields there are, with their options."""
        return {"items": [described(name) for name in KINDS]}

    @api.get("/forms", answer=Forms, allow=reading, tags=TAGS)
    def list_forms(call: Call) -> Any:
        """The forms of all kinds of records, built in and the company's own."""
        return {"items": publishing.listed(call.session)}

    @api.get("/forms/<kind>", answer=FormOut, allow=reading, errors=[NotFound], tags=TAGS)
    def read_form(call: Call, kind: str) -> Any:
        """The form of a kind of record as it is in force."""
        return _found(call, kind)

    @api.put(
        "/forms/<kind>",
        body=FormIn,
        answer=FormOut,
        allow=editing_,
        errors=[FormWrong, NotFound],
        tags=TAGS,
        max_body=MAX_FORM,
    )
    def publish_form(call: Call, kind: str) -> Any:
        """Put a new version of a form in force; with `object` in it, the kind of record is the company's own."""
        there = publishing.find(call.session, kind)
        if there is not None:
            call.match(there.version)
        return publishing.publish_form(
            call.session, kind, call.body["definition"], caller=call.caller, title=call.body.get("title"),
            active=call.body["active"],
        )  # fmt: skip

    @api.post(
        "/forms/<kind>/check", body=FormCheck, answer=FormChecked, allow=editing_, session="read",
        errors=[FormWrong, NotFound], tags=TAGS, max_body=MAX_FORM,
    )  # fmt: skip
    def check_form(call: Call, kind: str) -> Any:
        """Say which existing records a draft of the form would not fit; nothing is stored."""
        _whole, then, now = publishing.checked(call.session, kind, call.body["definition"])
        found, seen = fitting.misfits(call.session, now, then)
        return {"looked_at": seen, "misfits": [told(each) for each in found]}

    @api.get("/forms/<kind>/versions", answer=FormVersions, allow=reading, errors=[NotFound], tags=TAGS)
    def list_form_versions(call: Call, kind: str) -> Any:
        """All published versions of a form, newest first."""
        return {"items": publishing.versions(call.session, _found(call, kind))}


def _mount_records(api: Api) -> None:
    @api.get("/records/<kind>/fields", answer=Shape, allow=_somebody, errors=[NotFound], tags=TAGS)
    def read_fields_schema(call: Call, kind: str) -> Any:
        """The company's own fields of a kind of record, as JSON Schema of `custom`."""
        kept = _kept(call, kind)
        access.require_right(call.session, call.caller, kind, "read")
        seen = access.visible(call.session, call.caller, kept.kind).by_name
        form = in_force.of(call.session, kept.kind)
        properties = {
            spec.key: {"title": spec.title(call.caller.locale or "en"), **spec.kind.shape(spec)}
            for spec in form.specs.values()
            if spec.name in seen
        }
        required = [spec.key for spec in form.specs.values() if spec.required and spec.key in properties]
        return {
            "schema": {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        }

    @api.get("/records/<kind>/<id>/fields", answer=OwnFieldsOut, allow=_somebody, errors=[NotFound], tags=TAGS)
    def read_own_fields(call: Call, kind: str, id: str) -> Any:
        """The company's own fields of a record of any kind."""
        kept = _kept(call, kind)
        access.require_right(call.session, call.caller, kind, "read")
        return _own_fields(call, kept, kept.record(call.session, call.caller, id))

    @api.patch(
        "/records/<kind>/<id>/fields",
        body=OwnFieldsIn,
        answer=OwnFieldsOut,
        allow=_somebody,
        errors=[NotFound],
        tags=TAGS,
    )
    def edit_own_fields(call: Call, kind: str, id: str) -> Any:
        """Change the company's own fields of a record of any kind."""
        kept = _kept(call, kind)
        access.require_right(call.session, call.caller, kind, "edit")
        access.check_edit(call.session, call.caller, kind, call.body)
        record = kept.record(call.session, call.caller, id, "write")
        editing.edit(call.session, kept.kind, record, call.body["custom"], caller=call.caller)
        call.session.flush()
        return _own_fields(call, kept, record)


def described(name: str) -> dict[str, Any]:
    """A kind of field for programs."""
    kind = KINDS[name]
    return {
        "kind": name, "family": kind.family, "label": dict(kind.label), "options": list(kind.options),
        "computed": kind.computed, "may_be_unique": kind.may_be_unique, "may_be_indexed": kind.may_be_indexed,
    }  # fmt: skip


def told(misfit: fitting.Misfit) -> dict[str, Any]:
    """A misfit for programs."""
    samples = [{"number": number, "value": value, "id": id_} for number, value, id_ in misfit.samples]
    return {
        "field": misfit.spec.key, "what": str(misfit.what), "grave": misfit.grave, "count": misfit.count, "samples": samples,
    }  # fmt: skip


def _found(call: Call, kind: str) -> Any:
    found = publishing.find(call.session, kind)
    if found is None or not found.revision:
        raise NotFound()
    return found


def _kept(call: Call, kind: str) -> record_kit.Kept:
    found = record_kit.find(call.session, kind)
    if found is None:
        raise NotFound()
    return found


def _somebody(call: Call) -> bool:
    if call.caller.kind not in ("user", "client"):
        raise Forbidden()
    return True


def _own_fields(call: Call, kept: record_kit.Kept, record: Any) -> dict[str, Any]:
    said = filling.said(call.session, kept.kind, record.custom)
    body = {"id": record.id, "version": record.version, "custom": said}
    return access.mask_out(call.session, call.caller, kept.kind.kind, body)
