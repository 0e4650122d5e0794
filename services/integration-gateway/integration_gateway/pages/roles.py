"""The pages of roles: the matrix of all, one role with everything it grants, its rules for logging in, its history."""

import json
from collections.abc import Mapping
from typing import Any

from flask import render_template
from sqlalchemy import select

from chassis import directory
from chassis.api import Call
from chassis.directory import EVERYONE
from chassis.errors import Problem, StaleVersion
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console import conditions, forms, replies
from console.fields import Choice, Field, of_object, words
from console.pages import Pages
from engines import access
from engines.access import right
from engines.access.grants import ADMIN
from integration_gateway import schemas
from integration_gateway.directory import delegation, kinds, role_history, roles
from integration_gateway.models import Role
from integration_gateway.objects import ROLE
from integration_gateway.pages import matrix

pages = Pages("gateway", name="roles", module="integration_gateway")
URL = "/gateway/roles"
ACTIONS = ("read", "edit", "delete")
SCOPES = tuple(Choice(value=key, label=label) for key, label in matrix.SCOPE_NAMES.items())
RULES = (
    Choice(value="edit", label=_("may change it")),
    Choice(value="read", label=_("sees it")),
    Choice(value="mask", label=_("sees it masked")),
    Choice(value="none", label=_("does not see it")),
)


@pages.get("/roles", allow=right("role", "read"))
def role_matrix(call: Call) -> str:
    """Who may do what: every role against every kind of record."""
    found = list(call.session.scalars(access.readable(call.session, call.caller, Role).order_by(Role.key)))
    return render_template(
        "gateway/roles.html",
        **matrix.of_roles([role for role in found if role.key != EVERYONE]),
        company=next((role for role in found if role.key == EVERYONE), None),
        may_add=access.has_right(call.session, call.caller, "role", "create"),
    )


@pages.get("/roles/new", allow=right("role", "create"))
def new_role(call: Call) -> Any:
    """The form for a new role."""
    return forms.page(_new_form(call))


@pages.post("/roles/new", allow=right("role", "create"))
def create_role(call: Call) -> Any:
    """Add a role, empty or with the grants of another one."""
    form = _new_form(call)
    posted = forms.values(form, call.request.form)
    pattern = posted.pop("pattern")
    copied = call.session.scalar(
        access.readable(call.session, call.caller, Role).where(Role.key == pattern, Role.key != ADMIN)
    )
    body: dict[str, Any] = {
        "key": posted["key"] or "",
        "name": {"zh": posted["zh"] or "", "en": posted["en"] or ""},
        "grants": dict(copied.grants) if copied is not None else {},
    }
    errors = _by_input(schemas.RoleIn().validate(body))
    if not errors:
        try:
            delegation.check_role(call.session, call.caller, None, body)
            made = roles.create(call.session, by=call.caller.id, **body)
            return replies.go(f"{URL}/{made.id}", _("Role created"), accepted=form.key)
        except Problem as refused:
            errors = {"": [_reason(refused)]}
    return forms.page(forms.typed(form, call.request.form, errors))


@pages.get("/roles/<id>", allow=right("role", "read"))
def role_page(call: Call, id: str) -> str:
    """One role: a table of what it grants that can be changed in place, its rules, its holders, its history."""
    role = access.get(call.session, call.caller, Role, id)
    may_edit = access.allows(call.session, call.caller, ROLE, role, "edit")
    steps = role_history.of(call.session, role, limit=30)
    names = directory.names(call.session, [step["by"] for step in steps])
    return render_template(
        "gateway/role.html",
        role=role,
        rows=[_row(role, kind) for kind in matrix.kinds_of([role])],
        scopes=SCOPES,
        actions=ACTIONS,
        rules={rule.value: rule.label for rule in RULES},
        may_edit=may_edit,
        may_grant=may_edit and role.key not in (ADMIN, EVERYONE),
        may_remove=not role.shipped and access.allows(call.session, call.caller, ROLE, role, "delete"),
        holders=[] if role.key == EVERYONE else roles.holders(call.session, role),
        steps=[step | {"by": names.get(step["by"], step["by"]), "told": _told(step)} for step in steps],
    )


@pages.post("/roles/<id>/grants", allow=right("role", "edit"))
def save_grants(call: Call, id: str) -> Any:
    """Store the table: for each kind whether to create and in which scope to read, edit and delete."""
    role = _locked(call, id)
    grants = dict(role.grants)
    for kind in call.request.form.getlist("kind"):
        before = grants.get(kind) or {}
        chosen = {act: call.request.form.get(f"{kind}.{act}", "none") for act in ACTIONS}
        after = before | chosen | {"create": f"{kind}.create" in call.request.form}
        if kind not in grants and after == {"read": "none", "edit": "none", "delete": "none", "create": False}:
            continue  # was never named: what `*` grants goes on counting for it
        grants[kind] = after
    return _changed(call, role, {"grants": grants})


