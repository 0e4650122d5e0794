"""Administration: people, departments, roles, API clients."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from sqlalchemy import select

from chassis import paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console import details, forms, lists, record_kit, replies
from console.fields import Choice, Field, of_object
from console.pages import Pages
from engines import access, listing
from engines.access import right
from engines.objects import ObjectType
from integration_gateway import accounts, clients, company, demo, links, schemas, second_factor, sessions
from integration_gateway.directory import delegation, users
from integration_gateway.models import ApiClient, Credential, Department, Role, User
from integration_gateway.objects import API_CLIENT, USER
from integration_gateway.pages import matrix

pages = Pages("gateway", name="administration", module="integration_gateway")
USERS, CLIENTS = "/gateway/users", "/gateway/api-clients"
BACK_TO_USERS = (USERS, _("People"))
LANGUAGES = (Choice(value="zh", label="中文"), Choice(value="en", label="English"))


@pages.get("/administration", allow=right("user", "read"))
def administration(call: Call) -> str:
    """The way to everything an administrator looks after."""
    administers = _may(call, "user", "administer")
    return render_template(
        "gateway/administration.html",
        may_erase=administers,
        unfinished=administers and company.open_step(call.session) is not None,
        demo=administers and demo.states(call.session),
    )


@pages.get("/users", allow=right("user", "read"))
def people(call: Call) -> str:
    """The people the reader may see."""
    shown = lists.List(
        key="gateway.users",
        title=_("People"),
        url=USERS,
        link=USERS + "/{id}",
        fields=of_object(
            USER, "name", "email", "title", "department_id", "roles", "active", "absent", "created_at",
            name={"sortable": True}, email={"sortable": True}, roles={"choices": _role_choices(call)},
            department_id={"choices": _department_choices(call)},
        ),
        columns=["name", "title", "department_id", "roles", "active", "absent"],
        sort="name",
        create=(f"{USERS}/new", _("New person")) if _may(call, "user", "create") else None,
    )  # fmt: skip
    return _list(call, shown, USER, schemas.UserOut())


@pages.get("/users/new", allow=right("user", "create"))
def new_person(call: Call) -> Any:
    """The form for a new person."""
    return forms.page(_user_form(call, None))


@pages.post("/users/new", allow=right("user", "create"))
def create_person(call: Call) -> Any:
    """Add a person and show the link with which they choose a password."""
    return _saved(call, None)


@pages.get("/users/<id>", allow=right("user", "read"))
def person(call: Call, id: str) -> str:
    """One person: account, roles, sessions."""
    user = access.get(call.session, call.caller, User, id)
    record = access.mask_out(call.session, call.caller, "user", Dumper(schemas.UserOut()).one(user))
    fields = of_object(
        USER, "name", "email", "mobile", "title", "department_id", "roles", "locale", "absent",
        roles={"choices": _role_choices(call)}, department_id={"choices": _department_choices(call)},
    )  # fmt: skip
    may_edit = access.allows(call.session, call.caller, USER, user, "edit")
    return details.page(
        details.Detail(
            title=user.name,
            kicker=_("Person"),
            back=BACK_TO_USERS,
            record=record,
            version=user.version,
            status=_state(user),
            sections=[
                details.Section(title=_("Account"), fields=fields, edit=f"{USERS}/{id}/edit" if may_edit else "")
            ],
            facts=_facts(call, user) if may_edit else (),
            actions=_actions(user) if may_edit else (),
            kit=record_kit.shown(call, USER, user),
        )
    )


@pages.get("/users/<id>/edit", allow=right("user", "edit"))
def edit_person(call: Call, id: str) -> Any:
    """The form of one person."""
    return forms.page(_user_form(call, access.get(call.session, call.caller, User, id, "edit")))


@pages.post("/users/<id>/edit", allow=right("user", "edit"))
def save_person(call: Call, id: str) -> Any:
    """Store the changes."""
    return _saved(call, access.get(call.session, call.caller, User, id, "edit"))


@pages.post("/users/<id>/password-link", allow=right("user", "administer"))
def password_link(call: Call, id: str) -> str:
    """Make a one-time link and show it, once."""
    user = delegation.managed(call.session, call.caller, id)
    url = links.password(call.settings, accounts.new_link(call.session, user))
    return render_template("gateway/shown_once.html", heading=_("Password link"), secret=url, back=f"{USERS}/{id}",
                           hint=_("Send it to %(name)s. It works once, for 72 hours.", name=user.name))  # fmt: skip


@pages.post("/users/<id>/log-out", allow=right("user", "administer"))
def log_person_out(call: Call, id: str) -> Any:
    """End all sessions of a person."""
    users.log_out_everywhere(call.session, delegation.managed(call.session, call.caller, id))
    return replies.go(f"{USERS}/{id}", _("All sessions were ended"))


@pages.post("/users/<id>/second-factor/remove", allow=right("user", "administer"))
def remove_second_factor(call: Call, id: str) -> Any:
    """Take away the second factor of somebody who lost it."""
    second_factor.remove_for(call.session, delegation.managed(call.session, call.caller, id))
    return replies.go(f"{USERS}/{id}", _("The second factor was removed"))


@pages.post("/users/<id>/active", allow=right("user", "edit"))
def switch_person(call: Call, id: str) -> Any:
    """Switch a person off or on again."""
    user = access.get(call.session, call.caller, User, id, "edit")
    try:
        delegation.check_user(call.session, call.caller, user, {"active": not user.active})
        users.change(call.session, user, active=not user.active)
    except Problem as refused:
        return replies.refused(str(refused.title))
    return replies.go(f"{USERS}/{id}", _("Switched on") if user.active else _("Switched off"))


@pages.get("/departments", allow=right("department", "read"))
def department_tree(call: Call) -> str:
    """The departments as a tree, with heads and members."""
    found = call.session.scalars(access.readable(call.session, call.caller, Department).order_by(Department.name))
    people = call.session.scalars(access.readable(call.session, call.caller, User).where(User.active))
    return render_template("gateway/departments.html", **matrix.tree(list(found), list(people)))


@pages.get("/api-clients", allow=right("api_client", "read"))
def client_list(call: Call) -> str:
    """Machine clients."""
    shown = lists.List(
        key="gateway.api_clients",
        title=_("API clients"),
        url=CLIENTS,
        link=CLIENTS + "/{id}",
        fields=of_object(API_CLIENT, name={"sortable": True}, roles={"choices": _role_choices(call)}),
        columns=["name", "client_id", "scopes", "roles", "active", "expires_at"],
        create=(f"{CLIENTS}/new", _("New client")) if _may(call, "api_client", "create") else None,
    )
    return _list(call, shown, API_CLIENT, schemas.ClientOut())


@pages.get("/api-clients/new", allow=right("api_client", "create"))
def new_client(call: Call) -> Any:
    """The form for a new client."""
    return forms.page(_client_form(call))


@pages.post("/api-clients/new", allow=right("api_client", "create"))
def create_client(call: Call) -> Any:
    """Make the client and show its secret, once."""
    form = _client_form(call)
    posted = {name: value for name, value in forms.values(form, call.request.form).items() if value is not None}
    errors = schemas.ClientIn().validate(posted)
    if errors:
        return forms.page(forms.typed(form, call.request.form, errors))
    try:
        delegation.check_client(call.session, call.caller, None, posted)
        client, secret = clients.create(call.session, by=call.caller.id, **schemas.ClientIn().load(posted))
    except Problem as refused:
        return forms.page(forms.typed(form, call.request.form, {"": [str(refused.title)]}))
    return render_template("gateway/shown_once.html", heading=client.name, secret=secret, back=CLIENTS,
                           hint=_("The secret of %(id)s. It is shown only now.", id=client.client_id))  # fmt: skip


@pages.get("/api-clients/<id>", allow=right("api_client", "read"))
def client(call: Call, id: str) -> str:
    """One client."""
    found = access.get(call.session, call.caller, ApiClient, id)
    fields = of_object(API_CLIENT, "client_id", "name", "scopes", "roles", "expires_at", "created_at")
    may_edit = access.allows(call.session, call.caller, API_CLIENT, found, "edit")
    again = details.Action(
        label=_("New secret"),
        url=f"{CLIENTS}/{id}/secret",
        icon="key",
        confirm=_("The old secret stops working at once."),
    )
    switch = details.Action(label=_("Switch off") if found.active else _("Switch on"), url=f"{CLIENTS}/{id}/active")
    return details.page(
        details.Detail(
            title=found.name,
            kicker=_("API client"),
            back=(CLIENTS, _("API clients")),
            record=Dumper(schemas.ClientOut()).one(found),
            version=found.version,
            status=_on_or_off(found.active),
            sections=[details.Section(title=_("Access"), fields=fields)],
            actions=[again, switch] if may_edit else (),
            kit=record_kit.shown(call, API_CLIENT, found),
        )
    )


@pages.post("/api-clients/<id>/secret", allow=right("api_client", "edit"))
def renew_secret(call: Call, id: str) -> str:
    """A new secret, shown once."""
    found = access.get(call.session, call.caller, ApiClient, id, "edit")
    delegation.check_client(call.session, call.caller, found, {})
    secret = clients.renew_secret(call.session, found)
    return render_template("gateway/shown_once.html", heading=found.name, secret=secret, back=f"{CLIENTS}/{id}",
                           hint=_("The secret of %(id)s. It is shown only now.", id=found.client_id))  # fmt: skip


@pages.post("/api-clients/<id>/active", allow=right("api_client", "edit"))
def switch_client(call: Call, id: str) -> Any:
    """Switch a client off or on again."""
    found = access.get(call.session, call.caller, ApiClient, id, "edit")
    delegation.check_client(call.session, call.caller, found, {})
    clients.change(call.session, found, active=not found.active)
    return replies.go(f"{CLIENTS}/{id}", _("Switched on") if found.active else _("Switched off"))


def _list(call: Call, shown: lists.List, kind: ObjectType, schema: Any) -> str:
    asked = lists.asked(shown)
    problem, statement = "", listing.readable(call.session, call.caller, kind, q=asked.q)
    try:
        statement = listing.readable(
            call.session, call.caller, kind, filter=asked.condition, q=asked.q, zone=call.settings.time_zone
        )
    except Problem as refused:
        problem = str(refused.title)
    wanted = paging.Asked(sort=asked.sort, limit=asked.limit, cursor=asked.cursor or "")
    found = paging.page(call.session, statement, listing.paged(kind), Dumper(schema), wanted)
    rows = [access.mask_out(call.session, call.caller, kind.kind, item) for item in found.items]
    return lists.page(shown, asked, rows=rows, next_cursor=found.next_cursor, problem=problem)


def _saved(call: Call, user: User | None) -> Any:
    form = _user_form(call, user)
    posted = forms.values(form, call.request.form)
    posted |= {name: posted[name] or [] for name in ("roles", "allowed_networks") if name in posted}
    errors: dict[str, Any] = schemas.UserIn().validate(posted)
    if not errors:
        try:
            delegation.check_user(call.session, call.caller, user, posted)
            loaded = schemas.UserIn().load(posted)
            if user is None:
                user = users.create(call.session, by=call.caller.id, **loaded)
            else:
                users.change(call.session, user, **loaded)
        except Problem as refused:
            errors = refused.errors or {"": [str(refused.title)]}
    if errors or user is None:
        return forms.page(forms.typed(form, call.request.form, errors))
    return replies.go(f"{USERS}/{user.id}", _("Saved"), accepted=form.key)


def _user_form(call: Call, user: User | None) -> forms.Form:
    fields = [
        Field(name="name", label=_("Name"), required=True, max_length=120),
        Field(name="email", label=_("E-mail"), kind="email", required=True, max_length=254),
        Field(name="mobile", label=_("Mobile"), kind="phone", max_length=32),
        Field(name="title", label=_("Position"), max_length=120),
        Field(name="department_id", label=_("Department"), kind="choice", choices=_department_choices(call)),
        Field(name="roles", label=_("Roles"), kind="choices", choices=_role_choices(call)),
        Field(name="locale", label=_("Language"), kind="choice", required=True, choices=LANGUAGES),
        Field(
            name="allowed_networks",
            label=_("Allowed networks"),
            kind="texts",
            help=_("Such as 203.0.113.0/24; empty: any"),
        ),
    ]
    address = f"{USERS}/{user.id}" if user is not None else USERS
    return forms.Form(
        key=f"user:{user.id if user is not None else 'new'}",
        title=user.name if user is not None else _("New person"),
        action=f"{address}/edit" if user is not None else f"{USERS}/new",
        cancel=address,
        fields=fields,
        values=user if user is not None else {"locale": "zh"},
        version=user.version if user is not None else "",
        kind="user",
    )


def _client_form(call: Call) -> forms.Form:
    fields = [
        Field(name="name", label=_("Name"), required=True, max_length=120),
        Field(
            name="scopes", label=_("Scopes"), kind="texts", help=_("Such as leads:write, events:read"), required=True
        ),
        Field(name="roles", label=_("Roles"), kind="choices", choices=_role_choices(call)),
        Field(
            name="allowed_networks",
            label=_("Allowed networks"),
            kind="texts",
            help=_("Such as 203.0.113.0/24; empty: any"),
        ),
    ]
    return forms.Form(
        key="api_client:new", title=_("New client"), action=f"{CLIENTS}/new", cancel=CLIENTS, fields=fields, values={}
    )


def _role_choices(call: Call) -> Sequence[Choice]:
    found = call.session.execute(select(Role.key, Role.name).order_by(Role.key)).all()  # names are no secret
    return tuple(Choice(value=row.key, label=pick(row.name), colour="azure") for row in found)


def _department_choices(call: Call) -> Sequence[Choice]:
    found = call.session.scalars(access.readable(call.session, call.caller, Department).order_by(Department.name))
    return tuple(Choice(value=item.id, label=item.name) for item in found)


def _may(call: Call, kind: str, action: str) -> bool:
    return access.has_right(call.session, call.caller, kind, action)


def _state(user: User) -> Choice:
    if user.active and user.absent:
        return Choice(value="absent", label=_("Absent"), colour="orange")
    return _on_or_off(user.active)


def _on_or_off(active: bool) -> Choice:
    return (
        Choice(value="on", label=_("Active"), colour="green")
        if active
        else Choice(value="off", label=_("Switched off"))
    )


def _facts(call: Call, user: User) -> list[details.Fact]:
    credential = call.session.get_one(Credential, user.id)
    has_code = credential.otp_confirmed_at is not None
    return [
        details.Fact(label=_("Sessions"), value=len(sessions.listed(call.session, user.id)), kind="integer"),
        details.Fact(label=_("Second factor"), value=_("on") if has_code else _("off")),
        details.Fact(label=_("Password since"), value=credential.password_changed_at, kind="relative"),
    ]


def _actions(user: User) -> list[details.Action]:
    address = f"{USERS}/{user.id}"
    switched = _("Switch off") if user.active else _("Switch on")
    warning = _("%(name)s is signed out at once and cannot sign in.", name=user.name) if user.active else ""
    return [
        details.Action(label=_("Edit"), url=f"{address}/edit", icon="pencil", method="get", primary=True),
        details.Action(label=_("Password link"), url=f"{address}/password-link", icon="key"),
        details.Action(
            label=_("Hand over"),
            url=f"/gateway/hand-overs/new?leaver={user.id}",
            icon="arrow-right",
            method="get",
            more=True,
        ),
        details.Action(label=_("Sign out everywhere"), url=f"{address}/log-out", icon="logout", more=True),
        details.Action(
            label=_("Remove the second factor"), url=f"{address}/second-factor/remove", icon="shield", more=True
        ),
        details.Action(
            label=switched, url=f"{address}/active", icon="user-off", more=True, danger=user.active, confirm=warning
        ),
    ]
