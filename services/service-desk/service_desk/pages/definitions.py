"""Read views of SLA policies and business calendars, and whose turn it is in the queues."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import render_template

from chassis import clock, directory
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import pick
from engines.access import right
from service_desk import calendars, definitions, dispatching
from service_desk.business_time import WEEKDAYS
from service_desk.objects import PRIORITIES
from service_desk.pages.edge import pages

_DAYS = 62  # of the calendar's near future that are listed


@pages.get("/sla-policies", allow=right("sla_policy", "read"))
def sla_policies(call: Call) -> Any:
    """The policies in the order in which they are tried, and the queues with their people."""
    known = definitions.in_force(call.session)
    people = [user for queue in known.queues.values() for user in queue.members]
    names, held = directory.names(call.session, people), dispatching.open_tickets(call.session, people)
    users = directory.snapshot(call.session).users
    queues = [
        {
            "title": pick(dict(queue.title)) or key,
            "members": [
                {"name": names.get(user, user), "skills": sorted(skills), "open": held.get(user, 0),
                 "absent": user in users and users[user].absent}
                for user, skills in queue.members.items()
            ],
        }
        for key, queue in sorted(known.queues.items())
    ]  # fmt: skip
    bodies = {row.key: row.body for row in definitions.listed(call.session, "sla_policy")}
    policies = [
        {
            "title": pick(dict(policy.title)) or policy.key,
            "revision": policy.revision,
            "calendar": policy.calendar,
            "when": said(bodies[policy.key].get("when")),
            "targets": [
                (PRIORITIES[name], policy.targets[name]) for name in reversed(PRIORITIES) if name in policy.targets
            ],
            "warn": policy.warn_percent,
            "escalations": policy.escalations,
        }
        for policy in known.policies
    ]
    return render_template("service_desk/policies.html", policies=policies, queues=queues)


@pages.get("/calendars", allow=right("calendar", "read"))
def calendar_list(call: Call) -> Any:
    """Each calendar: the week, and the days of the near future that differ from it."""
    today = clock.today(call.settings.time_zone)
    found = [
        {
            "title": pick(row.title) or row.key,
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
    return render_template("service_desk/calendars.html", calendars=found)


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


def said(condition: Any) -> str:
    """A condition in one line."""
    if not condition or condition in ({"all": []}, {"any": []}):
        return _("every ticket")
    if "field" in condition:
        value = condition.get("value")
        shown = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        return f"{condition['field']} {condition['op']} {shown}".strip()
    word = next(iter(condition))
    parts = condition[word] if isinstance(condition[word], list) else [condition[word]]
    joined = f" {_('and') if word == 'all' else _('or')} ".join(said(part) for part in parts)
    return f"{_('not')} ({joined})" if word == "not" else joined
