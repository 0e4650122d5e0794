"""What the desk starts with at a company of its own, and what stays of the demo data's definitions."""

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis import clock, seeding
from chassis.caller import SYSTEM
from service_desk import calendars, definitions
from service_desk.models import Definition
from service_desk.seed_definitions import DEFINITIONS

CHINA = {"zh": "中国工作日历（含调休）", "en": "China, with holidays and made-up days"}
_FIRST_LINE = {"zh": "一线客服", "en": "First line"}
_DISPATCH: dict[str, Any] = {
    "fallback_queue": "first-line",
    "rules": [
        {"key": "rest", "title": {"zh": "轮流", "en": "In turn"}, "queue": "first-line", "strategy": "round_robin"}
    ],
}


def begin(session: Session) -> None:
    """Put calendar, service levels, a queue and its dispatch rule in force where the company has none of the kind."""
    missing = {
        purpose
        for purpose in ("calendar", "sla_policy", "queue", "dispatch_rules")
        if not session.scalar(select(exists().where(Definition.purpose == purpose)))
    }
    year = clock.now().year
    ready: list[tuple[str, str, dict[str, str], dict[str, Any]]] = [
        ("calendar", "china", CHINA, calendars.chinese(year - 1, year + 2)),
        *(each for each in DEFINITIONS if each[0] == "sla_policy" and each[1] in ("vip", "standard")),
        ("queue", "first-line", _FIRST_LINE, {"members": []}),
        ("dispatch_rules", "standard", {"zh": "标准派单", "en": "Standard dispatch"}, _DISPATCH),
    ]
    for purpose, key, title, body in ready:
        if purpose in missing:
            definitions.publish_definition(session, caller=SYSTEM, purpose=purpose, key=key, body=body, title=title)


def unseed(session: Session, marked: dict[str, set[str]]) -> None:
    """Calendar, policies and rules stay as a start; people of the demo leave the queues."""
    marked.pop("definition", None)
    for definition in session.scalars(select(Definition).where(Definition.purpose == "queue")).all():
        body = definition.body
        members = [each for each in body.get("members", ()) if not seeding.is_demo_person(each["user_id"])]
        lead = None if seeding.is_demo_person(body.get("lead_id")) else body.get("lead_id")
        if (members, lead) != (body.get("members", []), body.get("lead_id")):
            definitions.publish_definition(
                session, caller=SYSTEM, purpose="queue", key=definition.key, title=definition.title,
                body={**body, "members": members, "lead_id": lead},
            )  # fmt: skip
