"""Queues, dispatch rules, SLA policies and calendars in the definition editor; the days ahead and the people in queues."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import render_template

from chassis import clock, directory
from chassis.api import Call
from chassis.errors import Problem as Refusal
from chassis.i18n import gettext as _
from chassis.i18n import lazy, pick
from console import fields
from console.definition_pages import mount
from console.definitions import Body, Kind, Part, Problem, Stored, Tried, Version, problems_of
from console.fields import Choice, Field
from engines import access
from engines.access import right
from service_desk import calendars, definitions, dispatching, simulation
from service_desk.business_time import WEEKDAYS
from service_desk.definition_schemas import PRIORITIES as ORDER
from service_desk.objects import CLOCK_STATES, METRICS, PRIORITIES, STRATEGIES, TICKET
from service_desk.pages.edge import pages, queue_choices

PEOPLE = "/service-desk/lookup/people"
QUEUES, RULES, POLICIES, CALENDARS, DAYS, MEMBERS = (
    "/service-desk/queues",
    "/service-desk/dispatch-rules",
    "/service-desk/sla-policies",
    "/service-desk/calendars",
    "/service-desk/working-days",
    "/service-desk/queue-members",
)
_DAYS = 62  # of the calendar's near future that are listed


def _choices(labels: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(Choice(value=key, label=label) for key, label in labels.items())


def tabs(call: Call, here: str) -> list[tuple[Any, str, bool]]:
    """The pages with which the desk is set up, as far as the reader may open them."""
    found = (
        ("sla_policy", _("SLA policies"), POLICIES),
        ("calendar", _("Calendars"), CALENDARS),
        ("calendar", _("Working days"), DAYS),
        ("queue", _("Queues"), QUEUES),
        ("queue", _("Dispatch rules"), RULES),
        ("queue", _("People"), MEMBERS),
        ("ticket", _("Surveys"), "/service-desk/surveys"),
    )
    may = access.has_right
    return [(label, url, url == here) for kind, label, url in found if may(call.session, call.caller, kind, "read")]


def _objects(call: Call) -> Mapping[str, Sequence[Field]]:
    changes: dict[str, Mapping[str, Any]] = {
        "assignee_id": {"lookup": PEOPLE},
        "queue": {"kind": "choice", "choices": queue_choices(call.session)},
    }
    return {"ticket": [field for field in fields.of_object(TICKET, **changes) if field.filterable]}


def _queue_parts(call: Call) -> list[Part]:
    member = [
        Part(name="user_id", label=_("Person"), kind="person", lookup=PEOPLE, required=True),
        Part(name="skills", label=_("Skills"), kind="texts", help=_("Short names, such as erp or vip")),
    ]
    return [
        Part(name="members", label=_("People"), kind="rows", parts=member, head="user_id", same="user_id",
             add=_("Add a person"), blank={"skills": []}),
        Part(name="lead_id", label=_("Lead"), kind="person", lookup=PEOPLE,
             help=_("Hears of tickets that nobody has, and of low scores")),
    ]  # fmt: skip


def _calendar_choices(call: Call) -> tuple[Choice, ...]:
    rows = definitions.listed(call.session, "calendar")
    return tuple(Choice(value=row.key, label=row.title or row.key) for row in rows)


def _rules_parts(call: Call) -> list[Part]:
    outside = [
        Choice(value="assign", label=_("assign anyway")),
        Choice(value="queue", label=_("leave it in the queue")),
        Choice(value="skip", label=_("go on to the next rule")),
    ]
    rule = [
        Part(name="title", label=_("Title"), kind="pair"),
        Part(name="when", label=_("When"), kind="condition", about="ticket"),
        Part(name="queue", label=_("Queue"), kind="choice", choices=queue_choices(call.session)),
        Part(name="users", label=_("or people"), kind="people", lookup=PEOPLE),
        Part(name="strategy", label=_("Who of them"), kind="choice", choices=_choices(STRATEGIES)),
        Part(name="skills", label=_("Skills needed"), kind="texts"),
        Part(name="max_open", label=_("At most open tickets a person"), kind="integer", minimum=1),
        Part(name="calendar", label=_("Working hours"), kind="choice", choices=_calendar_choices(call)),
        Part(name="outside_hours", label=_("Outside them"), kind="choice", choices=outside),
        Part(name="key", label=_("Short name"), kind="key", required=True),
    ]
    return [
        Part(name="rules", label=_("Rules, tried from the top"), kind="rows", parts=rule, head="title", same="key",
             add=_("Add a rule"), blank={"strategy": "round_robin", "when": {"all": []}}),
        Part(name="fallback_queue", label=_("What no rule takes stays in"), kind="choice",
             choices=queue_choices(call.session)),
    ]  # fmt: skip


def _policy_parts(call: Call) -> list[Part]:
    minutes = [
        Part(name=name, label=label, kind="integer", unit=_("open minutes"), minimum=1)
        for name, label in (
            ("first_response_min", METRICS["first_response"]),
            ("update_min", METRICS["update"]),
            ("solution_min", METRICS["solution"]),
        )
    ]
    ladder = [
        Part(name="after_min", label=_("After the breach"), kind="integer", unit=_("open minutes"), minimum=0),
        Part(name="level", label=_("to level"), kind="integer", minimum=1, maximum=5,
             help=_("1 is the assignee's supervisor, 2 the one above")),
    ]  # fmt: skip
    return [
        Part(name="position", label=_("Tried as number"), kind="integer", minimum=0, help=_("The lowest first")),
        Part(name="when", label=_("For tickets"), kind="condition", about="ticket"),
        Part(name="calendar", label=_("Calendar"), kind="choice", choices=_calendar_choices(call), required=True),
        Part(name="targets", label=_("Targets"), kind="map", required=True,
             choices=[Choice(value=name, label=PRIORITIES[name]) for name in reversed(ORDER)],
             parts=[Part(name="", kind="group", parts=minutes)]),
        Part(name="warn_percent", label=_("Warn at"), kind="numbers", unit="%", help=_("Percent of the time allowed")),
        Part(name="escalations", label=_("Escalate"), kind="rows", parts=ladder, head="after_min", same="level",
             add=_("Add a step")),
    ]  # fmt: skip


def _calendar_parts(call: Call) -> list[Part]:
    week = [Choice(value=key, label=label) for key, label in zip(WEEKDAYS, _weekdays(), strict=True)]
    return [
        Part(name="timezone", label=_("Time zone"), kind="text", required=True, help=_("Such as Asia/Shanghai")),
        Part(name="business_hours", label=_("The week"), kind="map", choices=week,
             parts=[Part(name="", kind="spans", label=_("Hours"))]),
        Part(name="holidays", label=_("Days off"), kind="texts", help=_("As 2026-10-01")),
        Part(name="overrides", label=_("Days with other hours, such as made-up working days"), kind="map",
             key_kind="date", add=_("Add a day"), parts=[Part(name="", kind="spans", label=_("Hours"))]),
        Part(name="published_through", label=_("Public holidays are official through"), kind="integer",
             help=_("Later years are shown as provisional")),
        Part(name="source", label=_("Where they come from"), kind="text"),
    ]  # fmt: skip


def _stored(row: Any) -> Stored:
    return Stored(
        key=row.key, title=row.title or "", body=row.body, revision=row.revision, active=row.active,
        changed_at=row.updated_at,
    )  # fmt: skip


def _kind(purpose: str, kind: str, url: str, parts: Callable[[Call], list[Part]], **more: Any) -> Kind:
    def find(call: Call, key: str) -> Stored | None:
        rows = definitions.listed(call.session, purpose)
        return next((_stored(row) for row in rows if row.key == key), None)

    def versions(call: Call, key: str) -> Sequence[Version]:
        found = definitions.versions(call.session, definitions.find(call.session, purpose, key))
        return [
            Version(revision=row.revision, body=row.body, at=row.published_at, by=row.published_by or "")
            for row in found
        ]

    def problems(call: Call, key: str, body: Body) -> Sequence[Problem]:
        try:
            definitions.checked(call.session, purpose, body)
        except Refusal as wrong:
            return problems_of(wrong.errors or {"": [str(wrong.title)]})
        return []

    def publish(call: Call, key: str, body: Body, title: Mapping[str, str]) -> int:
        made = definitions.publish_definition(
            call.session, caller=call.caller, purpose=purpose, key=key, body=body, title=title
        )
        return made.revision

    return Kind(
        key=f"service-desk.{purpose}", url=url, read=right(kind, "read"), edit=right(kind, "edit"), parts=parts,
        objects=_objects, listed=lambda call: [_stored(row) for row in definitions.listed(call.session, purpose)],
        find=find, versions=versions, problems=problems, publish=publish, tabs=lambda call: tabs(call, url), **more,
    )  # fmt: skip


def _try_policy(call: Call, key: str, body: Body, days: int) -> Tried:
    found = simulation.past(
        call.session, caller=call.caller, definition=body, since=clock.now() - timedelta(days=days), limit=500
    )
    results = sorted(found["results"], key=lambda each: each["was"] == each["would_be"])
    return Tried(
        figures=[
            (_("Tickets"), found["tried"]),
            (_("Fall under it"), found["matched"]),
            (_("Would differ"), sum(each["was"] != each["would_be"] for each in results)),
        ],
        headings=[_("Ticket"), _("Priority"), *(METRICS[metric] for metric in METRICS)],
        rows=[
            (
                each["number"] or "",
                pick(PRIORITIES[each["priority"]]),
                *(_change(each["was"].get(metric), each["would_be"].get(metric)) for metric in METRICS),
            )
            for each in results[:50]
        ],
        links=[f"/service-desk/tickets/{each['ticket_id']}" for each in results[:50]],
        tables=[
            (
                _("Targets missed"),
                [_("Target"), _("Tickets"), _("Now"), _("Then")],
                [
                    (
                        pick(METRICS[row["metric"]]), str(row["tickets"]), str(row["breached_now"]),
                        str(row["breached_with_draft"]),
                    )
                    for row in found["metrics"]
                    if row["tickets"]
                ],
            )
        ],
    )  # fmt: skip


def _change(was: str | None, would_be: str | None) -> str:
    """One clock's state now and by the draft, in words."""
    words = {state: pick(label) for state, label in CLOCK_STATES.items()}
    now, then = words.get(was or "", "–"), words.get(would_be or "", "–")
    return now if now == then else f"{now} → {then}"


