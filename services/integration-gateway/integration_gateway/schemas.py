"""What the API takes and answers."""

from ipaddress import ip_network
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.i18n import lazy as _
from integration_gateway.directory.roles import FIELD_RULES, SCOPES
from integration_gateway.notifications import CHANNELS
from integration_gateway.passwords import LONGEST

KEY = validate.Regexp(r"[a-z][a-z0-9_]{1,59}\Z")
KIND = validate.Regexp(r"(\*|[a-z][a-z0-9_]{0,59})\Z")
SCOPE = validate.Regexp(r"[a-z][a-z0-9_-]{1,40}:[a-z_]{1,20}\Z")


def is_network(text: str) -> None:
    """Accept an address or a network in CIDR form."""
    try:
        ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValidationError(str(_("Not an address or network"))) from None


def _networks() -> fields.Field[Any]:
    return fields.List(fields.String(validate=is_network), validate=validate.Length(max=100))


def _text(longest: int, shortest: int = 1, **more: Any) -> fields.Field[Any]:
    return fields.String(validate=validate.Length(shortest, longest), **more)


class Both(Schema):
    """A text in both languages."""

    zh = _text(120, required=True)
    en = _text(120, required=True)


class RecordOut(Schema):
    """What every record of the directory answers."""

    id = fields.String()
    number = fields.String(allow_none=True)
    external_ids = fields.Dict()
    version = fields.Integer()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    created_by = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    custom = fields.Dict()


class UserChange(Schema):
    name = _text(120)
    email = fields.Email(validate=validate.Length(max=254))
    mobile = fields.String(validate=validate.Length(max=32), allow_none=True)
    title = fields.String(validate=validate.Length(max=120), allow_none=True)
    locale = fields.String(validate=validate.OneOf(("zh", "en")))
    department_id = fields.String(validate=validate.Length(max=36), allow_none=True)
    roles = fields.List(fields.String(validate=KEY), validate=validate.Length(max=50))
    active = fields.Boolean()
    allowed_networks = _networks()
    external_ids = fields.Dict(keys=fields.String(validate=KEY), values=_text(200))
    tags = fields.List(_text(60), validate=validate.Length(max=50))


class UserIn(UserChange):
    name = _text(120, required=True)
    email = fields.Email(required=True, validate=validate.Length(max=254))


class UserOut(RecordOut):
    name = fields.String()
    email = fields.String()
    mobile = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    locale = fields.String()
    roles = fields.List(fields.String())
    active = fields.Boolean()
    absent = fields.Boolean()
    allowed_networks = fields.List(fields.String())


class AbsenceIn(Schema):
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    reason = fields.String(validate=validate.Length(max=200), load_default="")


class AbsenceOut(Schema):
    id = fields.String()
    user_id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    reason = fields.String()


class AbsenceList(Schema):
    items = fields.List(fields.Nested(AbsenceOut))


class LinkOut(Schema):
    url = fields.String()


class DepartmentChange(Schema):
    name = _text(120)
    parent_id = fields.String(validate=validate.Length(max=36))
    head_id = fields.String(validate=validate.Length(max=36), allow_none=True)
    external_ids = fields.Dict(keys=fields.String(validate=KEY), values=_text(200))


class DepartmentIn(DepartmentChange):
    name = _text(120, required=True)
    parent_id = fields.String(validate=validate.Length(max=36), allow_none=True, load_default=None)


class DepartmentOut(RecordOut):
    name = fields.String()
    parent_id = fields.String(allow_none=True)
    head_id = fields.String(allow_none=True)


class Grant(Schema):
    """What a role may do with one kind of record."""

    create = fields.Boolean(load_default=False)
    read = fields.String(validate=validate.OneOf(SCOPES), load_default="none")
    edit = fields.String(validate=validate.OneOf(SCOPES), load_default="none")
    delete = fields.String(validate=validate.OneOf(SCOPES), load_default="none")
    condition = fields.Dict(allow_none=True)
    rights = fields.List(fields.String(validate=KEY), validate=validate.Length(max=100))
    fields_ = fields.Dict(
        keys=_text(80),
        values=fields.String(validate=validate.OneOf(FIELD_RULES)),
        data_key="fields",
        attribute="fields",
    )


class RoleChange(Schema):
    name = fields.Nested(Both)
    grants = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"(\*|[a-z][a-z0-9_]{0,59})\Z")), values=fields.Nested(Grant)
    )
    allowed_networks = _networks()
    second_factor = fields.Boolean(metadata={"description": "Holders set one up when they log in"})


class RoleIn(RoleChange):
    key = fields.String(required=True, validate=KEY)
    name = fields.Nested(Both, required=True)


class RoleOut(RecordOut):
    key = fields.String()
    name = fields.Dict()
    grants = fields.Dict()
    allowed_networks = fields.List(fields.String())
    second_factor = fields.Boolean()
    shipped = fields.Boolean()


class RoleStep(Schema):
    """One version of a role: who changed what, from what to what."""

    version = fields.Integer()
    at = fields.AwareDateTime()
    by = fields.String()
    changes = fields.Dict(metadata={"description": "column → [before, after]"})


class RoleHistory(Schema):
    items = fields.List(fields.Nested(RoleStep))


class AccessKindOut(Schema):
    kind = fields.String()
    label = fields.Dict()
    rights = fields.List(fields.String())
    fields_ = fields.List(fields.Dict(), data_key="fields", attribute="fields")