@pages.get("/roles/<id>/kinds/<kind>", allow=right("role", "edit"))
def kind_form(call: Call, id: str, kind: str) -> Any:
    """Named rights, condition and field rules on one kind of record."""
    return forms.page(_kind_form(access.get(call.session, call.caller, Role, id, "edit"), kind))


@pages.post("/roles/<id>/kinds/<kind>", allow=right("role", "edit"))
def save_kind(call: Call, id: str, kind: str) -> Any:
    """Store what the role grants on one kind in full."""
    role = _locked(call, id)
    form = _kind_form(role, kind)
    posted = forms.values(form, call.request.form)
    grant: dict[str, Any] = {"create": bool(posted["create"])} | {act: posted[act] or "none" for act in ACTIONS}
    rules = {name.removeprefix("rule:"): rule for name, rule in posted.items() if name.startswith("rule:")}
    grant |= {"rights": posted.get("rights") or [], "fields": {n: r for n, r in rules.items() if r and r != "edit"}}
    errors: dict[str, Any] = {}
    try:
        grant["condition"] = json.loads(posted["condition"]) if posted["condition"] else None
    except (ValueError, RecursionError):
        errors = {"condition": [_("Not valid JSON.")]}
    grants = {**role.grants, kind: {name: value for name, value in grant.items() if value or name != "condition"}}
    errors = errors or _by_input(schemas.RoleChange().validate({"grants": grants}))
    if not errors:
        try:
            delegation.check_role(call.session, call.caller, role, {"grants": grants})
            roles.change(call.session, role, grants=grants)
            return replies.go(f"{URL}/{id}#{kind}", _("Saved"), accepted=form.key)
        except Problem as refused:
            found = [text for texts in (refused.errors or {}).values() for text in texts]
            errors = {"condition": found} if found else {"": [_reason(refused)]}
    return forms.page(forms.typed(form, call.request.form, errors))


@pages.get("/roles/<id>/edit", allow=right("role", "edit"))
def rules_form(call: Call, id: str) -> Any:
    """The form of a role's name and of its rules for logging in."""
    return forms.page(_rules_form(access.get(call.session, call.caller, Role, id, "edit")))


@pages.post("/roles/<id>/edit", allow=right("role", "edit"))
def save_rules(call: Call, id: str) -> Any:
    """Store name, allowed networks and whether the second factor is required."""
    role = _locked(call, id)
    form = _rules_form(role)
    posted = forms.values(form, call.request.form)
    body = {
        "name": {"zh": posted["zh"] or "", "en": posted["en"] or ""},
        "allowed_networks": posted["allowed_networks"],
        "second_factor": posted["second_factor"],
    }
    errors = _by_input(schemas.RoleChange().validate(body))
    if not errors:
        try:
            delegation.check_role(call.session, call.caller, role, body)
            roles.change(call.session, role, **body)
            return replies.go(f"{URL}/{id}", _("Saved"), accepted=form.key)
        except Problem as refused:
            errors = {"": [_reason(refused)]}
    return forms.page(forms.typed(form, call.request.form, errors))


@pages.post("/roles/<id>/remove", allow=right("role", "delete"))
def remove_role(call: Call, id: str) -> Any:
    """Remove a role that nobody holds."""
    role = access.get(call.session, call.caller, Role, id, "delete")
    try:
        roles.remove(call.session, role)
    except Problem as refused:
        return replies.refused(_reason(refused))
    return replies.go(URL, _("The role was removed"))


def _locked(call: Call, id: str) -> Role:
    role = access.get(call.session, call.caller, Role, id, "edit", lock=True)
    sent = call.request.form.get("version", "")
    if sent and sent != str(role.version):
        raise StaleVersion()
    return role


def _changed(call: Call, role: Role, values: dict[str, Any]) -> Any:
    errors = schemas.RoleChange().validate(values)
    if errors:
        return replies.refused(_("Choose from the list"), status=422)
    delegation.check_role(call.session, call.caller, role, values)
    roles.change(call.session, role, **values)
    return replies.go(f"{URL}/{role.id}", _("Saved"))


def _row(role: Role, kind: str) -> dict[str, Any]:
    grant: Mapping[str, Any] = role.grants.get(kind) or {}
    known = kinds.known().get(kind)
    titles = {field.name: dict(field.label) or field.name for field in known.fields} if known is not None else {}
    return {
        "kind": kind,
        "label": matrix.name_of(kind),
        "named": kind in role.grants,
        "grant": grant,
        "rights": [matrix.RIGHT_NAMES.get(name, name) for name in grant.get("rights") or ()],
        "fields": [(titles.get(name, name), rule) for name, rule in sorted((grant.get("fields") or {}).items())],
        "condition": _in_words(kind, grant.get("condition")),
    }


def _in_words(kind: str, only: Any) -> str:
    known = kinds.known().get(kind)
    if not only or known is None:
        return json.dumps(only, ensure_ascii=False) if only else ""
    return conditions.describe(only, of_object(known))


