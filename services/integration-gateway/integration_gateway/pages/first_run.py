"""The guided first run: after the one-time link, step by step to a company that can work; it can be left and resumed."""

from typing import Any
from zoneinfo import available_timezones

from flask import redirect, render_template
from sqlalchemy import func, select

from chassis.api import Call
from chassis.errors import Problem
from chassis.i18n import gettext, pick
from chassis.i18n import lazy as _
from console import forms, replies
from console.fields import Choice, Field
from console.pages import Pages
from engines.access import right
from integration_gateway import accounts, company, links
from integration_gateway.directory import roster
from integration_gateway.models import Company, Credential, Department, Role, User
from integration_gateway.pages import matrix

pages = Pages("gateway", name="first_run", module="integration_gateway")
URL = "/gateway/start"
MANAGES = right("user", "administer")
TITLES = {
    "security": _("Sign-in"),
    "company": _("Company"),
    "organisation": _("People"),
    "pipeline": _("Pipeline"),
    "done": _("Finish"),
}
CURRENCY_NAMES = {
    "CNY": _("Chinese yuan"), "USD": _("US dollar"), "EUR": _("Euro"), "HKD": _("Hong Kong dollar"),
    "JPY": _("Japanese yen"), "GBP": _("Pound sterling"), "SGD": _("Singapore dollar"), "TWD": _("New Taiwan dollar"),
    "KRW": _("South Korean won"), "MYR": _("Malaysian ringgit"), "THB": _("Thai baht"), "VND": _("Vietnamese dong"),
    "AUD": _("Australian dollar"), "CAD": _("Canadian dollar"),
}  # fmt: skip
ZONES_FIRST = ("Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Europe/Berlin")
FOUND_AT_ONCE = 20
ENTITIES = 5  # legal entities on the form; more by the API


@pages.get("/start", allow=MANAGES)
def start(call: Call) -> Any:
    """Go on where the set-up stands."""
    return redirect(f"{URL}/{company.open_step(call.session) or 'done'}", 303)


@pages.get("/start/security", allow=MANAGES)
def security(call: Call) -> str:
    """Offer a second factor for the account that may do everything."""
    credential = call.session.get_one(Credential, call.caller.id)
    return _step(call, "security", "gateway/start_security.html", has_factor=credential.otp_confirmed_at is not None)


@pages.post("/start/security", allow=MANAGES)
def leave_security(call: Call) -> Any:
    """Go on, with or without a second factor."""
    company.reach(call.session, "company", by=call.caller.id)
    return replies.go(f"{URL}/company")


@pages.get("/lookup/time-zones", allow=MANAGES)
def lookup_time_zones(call: Call) -> Any:
    """Time zones to choose from, those of China first."""
    wanted = call.request.args.get("q", "").strip().lower().replace(" ", "_")
    zones = [*ZONES_FIRST, *sorted(available_timezones() - set(ZONES_FIRST))]
    found = [zone for zone in zones if wanted in zone.lower()][:FOUND_AT_ONCE]
    return {"items": [{"value": zone, "label": zone.replace("_", " "), "hint": ""} for zone in found]}


@pages.get("/start/company", allow=MANAGES)
def company_form(call: Call) -> Any:
    """Name, time zone, currency and legal entities."""
    return _step(call, "company", "gateway/start_form.html", form=_company_form(company.current(call.session)))


@pages.post("/start/company", allow=MANAGES)
def save_company(call: Call) -> Any:
    """Store the company and go on."""
    form = _company_form(company.current(call.session))
    posted = forms.values(form, call.request.form)
    values = {name: posted[name] or "" for name in ("name", "time_zone", "base_currency")}
    entities = [
        {
            "name": posted[f"entity_{n}"],
            "credit_code": (posted[f"code_{n}"] or "").upper(),
            "erp_organisation": posted[f"erp_{n}"] or "",
        }
        for n in range(ENTITIES)
        if posted[f"entity_{n}"]
    ]
    errors: dict[str, Any] = _bad_codes(entities, posted)
    try:
        company.save(call.session, by=call.caller.id, legal_entities=entities, **values)
    except Problem as refused:
        errors |= refused.errors or {"": [str(refused.title)]}
        errors["entity_0"] = errors.pop("legal_entities", errors.get("entity_0", []))
    errors = {name: texts for name, texts in errors.items() if texts}
    if errors:
        shown = forms.typed(form, call.request.form, errors)
        return _step(call, "company", "gateway/start_form.html", form=shown), 422
    company.reach(call.session, "organisation", by=call.caller.id)
    return replies.go(f"{URL}/organisation", accepted=form.key)


