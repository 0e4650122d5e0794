"""Facts the gateway publishes about people, what they may do, and their sessions."""

from marshmallow import fields

from chassis.events import Event, personal


class UserChanged(Event, type="gateway.user.changed.v1"):
    """A person joined, left, moved, got other roles, became absent or came back; every service keeps a replica."""

    user_id = fields.String(required=True)
    name = personal(fields.String(required=True))
    email = personal(fields.String(required=True))
    locale = fields.String(required=True)
    department_id = fields.String(required=True, allow_none=True)
    is_head = fields.Boolean(required=True)
    roles = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)
    epoch = fields.Integer(required=True)
    absent = fields.Boolean(required=True)
    allowed_networks = fields.List(fields.String())


class DepartmentChanged(Event, type="gateway.department.changed.v1"):
    """A department was made, renamed, moved or got another head."""

    department_id = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    head_id = fields.String(required=True, allow_none=True)


class DepartmentRemoved(Event, type="gateway.department.removed.v1"):
    """An empty department was removed."""

    department_id = fields.String(required=True)


class RoleChanged(Event, type="gateway.role.changed.v1"):
    """A role was made or what it grants was changed."""

    key = fields.String(required=True)
    name = fields.Dict(required=True)
    grants = fields.Dict(required=True)
    allowed_networks = fields.List(fields.String())
    second_factor = fields.Boolean(metadata={"description": "whether its holders must use one"})


class RoleRemoved(Event, type="gateway.role.removed.v1"):
    """A role that nobody held was removed."""

    key = fields.String(required=True)


class SessionStarted(Event, type="gateway.session.started.v1"):
    """A person logged in."""

    session_id = fields.String(required=True)
    user_id = fields.String(required=True)
    kind = fields.String(required=True)
    second_factor = fields.Boolean(required=True)
    address = personal(fields.String(required=True))


class SessionRevoked(Event, type="gateway.session.revoked.v1"):
    """One session ended, or all of a person's or client's tokens below `epoch` did."""

    session_id = fields.String()
    user_id = fields.String()
    epoch = fields.Integer()


class LogInLocked(Event, type="gateway.log_in.locked.v1"):
    """Too many failed log-ins: an account or an address has to wait."""

    key = personal(fields.String(required=True))
    failures = fields.Integer(required=True)
    locked_until = fields.DateTime(required=True)


class CredentialChanged(Event, type="gateway.credential.changed.v1"):
    """A person's password, second factor or recovery codes changed; `what` says which."""

    user_id = fields.String(required=True)
    what = fields.String(required=True)


class ApiClientChanged(Event, type="gateway.api_client.changed.v1"):
    """A machine client was made, changed, got a new secret or was switched off."""

    client_id = fields.String(required=True)
    active = fields.Boolean(required=True)
    scopes = fields.List(fields.String(), required=True)
    roles = fields.List(fields.String(), required=True)
    epoch = fields.Integer(required=True)


class SigningKeyAdded(Event, type="gateway.signing_key.added.v1"):
    """A new key was published; it signs from `signs_from`."""

    kid = fields.String(required=True)
    signs_from = fields.DateTime(required=True)


class ErasureRequested(Event, type="gateway.erasure.requested.v1"):
    """Every service shall erase a person's data, or with `dry_run` say where it is; the personal keys go at the end."""

    erasure_id = fields.String(required=True)
    round = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    given = fields.List(fields.String(), required=True)
    found = fields.List(fields.String(), required=True)
    phones = personal(fields.List(fields.String()))
    emails = personal(fields.List(fields.String()))


class ErasureCompleted(Event, type="gateway.erasure.completed.v1"):
    """All services have answered and nobody learnt anything more; what was passed around to find the person may go."""

    erasure_id = fields.String(required=True)


class HandOverAsked(Event):
    """What every event about a hand-over says of it."""

    hand_over_id = fields.String(required=True)
    leaver_id = fields.String(required=True)


class PreviewRequested(HandOverAsked, type="gateway.hand_over.preview_requested.v1"):
    """Every service is asked how many records of each kind a leaver has."""


class HandOverStarted(HandOverAsked, type="gateway.hand_over.started.v1"):
    """Every service is to give the leaver's records to the successors (kind → person, * for the rest)."""

    successors = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    requested_by = fields.String(required=True)


class HandOverCancelled(HandOverAsked, type="gateway.hand_over.cancelled.v1"):
    """A hand-over was given up before it was started."""


class HandOverFinished(HandOverAsked, type="gateway.hand_over.finished.v1"):
    """Every service has reported; `moved` counts per kind, `refused` all that stayed."""

    moved = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    refused = fields.Integer(required=True)


class CompanyChanged(Event, type="gateway.company.changed.v1"):
    """Name, time zone, base currency or legal entities of the company were entered or changed."""

    name = fields.String(required=True)
    time_zone = fields.String(required=True)
    base_currency = fields.String(required=True)
    legal_entities = fields.List(fields.Dict(), required=True)


class PipelineTemplateChosen(Event, type="gateway.pipeline_template.chosen.v1"):
    """The company chose the pipeline it starts with: "standard" (five stages) or "consultative" (seven)."""

    template = fields.String(required=True)


class SetUpFinished(Event, type="gateway.set_up.finished.v1"):
    """The first-run set-up is done; services put ready definitions in force where there are none."""

    pipeline_template = fields.String(required=True)


class DemoDataRemovalRequested(Event, type="gateway.demo_data.removal_requested.v1"):
    """An administrator asked every service to remove its demo data."""

    requested_by = fields.String(required=True)