def _told(step: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(what, _short(before), _short(after)) for what, before, after in role_history.in_words(step["changes"])]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else "–" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _kind_form(role: Role, kind: str) -> forms.Form:
    grant: Mapping[str, Any] = role.grants.get(kind) or {}
    known = kinds.known().get(kind)
    offered = {*(known.rights if known is not None else ()), *(grant.get("rights") or ())}
    rights = tuple(Choice(value=name, label=matrix.RIGHT_NAMES.get(name, name)) for name in sorted(offered))
    scopes = [Field(name=act, label=matrix.ACTION_NAMES[act], kind="choice", choices=SCOPES) for act in ACTIONS]
    ruled = dict(grant.get("fields") or {})
    titles = {field.name: dict(field.label) or field.name for field in known.fields} if known is not None else {}
    titles |= {name: name for name in ruled if name not in titles}
    groups = [
        forms.Group(
            title=_("Records"),
            fields=[
                Field(name="create", label=matrix.ACTION_NAMES["create"], kind="boolean"),
                *scopes,
                Field(
                    name="condition", label=_("Only records that meet"), kind="long_text", wide=True,
                    help=_('A condition as JSON, such as {"field": "region", "op": "eq", "value": "east"}; empty: all'),
                ),
            ],
        ),
        forms.Group(title=_("Rights"), fields=[Field(name="rights", label=_("Rights"), kind="choices", choices=rights)]),
        forms.Group(
            title=_("Fields"),
            fields=[Field(name=f"rule:{name}", label=title, kind="choice", choices=RULES) for name, title in titles.items()],
        ),
    ]  # fmt: skip
    values = {act: grant.get(act, "none") for act in ACTIONS} | {"create": grant.get("create", False)}
    values |= {"rights": list(grant.get("rights") or ())} | {f"rule:{n}": ruled.get(n, "edit") for n in titles}
    only = grant.get("condition")
    return forms.Form(
        key=f"role:{role.id}:{kind}",
        title=f"{pick(role.name)} · {words(matrix.name_of(kind))}",
        action=f"{URL}/{role.id}/kinds/{kind}",
        cancel=f"{URL}/{role.id}",
        groups=[group for group in groups if group.fields],
        values=values | {"condition": json.dumps(only, ensure_ascii=False) if only else ""},
        version=role.version,
    )


def _rules_form(role: Role) -> forms.Form:
    named = [
        Field(name="zh", label=_("Name in Chinese"), required=True, max_length=120),
        Field(name="en", label=_("Name in English"), required=True, max_length=120),
    ]
    rules = [
        Field(
            name="allowed_networks", label=_("Allowed networks"), kind="texts", wide=True,
            help=_("Only from these, such as 203.0.113.0/24; separate several with commas; empty: from anywhere"),
        ),
        Field(
            name="second_factor", label=_("Second factor required"), kind="boolean",
            help=_("Who has none sets it up at the next sign-in; sessions without one end now"),
        ),
    ]  # fmt: skip
    return forms.Form(
        key=f"role:{role.id}",
        title=pick(role.name),
        action=f"{URL}/{role.id}/edit",
        cancel=f"{URL}/{role.id}",
        groups=[forms.Group(title=_("Name"), fields=named), forms.Group(title=_("Signing in"), fields=rules)],
        values={
            **dict(role.name), "allowed_networks": role.allowed_networks or [], "second_factor": role.second_factor,
        },
        version=role.version,
    )  # fmt: skip


def _new_form(call: Call) -> forms.Form:
    found = call.session.execute(
        select(Role.key, Role.name).where(Role.key.not_in((ADMIN, EVERYONE))).order_by(Role.key)
    ).all()
    patterns = tuple(Choice(value=row.key, label=pick(row.name)) for row in found)
    return forms.Form(
        key="role:new",
        title=_("New role"),
        action=f"{URL}/new",
        cancel=URL,
        fields=[
            Field(name="key", label=_("Key"), required=True, max_length=60,
                  help=_("Lower-case letters, digits and _; it never changes")),
            Field(name="zh", label=_("Name in Chinese"), required=True, max_length=120),
            Field(name="en", label=_("Name in English"), required=True, max_length=120),
            Field(name="pattern", label=_("Start with the grants of"), kind="choice", choices=patterns),
        ],
        values={},
    )  # fmt: skip


def _by_input(errors: Mapping[str, Any]) -> dict[str, Any]:
    """A schema's errors by the inputs of the forms here: the two names have one each."""
    flat = {name: told for name, told in errors.items() if name != "name"}
    return flat | dict(errors.get("name") or {})


def _reason(refused: Problem) -> str:
    beyond = refused.facts.get("kinds") or refused.facts.get("scopes") or ()
    named = ", ".join(words(matrix.name_of(kind)) for kind in beyond)
    return f"{refused.title}: {named}" if named else str(refused.title)
