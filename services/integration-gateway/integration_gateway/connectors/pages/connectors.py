"""Connectors on the screen: set up, check, switch on and off, rehearse an action."""

from typing import Any

import orjson
from flask import request
from marshmallow import fields as kinds
from marshmallow import validate
from sqlalchemy import select

from chassis import clock
from chassis.api import Call
from chassis.errors import Invalid
from chassis.i18n import gettext, pick
from chassis.i18n import lazy as _
from console import details, forms, lists, record_kit, replies
from console.fields import Choice, Field
from console.pages import Pages
from engines import access
from engines.access import right
from integration_gateway import contacts_sync, deliveries
from integration_gateway.connectors import configured
from integration_gateway.connectors.contract import Connector as Kind
from integration_gateway.connectors.models import Connector, ConnectorState, ContactCheck
from integration_gateway.connectors.objects import CONNECTOR
from integration_gateway.connectors.registry import KINDS

pages = Pages("gateway", name="connectors", module="integration_gateway")
HOME = "/gateway/connectors"
HEALTH = (
    Choice(value="good", label=_("Works"), colour="green"),
    Choice(value="bad", label=_("Does not work"), colour="red"),
    Choice(value="paused", label=_("Rests"), colour="yellow"),
    Choice(value="off", label=_("Switched off"), colour="grey"),
    Choice(value="unknown", label=_("Not checked yet"), colour="azure"),
)
NAME = {"zh": "名称", "en": "Name"}  # the catalogue's "Name" is a person's
FIELDS = [
    Field(name="name", label=NAME, filterable=False),
    Field(name="system", label=_("System"), filterable=False),
    Field(name="health", label=_("State"), kind="choice", choices=HEALTH, filterable=False),
    Field(name="open", label=_("Waiting"), kind="integer", filterable=False),
    Field(name="failed", label=_("Failed"), kind="integer", filterable=False),
    Field(name="checked_at", label=_("Checked"), kind="relative", filterable=False),
]


@pages.get("/connectors", allow=right("connector", "read"))
def list_page(call: Call) -> Any:
    """All connectors with their state."""
    shown = lists.List(
        key="gateway.connectors",
        title=_("Connectors"),
        url=HOME,
        link=HOME + "/{id}",
        fields=FIELDS,
        columns=[one.name for one in FIELDS],
        sort="name",
        create=(f"{HOME}/new", _("New connector")),
        empty=_("No outside system is connected yet."),
        tabs=[(_("Connectors"), HOME, True), (_("Deliveries"), "/gateway/deliveries", False)],
    )
    found = call.session.scalars(access.readable(call.session, call.caller, Connector).order_by(Connector.name))
    tally = {(key, state): number for key, state, number in deliveries.counts(call.session)}
    return lists.page(shown, lists.asked(shown), rows=[_row(call, one, tally) for one in found])


@pages.get("/connectors/new", allow=right("connector", "create"))
def new_page(call: Call) -> Any:
    """Choose the system, then its settings."""
    kind = request.args.get("kind", "")
    return forms.page(_settings_form(None, configured.kind_of(kind)) if kind else _kind_form())


@pages.post("/connectors/new", allow=right("connector", "create"))
def create_page(call: Call) -> Any:
    """Set up a connector."""
    spec = configured.kind_of(request.form.get("kind", ""))
    form = _settings_form(None, spec)
    if "name" not in request.form:
        return forms.page(form)
    posted = forms.values(form, request.form)
    try:
        made = configured.create(
            call.session,
            kind=spec.kind,
            name=posted["name"] or str(spec.title["en"]),
            settings=_given(spec, posted),
            created_by=call.caller.id,
        )
    except Invalid as problem:
        return forms.page(forms.typed(form, request.form, _flat(problem)))
    return replies.go(f"{HOME}/{made.id}", _("The connector was set up"), accepted=form.key)