mount(
    pages,
    _kind(
        "sla_policy", "sla_policy", POLICIES, _policy_parts, title=lazy("SLA policies"), noun=lazy("SLA policy"),
        intro=lazy("Until when tickets are answered and solved. Tried by number; the first policy that fits decides."),
        simulate=_try_policy, may_simulate=right("sla_policy", "simulate"),
        blank={"position": 100, "when": {"all": []}, "calendar": "china", "targets": {"normal": {"first_response_min": 60}},
               "warn_percent": [50, 80], "escalations": []},
    ),
)  # fmt: skip
mount(
    pages,
    _kind(
        "calendar", "calendar", CALENDARS, _calendar_parts, title=lazy("Calendars"), noun=lazy("calendar"),
        intro=lazy("When the desk works: the week, public holidays and made-up working days."),
        blank={"timezone": "Asia/Shanghai", "business_hours": calendars.WEEK, "holidays": [], "overrides": {}},
        examples=lambda call: {
            "china": (_("China, with holidays and made-up days"),
                      calendars.chinese(clock.now().year - 1, clock.now().year + 2))
        },
    ),
)  # fmt: skip
mount(
    pages,
    _kind(
        "queue", "queue", QUEUES, _queue_parts, title=lazy("Queues"), noun=lazy("queue"),
        intro=lazy("Who works on which tickets, with which skills."), blank={"members": []},
    ),
)  # fmt: skip
mount(
    pages,
    _kind(
        "dispatch_rules", "queue", RULES, _rules_parts, title=lazy("Dispatch rules"), noun=lazy("rule set"),
        intro=lazy("Which ticket goes to which queue and to whom. The set published last is in force."),
        blank={"rules": [], "fallback_queue": None},
    ),
)  # fmt: skip


