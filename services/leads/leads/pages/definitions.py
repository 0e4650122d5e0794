"""Scoring models, assignment rules, duplicate policies and capture forms in the definition editor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import segno
from flask import render_template
from markupsafe import Markup

from chassis import clock
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import lazy
from console import fields
from console.definition_pages import mount
from console.definitions import Body, Kind, Part, Problem, Stored, Tried, Version, problems_of
from console.fields import Choice, Field
from engines import access
from engines.access import right
from leads import definitions, queries, simulation
from leads.definition_schemas import FORM_FIELDS
from leads.errors import DefinitionWrong
from leads.models import Lead
from leads.objects import BEHAVIOURS, LEAD, SOURCES, STRATEGIES
from leads.pages.edge import pages
from leads.seed_definitions import DUPLICATE_POLICY, FORM, MODEL

PEOPLE, DEPARTMENTS = "/leads/lookup/people", "/leads/lookup/departments"
MODELS, RULES, POLICIES, FORMS, LINKS = (
    "/leads/scoring-models",
    "/leads/assignment-rules",
    "/leads/duplicate-policies",
    "/leads/forms",
    "/leads/form-links",
)
_TRIED_AT_ONCE = 500
_ANSWERS = {
    "link": lazy("keep it and link the two"),
    "merge": lazy("merge it into the one that exists"),
    "refuse": lazy("refuse it and show the one that exists"),
    "allow": lazy("take it as another lead"),
}
_FORM_FIELDS = {
    "name": lazy("Name"), "company": lazy("Company"), "title": lazy("Position"), "phone": lazy("Phone"),
    "email": lazy("E-mail"), "wechat": lazy("WeChat"), "city": lazy("City"), "address": lazy("Address"),
    "industry": lazy("Industry"), "company_size": lazy("Company size"), "product_interest": lazy("Product interest"),
    "budget": lazy("Budget"), "message": lazy("Message"),
}  # fmt: skip
assert tuple(sorted(_FORM_FIELDS)) == tuple(sorted(FORM_FIELDS))


def _choices(labels: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(Choice(value=key, label=label) for key, label in labels.items())


def _tabs(here: str) -> Callable[[Call], Sequence[tuple[Any, str, bool]]]:
    """The pages with which leads are set up, as far as the reader may open them."""
    found = (
        ("scoring_model", lazy("Scoring"), MODELS),
        ("assignment_rule", lazy("Assignment"), RULES),
        ("assignment_rule", lazy("Duplicates"), POLICIES),
        ("capture_form", lazy("Forms"), FORMS),
        ("capture_form", lazy("Use the forms"), LINKS),
        ("lead", lazy("Look-alikes"), "/leads/duplicates"),
    )
    return lambda call: [
        (label, url, url == here)
        for kind, label, url in found
        if access.has_right(call.session, call.caller, kind, "read")
    ]


def _objects(call: Call) -> Mapping[str, Sequence[Field]]:
    return {"lead": [field for field in fields.of_object(LEAD) if field.filterable]}


def _model_parts(call: Call) -> list[Part]:
    rule = [
        Part(name="title", label=_("Title"), kind="pair"),
        Part(name="when", label=_("When"), kind="condition", about="lead"),
        Part(name="points", label=_("Points"), kind="number", required=True, minimum=-1000, maximum=1000),
        Part(name="key", label=_("Short name"), kind="key", required=True),
    ]
    behaviour = [
        Part(name="kind", label=_("Behaviour"), kind="choice", choices=_choices(BEHAVIOURS), required=True),
        Part(name="points", label=_("Points each time"), kind="number", required=True),
        Part(name="half_life_days", label=_("Half as much after"), kind="number", unit=_("days"), minimum=0),
        Part(name="cap", label=_("At most"), kind="number", unit=_("points"), minimum=0),
    ]
    grade = Part(name="", kind="integer", label=_("From"), unit=_("points"), minimum=0, maximum=100)
    return [
        Part(name="base", label=_("Every lead starts with"), kind="number", unit=_("points")),
        Part(name="rules", label=_("Points for what a lead is"), kind="rows", parts=rule, head="title", same="key",
             add=_("Add a rule"), blank={"points": 5, "when": {"all": []}}),
        Part(name="behaviours", label=_("Points for what a lead does"), kind="rows", parts=behaviour, head="kind",
             same="kind", add=_("Add a behaviour"), blank={"points": 5, "half_life_days": 14, "cap": 20},
             help=_("They fade with time, so that interest of long ago counts less")),
        Part(name="grades", label=_("Grades"), kind="map", parts=[grade],
             choices=[Choice(value=letter, label=letter) for letter in "ABC"],
             help=_("Below the lowest a lead is a D")),
    ]  # fmt: skip


def _rules_parts(call: Call) -> list[Part]:
    hours = [
        Part(name="days", label=_("Days"), kind="numbers", help=_("1 is Monday, 7 is Sunday")),
        Part(name="start", label=_("From"), kind="time"),
        Part(name="end", label=_("Until"), kind="time"),
    ]
    outside = [
        Choice(value="assign", label=_("assign anyway")),
        Choice(value="skip", label=_("go on to the next rule")),
    ]
    rule = [
        Part(name="title", label=_("Title"), kind="pair"),
        Part(name="when", label=_("When"), kind="condition", about="lead"),
        Part(name="users", label=_("People"), kind="people", lookup=PEOPLE),
        Part(name="departments", label=_("Departments"), kind="records", lookup=DEPARTMENTS),
        Part(name="pool", label=_("or the pool"), kind="text", help=_("Name of the pool, such as default")),
        Part(name="strategy", label=_("Who of them"), kind="choice", choices=_choices(STRATEGIES)),
        Part(name="weights", label=_("Weights"), kind="map", lookup=PEOPLE, add=_("Add a person"),
             parts=[Part(name="", kind="integer", minimum=0, maximum=1000)], only_if=("strategy", ["weighted"])),
        Part(name="daily_cap", label=_("At most a day and person"), kind="integer", minimum=1),
        Part(name="response_minutes", label=_("First contact within"), kind="integer", unit=_("minutes"), minimum=1),
        Part(name="hours", label=_("Working hours"), kind="group", parts=hours),
        Part(name="outside_hours", label=_("Outside them"), kind="choice", choices=outside),
        Part(name="key", label=_("Short name"), kind="key", required=True),
    ]  # fmt: skip
    return [
        Part(name="rules", label=_("Rules, tried from the top"), kind="rows", parts=rule, head="title", same="key",
             add=_("Add a rule"), blank={"strategy": "round_robin", "response_minutes": 120, "when": {"all": []}}),
        Part(name="fallback_pool", label=_("What no rule takes goes to the pool"), kind="text"),
        Part(name="response_minutes", label=_("Then first contact within"), kind="integer", unit=_("minutes"), minimum=1),
    ]  # fmt: skip


def _policy_parts(call: Call) -> list[Part]:
    answer = Part(name="", kind="choice", choices=_choices(_ANSWERS))
    return [
        Part(name="threshold", label=_("Two leads are the same from"), kind="integer", unit=_("of 100 points"), minimum=50,
             maximum=100, help=_("Same phone, e-mail or credit code is 100; similar names count less")),
        Part(name="default", label=_("A lead that seems to exist"), kind="choice", choices=_choices(_ANSWERS), required=True),
        Part(name="by_source", label=_("Otherwise by source"), kind="map", choices=_choices(SOURCES), parts=[answer]),
    ]  # fmt: skip


def _form_parts(call: Call) -> list[Part]:
    asked = [
        Part(name="name", label=_("Field"), kind="choice", choices=_choices(_FORM_FIELDS), required=True),
        Part(name="label", label=_("Label"), kind="pair"),
        Part(name="required", label=_("Must be filled in"), kind="boolean"),
        Part(name="choices", label=_("Choices"), kind="texts", help=_("Empty: any text")),
    ]
    return [
        Part(name="title", label=_("Heading"), kind="pair", required=True),
        Part(name="intro", label=_("Introduction"), kind="pair"),
        Part(name="fields", label=_("Fields"), kind="rows", parts=asked, head="name", same="name",
             add=_("Add a field"), required=True),
        Part(name="consent", label=_("Consent to be ticked"), kind="pair"),
        Part(name="consent_version", label=_("Version of the consent"), kind="text"),
        Part(name="thanks", label=_("Thanks"), kind="pair"),
        Part(name="redirect_url", label=_("Then go to"), kind="text", help=_("An address, or empty to show the thanks")),
        Part(name="source", label=_("Leads come with the source"), kind="choice", choices=_choices(SOURCES)),
        Part(name="channel", label=_("and the channel"), kind="text"),
    ]  # fmt: skip


def _stored(row: Any) -> Stored:
    return Stored(
        key=row.key, title=row.title or "", body=row.body, revision=row.revision, active=row.active,
        changed_at=row.updated_at,
    )  # fmt: skip


def _listed(purpose: str) -> Callable[[Call], Sequence[Stored]]:
    def listed(call: Call) -> Sequence[Stored]:
        found = [_stored(row) for row in queries.definitions(call.session, purpose)]
        if purpose != "capture_form":
            return found
        return [replace(each, note=f"{call.settings.public_url}/leads/capture/{each.key}") for each in found]

    return listed


@pages.get("/form-links", allow=right("capture_form", "read"))
def form_links(call: Call) -> Any:
    """How forms get in front of people: the address of each, the line that embeds it, a QR code for events."""
    found = []
    for row in queries.definitions(call.session, "capture_form"):
        address = f"{call.settings.public_url.rstrip('/')}/leads/capture/{row.key}"
        code = segno.make(address, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff")
        found.append(
            {
                "key": row.key,
                "name": fields.words(row.title) or row.key,
                "address": address,
                "line": f'<script src="{address}/embed.js" async></script>',
                "code": Markup(code),  # noqa: S704 - drawn here from our own address
            }
        )
    return render_template("leads/form_links.html", found=found, tabs_of=_tabs(LINKS)(call))


def _problems(purpose: str) -> Callable[[Call, str, Body], Sequence[Problem]]:
    def problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
        try:
            definitions.checked(purpose, body)
        except DefinitionWrong as wrong:
            return problems_of(wrong.errors)
        return []

    return problems


def _publish(purpose: str) -> Callable[[Call, str, Body, Mapping[str, str]], int]:
    def publish(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
        made = definitions.publish_definition(
            call.session, caller=call.caller, purpose=purpose, key=key, body=body, title=title
        )
        return made.revision

    return publish


def _versions(purpose: str) -> Callable[[Call, str], Sequence[Version]]:
    def versions(call: Call, key: str) -> Sequence[Version]:
        found = definitions.versions(call.session, definitions.find(call.session, purpose, key))
        return [
            Version(revision=row.revision, body=row.body, at=row.published_at, by=row.published_by or "")
            for row in found
        ]

    return versions


def _found(purpose: str) -> Callable[[Call, str], Stored | None]:
    return lambda call, key: next(
        (_stored(row) for row in queries.definitions(call.session, purpose) if row.key == key), None
    )


def _samples(call: Call, kind: str, days: int) -> simulation.Samples:
    since = clock.now() - timedelta(days=days)
    return simulation.past(call.session, kind=kind, since=since, until=None, limit=_TRIED_AT_ONCE)


def _try_model(call: Call, key: str, body: Body, days: int) -> Tried:
    found = simulation.scoring_model(call.session, definition=body, samples=_samples(call, "score", days))
    before = {each["lead_id"]: (each["before"] or {}).get("score") for each in found["results"]}
    results = sorted(found["results"], key=lambda each: -abs(each["score"] - (before[each["lead_id"]] or 0)))
    shown = _seen(call, results)
    changed = [each for each in results if before[each["lead_id"]] != each["score"]]
    thresholds = [
        (str(row["threshold"]), str(row["leads"]), _share(row["precision"]), _share(row["recall"]))
        for row in found["thresholds"]
        if row["leads"]
    ]
    return Tried(
        figures=[*_counts(found), (_("Score would differ"), len(changed))]
        + [(_("Grade %(grade)s", grade=grade), found["grades"].get(grade, 0)) for grade in "ABCD"],
        headings=[_("Lead"), _("Now"), _("Then"), _("Grade")],
        rows=[(name, str(before[each["lead_id"]] or "–"), str(each["score"]), each["grade"]) for name, each in shown],
        links=[f"/leads/leads/{each['lead_id']}" for _name, each in shown],
        tables=[
            (
                _("How well each score tells who converted"),
                [_("From score"), _("Closed leads"), _("Of these converted"), _("Of all converted")],
                thresholds,
            )
        ]
        if thresholds
        else [],
        note=_note(found),
    )


def _try_rules(call: Call, key: str, body: Body, days: int) -> Tried:
    found = simulation.assignment_rules(call.session, definition=body, samples=_samples(call, "assignment", days))
    results = sorted(found["results"], key=lambda each: not each["differs"])
    people = queries.names(
        call.session, [(each["before"] or {}).get("owner_id") for each in results] + list(found["shares"])
    )
    shown = _seen(call, results)
    shares = [(people.get(who or "", "") or _("Pool %(name)s", name=who), str(n)) for who, n in found["shares"].items()]
    titles = {rule.get("key"): _pair(rule.get("title")) for rule in body.get("rules") or ()}
    return Tried(
        figures=[*_counts(found), (_("Would go to somebody else"), found["would_change"])],
        headings=[_("Lead"), _("Now"), _("Then"), _("Rule")],
        rows=[
            (
                name,
                people.get((each["before"] or {}).get("owner_id") or "", "") or "–",
                each["owner"] or _("Pool %(name)s", name=each["pool"] or "–"),
                titles.get(each["rule"]) or each["rule"] or "–",
            )
            for name, each in shown
        ],
        links=[f"/leads/leads/{each['lead_id']}" for _name, each in shown],
        tables=[(_("Who would get how many"), [_("Who"), _("Leads")], shares)] if shares else [],
        note=_note(found),
    )


def _seen(call: Call, results: Sequence[Mapping[str, Any]], limit: int = 50) -> list[tuple[str, Mapping[str, Any]]]:
    """The first of the results whose leads the reader may read, with the leads' names."""
    ids = [each["lead_id"] for each in results]
    rows = access.readable(call.session, call.caller, Lead).where(Lead.id.in_(ids))
    names = {lead.id: lead.company or lead.name or lead.number or "" for lead in call.session.scalars(rows)}
    return [(names[each["lead_id"]], each) for each in results if each["lead_id"] in names][:limit]