@pages.get("/connectors/<id>", allow=right("connector", "read"))
def detail_page(call: Call, id: str) -> Any:
    """One connector."""
    connector = access.get(call.session, call.caller, Connector, id)
    spec, state = configured.kind_of(connector.kind), configured.state_of(call.session, connector)
    tally = {(key, name): number for key, name, number in deliveries.counts(call.session)}
    row = _row(call, connector, tally)
    settings = _section(spec)
    return details.page(
        details.Detail(
            title=connector.name,
            kicker=_("Connector"),
            number=connector.kind,
            back=(HOME, _("Connectors")),
            status=next(one for one in HEALTH if one.value == row["health"]),
            version=connector.version,
            warning=state.pause_reason if row["health"] == "paused" else "",
            record=row | _shown(connector, spec),
            actions=_actions(connector, spec),
            facts=[
                details.Fact(label=_("System"), value=pick(spec.title)),
                details.Fact(label=_("Waiting"), value=row["open"], kind="integer"),
                details.Fact(label=_("Failed"), value=row["failed"], kind="integer"),
                details.Fact(label=_("Last check"), value=state.health_detail or gettext("Not checked yet")),
            ],
            sections=[details.Section(title=_("Settings"), fields=settings, edit=f"{HOME}/{id}/edit")],
            timeline=[_check_entry(one) for one in _checks(call, connector)],
            timeline_title=_("Checks"),
            kit=record_kit.shown(call, CONNECTOR, connector),
        )
    )


@pages.get("/connectors/<id>/edit", allow=right("connector", "edit"))
def edit_page(call: Call, id: str) -> Any:
    """The settings as a form; secrets are left as they are unless typed anew."""
    connector = access.get(call.session, call.caller, Connector, id, "edit")
    return forms.page(_settings_form(connector, configured.kind_of(connector.kind)))


@pages.post("/connectors/<id>/edit", allow=right("connector", "edit"))
def change_page(call: Call, id: str) -> Any:
    """Store changed settings."""
    connector = access.get(call.session, call.caller, Connector, id, "edit")
    spec = configured.kind_of(connector.kind)
    form = _settings_form(connector, spec)
    posted = forms.values(form, request.form)
    try:
        configured.change(call.session, connector, name=posted["name"], settings=_given(spec, posted))
    except Invalid as problem:
        return forms.page(forms.typed(form, request.form, _flat(problem)))
    return replies.go(f"{HOME}/{id}", _("Settings were stored"), accepted=form.key)


@pages.post("/connectors/<id>/health", allow=right("connector", "administer"), session="none")
def health_page(call: Call, id: str) -> Any:
    """Ask the system now."""
    with call.database.reading() as session:
        connector = access.get(session, call.caller, Connector, id)
    health = configured.check_health(call.database, connector.id)
    message = gettext("It works: %(detail)s", detail=health.detail) if health.ok else health.detail
    return replies.go(f"{HOME}/{id}", message)


@pages.post("/connectors/<id>/switch", allow=right("connector", "edit"))
def switch_page(call: Call, id: str) -> Any:
    """Switch on or off."""
    connector = access.get(call.session, call.caller, Connector, id, "edit")
    configured.change(call.session, connector, enabled=not connector.enabled)
    return replies.go(f"{HOME}/{id}", _("Switched on") if connector.enabled else _("Switched off"))


@pages.post("/connectors/<id>/compare", allow=right("connector", "administer"))
def compare_page(call: Call, id: str) -> Any:
    """Compare contacts now."""
    contacts_sync.ask(call.session, access.get(call.session, call.caller, Connector, id))
    return replies.go(f"{HOME}/{id}", _("The comparison was ordered; its report appears here"))


@pages.get("/connectors/<id>/rehearsal", allow=right("connector", "administer"))
def rehearsal_page(call: Call, id: str) -> Any:
    """A dry run: choose an action and give its content."""
    return forms.page(_rehearsal_form(access.get(call.session, call.caller, Connector, id)))