@pages.get("/queue-members", allow=right("queue", "read"))
def queue_members(call: Call) -> Any:
    """The queues with their people: skills, open tickets, who is absent."""
    known = definitions.in_force(call.session)
    people = [user for queue in known.queues.values() for user in queue.members]
    names, held = directory.names(call.session, people), dispatching.open_tickets(call.session, people)
    users = directory.snapshot(call.session).users
    queues = [
        {
            "title": pick(dict(queue.title)) or key,
            "key": key,
            "members": [
                {"name": names.get(user, user), "skills": sorted(skills), "open": held.get(user, 0),
                 "absent": user in users and users[user].absent}
                for user, skills in queue.members.items()
            ],
        }
        for key, queue in sorted(known.queues.items())
    ]  # fmt: skip
    return render_template("service_desk/queues.html", queues=queues, tabs_of=tabs(call, MEMBERS))


@pages.get("/working-days", allow=right("calendar", "read"))
def working_days(call: Call) -> Any:
    """Each calendar: the week, and the days of the near future that differ from it."""
    today = clock.today(call.settings.time_zone)
    found = [
        {
            "title": pick(row.title) or row.key,
            "key": row.key,
            "revision": row.revision,
            "timezone": row.body["timezone"],
            "week": [
                (day, _hours(row.body["business_hours"].get(key)))
                for key, day in zip(WEEKDAYS, _weekdays(), strict=True)
            ],
            "special": _special(row.body, today),
            "published_through": row.body.get("published_through"),
            "provisional": calendars.provisional(row.body, today.year)
            or calendars.provisional(row.body, today.year + 1),
        }
        for row in definitions.listed(call.session, "calendar")
    ]
    return render_template("service_desk/calendars.html", calendars=found, tabs_of=tabs(call, DAYS))


def _special(body: Mapping[str, Any], today: date) -> list[dict[str, Any]]:
    """Holidays and made-up days from today on."""
    days = [(date.fromisoformat(day), "") for day in body.get("holidays", ())]
    days += [(date.fromisoformat(day), _hours(hours)) for day, hours in body.get("overrides", {}).items()]
    near = sorted(each for each in days if today <= each[0])[:_DAYS]
    return [
        {"day": day, "hours": hours, "provisional": calendars.provisional(dict(body), day.year)} for day, hours in near
    ]


def _hours(spans: Any) -> str:
    return ", ".join(f"{since}–{until}" for since, until in spans or ())


def _weekdays() -> list[str]:
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