@pages.get("/start/organisation", allow=MANAGES)
def organisation(call: Call) -> Any:
    """Departments and people, by hand or pasted."""
    return _organisation(call)


@pages.post("/start/organisation/departments", allow=MANAGES)
def add_departments(call: Call) -> Any:
    """Make the departments of the lines."""
    text = call.request.form.get("departments", "")
    wanted = roster.paths(text)
    if not wanted or len(wanted) > roster.LIMIT or any(len(part) > 120 for path in wanted for part in path):
        errors = {"departments": [gettext("Write one department a line, each at most 120 characters")]}
        return _organisation(call, departments=forms.typed(_departments_form(), call.request.form, errors))
    roster.grow(call.session, wanted, company=_company_name(call), by=call.caller.id)
    return replies.go(f"{URL}/organisation", gettext("Saved"), accepted="start:departments")


@pages.post("/start/organisation/people", allow=MANAGES)
def add_people(call: Call) -> Any:
    """Enter the people of the table, all or none, and show the links with which they choose passwords."""
    given = call.request.form.get("people", "")
    sheet = roster.read(
        given, roles=roster.role_names(call.session), taken=list(call.session.scalars(select(User.email)))
    )
    if sheet.faults:
        errors = {"people": sheet.faults[:20]}
        return _organisation(call, people=forms.typed(_people_form(call), call.request.form, errors))
    made = roster.enter(call.session, sheet.entries, company=_company_name(call), by=call.caller.id)
    handed = [(user, links.password(call.settings, accounts.new_link(call.session, user))) for user in made]
    answer = replies.go(f"{URL}/organisation", accepted="start:people")
    return _step(call, "organisation", "gateway/start_links.html", handed=handed), 200, {
        "Set-Cookie": answer.headers.getlist("Set-Cookie")[0],
        "Cache-Control": "no-store",
    }  # fmt: skip


@pages.post("/start/organisation", allow=MANAGES)
def leave_organisation(call: Call) -> Any:
    """Go on; people may come later too."""
    company.reach(call.session, "pipeline", by=call.caller.id)
    return replies.go(f"{URL}/pipeline")


@pages.get("/start/pipeline", allow=MANAGES)
def pipeline(call: Call) -> Any:
    """The two templates; sales shows their stages as fragments."""
    found = company.current(call.session)
    return _step(
        call, "pipeline", "gateway/start_pipeline.html", chosen=(found and found.pipeline_template) or "standard"
    )


@pages.post("/start/pipeline", allow=MANAGES)
def choose_pipeline(call: Call) -> Any:
    """Tell sales which one the company starts with."""
    try:
        company.choose_pipeline(call.session, call.request.form.get("template", ""), by=call.caller.id)
    except Problem as refused:
        return replies.refused(str(refused.title), status=422)
    return replies.go(f"{URL}/done")


@pages.get("/start/done", allow=MANAGES)
def done(call: Call) -> Any:
    """What has been set up and what is best done next."""
    found = company.current(call.session)
    people = call.session.scalar(select(func.count()).select_from(User).where(User.active)) or 0
    present = call.settings.time_zone, call.settings.base_currency
    waits = found is not None and found.name and (found.time_zone, found.base_currency) != present
    return _step(call, "done", "gateway/start_done.html", found=found, people=people, waits=waits)


@pages.post("/start/done", allow=MANAGES)
def finish(call: Call) -> Any:
    """Finish the set-up; services put ready definitions in force."""
    try:
        company.finish(call.session, by=call.caller.id)
    except Problem:
        return replies.go(f"{URL}/company", gettext("Enter the company first"))
    return replies.go(f"{URL}/done", gettext("The company is set up"))


@pages.get("/company", allow=MANAGES)
def company_page(call: Call) -> Any:
    """The company as it was entered; the form of the first run changes it later too."""
    return redirect(f"{URL}/company", 303)


def _step(call: Call, step: str, template: str, **extra: Any) -> str:
    """A page of the first run with its path; steps behind the present one can be visited again."""
    reached = company.open_step(call.session)
    last = len(company.STEPS) if reached is None else company.STEPS.index(reached)
    steps = [
        (name, TITLES[name], "now" if name == step else ("done" if place < last else "ahead"), place <= last)
        for place, name in enumerate(company.STEPS)
    ]
    return render_template(template, steps=steps, step=step, finished=reached is None, url=URL, **extra)