@pages.post("/connectors/<id>/rehearsal", allow=right("connector", "administer"), session="read")
def rehearse_page(call: Call, id: str) -> Any:
    """Show the request that would be sent; nothing is sent."""
    connector = access.get(call.session, call.caller, Connector, id)
    form = _rehearsal_form(connector)
    posted = forms.values(form, request.form)
    try:
        payload = orjson.loads(posted["payload"] or "{}")
        drafted = configured.dry_run(call.session, connector, action=posted["action"] or "", payload=payload)
    except orjson.JSONDecodeError:
        return forms.page(forms.typed(form, request.form, {"payload": [gettext("This is not valid JSON")]}))
    except Invalid as problem:
        return forms.page(forms.typed(form, request.form, _flat(problem, whole="payload")))
    text = orjson.dumps(drafted, option=orjson.OPT_INDENT_2).decode()
    shown = Field(name="request", label=_("This would be sent"), kind="long_text", wide=True)
    return details.page(
        details.Detail(
            title=gettext("Dry run"),
            kicker=_("Connector"),
            back=(f"{HOME}/{id}/rehearsal", _("Dry run")),
            record={"request": text},
            sections=[details.Section(title=connector.name, fields=[shown])],
        )
    )


def _row(call: Call, connector: Connector, tally: dict[tuple[str, str], int]) -> dict[str, Any]:
    state = call.session.get(ConnectorState, connector.id)
    return {
        "id": connector.id,
        "name": connector.name,
        "system": pick(configured.kind_of(connector.kind).title),
        "health": _health(connector, state),
        "open": sum(tally.get((connector.id, one), 0) for one in deliveries.OPEN),
        "failed": tally.get((connector.id, "failed"), 0),
        "checked_at": state.checked_at if state else None,
    }


def _health(connector: Connector, state: ConnectorState | None) -> str:
    if not connector.enabled:
        return "off"
    if state is not None and state.paused_until is not None and state.paused_until > clock.now():
        return "paused"
    if state is None or state.healthy is None:
        return "unknown"
    return "good" if state.healthy else "bad"


def _actions(connector: Connector, spec: Kind) -> list[details.Action]:
    base = f"{HOME}/{connector.id}"
    switch = _("Switch off") if connector.enabled else _("Switch on")
    actions = [
        details.Action(label=_("Check"), url=f"{base}/health", icon="circle-check", primary=True),
        details.Action(label=_("Dry run"), url=f"{base}/rehearsal", icon="player-play", method="get"),
        details.Action(label=switch, url=f"{base}/switch", icon="switch-horizontal", more=True),
    ]
    if "contacts" in spec.capabilities:
        actions.append(details.Action(label=_("Compare contacts"), url=f"{base}/compare", icon="users", more=True))
    return actions


def _kind_form() -> forms.Form:
    offered = tuple(Choice(value=name, label=dict(spec.title)) for name, spec in KINDS.items())
    field = Field(name="kind", label=_("System"), kind="choice", choices=offered, required=True)
    return forms.Form(
        key="connector:kind",
        title=_("New connector"),
        action=f"{HOME}/new",
        fields=[field],
        cancel=HOME,
        submit=_("Continue"),
    )


def _settings_form(connector: Connector | None, spec: Kind) -> forms.Form:
    name = Field(name="name", label=NAME, required=True, max_length=120)
    values: dict[str, Any] = {"name": connector.name if connector else pick(spec.title)}
    if connector is not None:
        values |= {key: value for key, value in _shown(connector, spec).items() if key not in spec.secret_fields()}
    return forms.Form(
        key=f"connector:{connector.id if connector else spec.kind}",
        title=connector.name if connector else _("New connector"),
        action=f"{HOME}/{connector.id}/edit" if connector else f"{HOME}/new",
        groups=[
            forms.Group(title=_("Connector"), fields=[name]),
            forms.Group(title=_("Settings"), fields=_section(spec, editing=connector is not None)),
        ],
        values=values,
        version=connector.version if connector else "",
        cancel=f"{HOME}/{connector.id}" if connector else HOME,
        hidden={"kind": spec.kind},
    )