def _counts(found: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(_("Leads tried"), found["tried"]), (_("Not usable"), found["unusable"])]


def _note(found: Mapping[str, Any]) -> str:
    return _("Not usable are leads of which a field the rules ask for is no longer kept.") if found["unusable"] else ""


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _pair(title: Any) -> str:
    return fields.words(title) if isinstance(title, Mapping) else ""


def _kind(purpose: str, right_of: str, url: str, parts: Callable[[Call], list[Part]], **more: Any) -> Kind:
    return Kind(
        key=f"leads.{purpose}",
        url=url,
        read=right(right_of, "read"),
        edit=right(right_of, "edit"),
        may_simulate=right(right_of, "simulate"),
        parts=parts,
        objects=_objects,
        listed=_listed(purpose),
        find=_found(purpose),
        versions=_versions(purpose),
        problems=_problems(purpose),
        publish=_publish(purpose),
        tabs=_tabs(url),
        **more,
    )


mount(
    pages,
    _kind(
        "scoring_model", "scoring_model", MODELS, _model_parts, title=lazy("Scoring models"), noun=lazy("scoring model"),
        intro=lazy("How promising a lead is, from 0 to 100. The model published last is in force; each lead says why."),
        simulate=_try_model, blank={"base": 0, "rules": [], "behaviours": [], "grades": {"A": 75, "B": 50, "C": 25}},
        examples=lambda call: {"standard": (_("Ready model for business customers"), MODEL)},
    ),
)  # fmt: skip
mount(
    pages,
    _kind(
        "assignment_rules", "assignment_rule", RULES, _rules_parts, title=lazy("Assignment rules"), noun=lazy("rule set"),
        intro=lazy("Which lead goes to whom, at once and explained. The set published last is in force."),
        simulate=_try_rules, blank={"rules": [], "fallback_pool": "default", "response_minutes": 240},
    ),
)  # fmt: skip
mount(
    pages,
    _kind(
        "duplicate_policy", "assignment_rule", POLICIES, _policy_parts, title=lazy("Duplicate policies"),
        noun=lazy("duplicate policy"),
        intro=lazy("What happens to a lead that seems to exist already. The policy published last is in force."),
        blank={"default": "link", "by_source": {}, "threshold": 85},
        examples=lambda call: {"standard": (_("Ready policy"), DUPLICATE_POLICY)},
    ),
)  # fmt: skip
mount(
    pages,
    _kind(
        "capture_form", "capture_form", FORMS, _form_parts, title=lazy("Forms"), noun=lazy("form"),
        intro=lazy("Public forms for your web site and for events. Each has an address of its own and a line to embed it."),
        blank={"title": {}, "fields": [{"name": "name", "required": True}, {"name": "phone", "required": True}]},
        examples=lambda call: {"contact": (_("Contact us"), FORM)},
    ),
)  # fmt: skip
__all__ = ["FORMS", "MODELS", "POLICIES", "RULES"]