class KindList(Schema):
    items = fields.List(fields.Nested(AccessKindOut))


class EnrolmentIn(Schema):
    challenge = _text(100, required=True)


class EnrolmentCode(EnrolmentIn):
    code = _text(20, required=True)


class EnrolledOut(Schema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    session_id = fields.String()
    user_id = fields.String()
    recovery_codes = fields.List(fields.String(), metadata={"description": "Shown this once"})


class ClientChange(Schema):
    name = _text(120)
    scopes = fields.List(fields.String(validate=SCOPE), validate=validate.Length(max=50))
    roles = fields.List(fields.String(validate=KEY), validate=validate.Length(max=20))
    allowed_networks = _networks()
    active = fields.Boolean()
    expires_at = fields.AwareDateTime(allow_none=True)


class ClientIn(ClientChange):
    name = _text(120, required=True)
    client_id = fields.String(validate=validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9._-]{2,79}\Z"))


class ClientOut(RecordOut):
    client_id = fields.String()
    name = fields.String()
    scopes = fields.List(fields.String())
    roles = fields.List(fields.String())
    allowed_networks = fields.List(fields.String())
    active = fields.Boolean()
    expires_at = fields.AwareDateTime(allow_none=True)


class ClientWithSecret(ClientOut):
    client_secret = fields.String(metadata={"description": "Shown this once"})


class LogInIn(Schema):
    email = _text(254, required=True)
    password = _text(LONGEST, required=True)
    code = fields.String(validate=validate.Length(max=20), load_default="")


class TokenOut(Schema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    session_id = fields.String()
    user_id = fields.String()


class SessionOut(Schema):
    id = fields.String()
    kind = fields.String()
    second_factor = fields.Boolean()
    address = fields.String()
    agent = fields.String()
    created_at = fields.AwareDateTime()
    seen_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()


class SessionList(Schema):
    items = fields.List(fields.Nested(SessionOut))


class MeOut(UserOut):
    second_factor = fields.Boolean()
    recovery_codes_left = fields.Integer()


class MeChange(Schema):
    locale = fields.String(validate=validate.OneOf(("zh", "en")))
    mobile = fields.String(validate=validate.Length(max=32), allow_none=True)


class PasswordChange(Schema):
    current = _text(LONGEST, required=True)
    new = fields.String(required=True, validate=validate.Length(max=LONGEST))


class CodeIn(Schema):
    code = _text(20, required=True)


class EnrolmentOut(Schema):
    secret = fields.String()
    uri = fields.String()
    svg = fields.String()


class RecoveryCodesOut(Schema):
    recovery_codes = fields.List(fields.String())


class RotateIn(Schema):
    compromised = fields.Boolean(load_default=False)


class KeyOut(Schema):
    kid = fields.String()
    signs_from = fields.AwareDateTime()
    signs_until = fields.AwareDateTime()


class NotificationOut(Schema):
    id = fields.String()
    source = fields.String()
    key = fields.String()
    title = fields.Dict()
    text = fields.Dict()
    link = fields.String()
    subject = fields.String()
    created_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)


class UnreadOut(Schema):
    unread = fields.Integer()


class Preference(Schema):
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    key = fields.String(load_default="*", validate=validate.Length(1, 80))
    wanted = fields.Boolean(required=True)


class Preferences(Schema):
    items = fields.List(fields.Nested(Preference), required=True, validate=validate.Length(max=200))


class WorkItemOut(Schema):
    source = fields.String()
    task_id = fields.String()
    subject = fields.String()
    title = fields.Raw()
    link = fields.String()
    assignee_id = fields.String()
    created_at = fields.AwareDateTime()
    kind = fields.String(metadata={"description": "task, approval or ticket"})
    due_at = fields.AwareDateTime(allow_none=True)
    remind_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    outcome = fields.String()


class CalendarOut(Schema):
    exists = fields.Boolean()
    created_at = fields.AwareDateTime(allow_none=True)
    read_at = fields.AwareDateTime(allow_none=True, metadata={"description": "when a calendar last asked"})
    address = fields.String(metadata={"description": "to subscribe to; told only when it is made"})


class WorkItemList(Schema):
    items = fields.List(fields.Nested(WorkItemOut))
    open = fields.Integer()
    overdue = fields.Integer()


class ErasureIn(Schema):
    """Whom: a record, a phone number or an e-mail address (or several of these, of the same person)."""

    subject = fields.String(
        load_default="",
        validate=validate.Length(max=110),
        metadata={"description": "lead/<id>, contact/<id>, account/<id>, user/<id>"},
    )
    phone = fields.String(load_default="", validate=validate.Length(max=40))
    email = fields.String(load_default="", validate=validate.Length(max=254))
    dry_run = fields.Boolean(load_default=True, metadata={"description": "Only say where the data is"})
    reason = fields.String(load_default="", validate=validate.Length(max=300))


class ErasureOut(Schema):
    """`counts` are rows by service and table, `waiting` the services that still owe an answer."""

    id = fields.String()
    asked_at = fields.AwareDateTime()
    asked_by = fields.String()
    reason = fields.String()
    dry_run = fields.Boolean()
    state = fields.String(metadata={"description": "running or done"})
    waiting = fields.List(fields.String())
    given = fields.List(fields.String())
    found = fields.List(fields.String())
    counts = fields.Dict(keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.Integer()))
    todo = fields.List(fields.String(), metadata={"description": "What has to be asked for in outside systems"})
    finished_at = fields.AwareDateTime(allow_none=True)