def _rehearsal_form(connector: Connector) -> forms.Form:
    spec = configured.kind_of(connector.kind)
    offered = tuple(Choice(value=name, label=dict(action.doc)) for name, action in spec.actions.items())
    return forms.Form(
        key=f"connector:{connector.id}:rehearsal",
        title=_("Dry run"),
        action=f"{HOME}/{connector.id}/rehearsal",
        fields=[
            Field(name="action", label=_("Action"), kind="choice", choices=offered, required=True),
            Field(name="payload", label=_("Content (JSON)"), kind="long_text", required=True, wide=True),
        ],
        cancel=f"{HOME}/{connector.id}",
        submit=_("Show what would be sent"),
    )


def _section(spec: Kind, *, editing: bool = False) -> list[Field]:
    """The settings of a kind as fields; their names are the partner's own words and stay untranslated."""
    made = []
    for name, item in spec.settings().fields.items():
        secret = name in spec.secret_fields()
        choices = [one.choices for one in item.validators if isinstance(one, validate.OneOf)]
        made.append(
            Field(
                name=name,
                label=name,
                kind="password" if secret else _kind(item, bool(choices)),
                choices=tuple(Choice(value=str(one), label=str(one)) for one in choices[0]) if choices else (),
                required=item.required and not (secret and editing),
                help=_("Stays as it is when left empty") if secret and editing else "",
                wide=isinstance(item, kinds.Dict),
            )
        )
    return made


def _kind(item: kinds.Field[Any], chosen: bool) -> str:
    if chosen:
        return "choice"
    known = ((kinds.Boolean, "boolean"), (kinds.Dict, "long_text"))  # numbers are mostly ids: no separators
    return next((name for kind, name in known if isinstance(item, kind)), "text")


def _shown(connector: Connector, spec: Kind) -> dict[str, Any]:
    values = configured.shown(connector)
    return {key: orjson.dumps(value).decode() if isinstance(value, dict) else value for key, value in values.items()}


def _given(spec: Kind, posted: dict[str, Any]) -> dict[str, Any]:
    """Posted settings as the schema takes them; what was left empty keeps its value or default."""
    given: dict[str, Any] = {}
    for name, item in spec.settings().fields.items():
        value = posted.get(name)
        if value in (None, ""):
            continue
        if isinstance(item, kinds.Dict):
            try:
                value = orjson.loads(str(value))
            except orjson.JSONDecodeError:
                raise Invalid(errors={"settings": {name: [gettext("This is not valid JSON")]}}) from None
        given[name] = value
    return given


def _flat(problem: Invalid, whole: str = "") -> dict[str, Any]:
    """Messages by field of the form; with `whole` all of them at one field."""
    errors = problem.errors or {}
    if whole:
        return {whole: [str(errors or problem)]}
    inner = errors.get("settings", errors)
    return dict(inner) if isinstance(inner, dict) else {"name": inner}


def _checks(call: Call, connector: Connector) -> list[ContactCheck]:
    mine = select(ContactCheck).where(ContactCheck.connector_id == connector.id, ContactCheck.member == "")
    return list(call.session.scalars(mine.order_by(ContactCheck.asked_at.desc()).limit(10)))


def _check_entry(check: ContactCheck) -> details.Entry:
    if check.done_at is None:
        title = gettext("Contacts are being compared")
    else:
        title = gettext("Contacts compared: %(n)s differences", n=check.differences)
    parts = []
    for what, report in check.report.items():
        if isinstance(report, dict):
            parts.append(f"{what}: " + ", ".join(f"{name} {len(rows)}" for name, rows in report.items()))
    return details.Entry(at=check.asked_at, title=title, icon="users", text=check.error or "; ".join(parts))