def _organisation(call: Call, **changed: forms.Form) -> Any:
    found = call.session.scalars(select(Department).order_by(Department.name)).all()
    people = call.session.scalars(select(User).where(User.active).order_by(User.name)).all()
    roles = {role.key: pick(role.name) for role in call.session.scalars(select(Role))}
    shown = {"departments": _departments_form(), "people": _people_form(call)} | changed
    page = _step(
        call, "organisation", "gateway/start_organisation.html",
        tree=matrix.tree(list(found), list(people))["rows"], members=people, roles=roles, forms=shown,
        department_names={item.id: item.name for item in found},
    )  # fmt: skip
    return page, 422 if changed else 200


def _company_name(call: Call) -> str:
    found = company.current(call.session)
    return (found and found.name) or gettext("Company")


def _company_form(found: Company | None) -> forms.Form:
    entities = found.legal_entities if found is not None else []
    values: dict[str, Any] = {
        "name": found.name if found else "",
        "time_zone": found.time_zone if found else "Asia/Shanghai",
        "base_currency": found.base_currency if found else "CNY",
    }
    groups = []
    for n in range(ENTITIES):
        entity = entities[n] if n < len(entities) else {}
        values |= {f"entity_{n}": entity.get("name", ""), f"code_{n}": entity.get("credit_code", "")}
        values[f"erp_{n}"] = entity.get("erp_organisation", "")
        groups.append(
            forms.Group(
                title=_("Legal entity %(n)s", n=n + 1),
                help=_("Who signs your contracts and issues invoices. You may leave this for later.") if n == 0 else "",
                fields=[
                    Field(name=f"entity_{n}", label=_("Registered name"), max_length=120),
                    Field(name=f"code_{n}", label=_("Unified social credit code"), max_length=18),
                    Field(name=f"erp_{n}", label=_("Organisation number in the ERP"), max_length=40),
                ],
            )
        )
    basic = [
        Field(name="name", label=_("Name of the company"), required=True, max_length=120, autocomplete="organization"),
        Field(
            name="time_zone", label=_("Time zone"), lookup="/gateway/lookup/time-zones", required=True,
            help=_("Decides what a day, week and month is, from the next start of the services on"),
        ),
        Field(
            name="base_currency", label=_("Base currency"), kind="choice", required=True,
            choices=[Choice(value=code, label=f"{code} · {name}") for code, name in CURRENCY_NAMES.items()],
            help=_("Totals, targets and thresholds are counted in it, from the next start of the services on"),
        ),
    ]  # fmt: skip
    return forms.Form(
        key="start:company", title=_("Company"), action=f"{URL}/company", fields=basic, groups=groups, values=values,
        submit=_("Save and go on"),
    )  # fmt: skip


def _bad_codes(entities: list[dict[str, str]], posted: dict[str, Any]) -> dict[str, list[str]]:
    """Credit codes that cannot be: 18 letters and digits."""
    wrong = {}
    for n in range(ENTITIES):
        code = (posted[f"code_{n}"] or "").upper()
        if code and not (len(code) == 18 and code.isascii() and code.isalnum()):
            wrong[f"code_{n}"] = [gettext("A credit code has 18 letters and digits")]
        if (code or posted[f"erp_{n}"]) and not posted[f"entity_{n}"]:
            wrong[f"entity_{n}"] = [gettext("Enter the registered name too")]
    return wrong


def _departments_form() -> forms.Form:
    return forms.Form(
        key="start:departments", title=_("Add departments"), action=f"{URL}/organisation/departments",
        submit=_("Add departments"),
        fields=[
            Field(
                name="departments", label=_("Departments, one a line"), kind="long_text", required=True,
                placeholder=_("Sales\nSales/East\nSales/South\nCustomer service"),
                help=_("Below another with a slash, such as Sales/East"), max_length=20000,
            )
        ],
    )  # fmt: skip


def _people_form(call: Call) -> forms.Form:
    roles = gettext(", ").join(pick(role.name) for role in call.session.scalars(select(Role).order_by(Role.key)))
    return forms.Form(
        key="start:people", title=_("Add people"), action=f"{URL}/organisation/people", submit=_("Add people"),
        fields=[
            Field(
                name="people", label=_("People, one a line: name, e-mail, department, role, position, mobile"),
                kind="long_text", required=True, max_length=400_000,
                placeholder=_("Wang Lei, wang.lei@example.com, Sales/East, Sales, Account manager, 13912345678"),
                help=_(
                    "Paste from a spreadsheet, with or without headings. Missing departments are made. Roles: %(roles)s",
                    roles=roles,
                ),
            )
        ],
    )  # fmt: skip
