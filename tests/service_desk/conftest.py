"""A desk with two agents and their lead, an absent one, two queues, two policies and a Chinese calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from chassis import clock, directory, event_log, i18n
from chassis.caller import SYSTEM, Caller
from chassis.db import Database
from chassis.subscriptions import Received
from chassis.timers import fire_due
from service_desk import calendars, definitions, portal, replica, tickets
from service_desk import settings as desk_settings
from service_desk.app import SERVICE
from service_desk.models import SlaClock, Ticket

AGENT = {
    "ticket": {"create": True, "read": "team", "edit": "team", "rights": ["claim", "see_pool", "bulk"]},
    "account": {"read": "all"},
    **{kind: {"read": "all"} for kind in ("queue", "sla_policy", "calendar")},
}
LEAD = {
    "ticket": {"create": True, "read": "all", "edit": "all", "rights": ["assign", "claim", "see_pool", "bulk"]},
    "account": {"read": "all"},
    **{
        kind: {"create": True, "read": "all", "edit": "all", "rights": ["simulate"]}
        for kind in ("queue", "sla_policy", "calendar")
    },
}
SELLER = {"ticket": {"create": True, "read": "own", "edit": "none"}}
POLICIES = {
    "vip": {
        "position": 1, "when": {"field": "account_tier", "op": "eq", "value": "VIP"}, "calendar": "china",
        "targets": {p: {"first_response_min": 15, "update_min": 60, "solution_min": 120} for p in ("normal", "high", "urgent")},
        "warn_percent": [50, 80], "escalations": [{"after_min": 30, "level": 1}, {"after_min": 120, "level": 2}],
    },
    "standard": {
        "position": 9, "calendar": "china",
        "targets": {
            "normal": {"first_response_min": 60, "update_min": 240, "solution_min": 960},
            "high": {"first_response_min": 30, "update_min": 120, "solution_min": 480},
            "urgent": {"first_response_min": 15, "update_min": 60, "solution_min": 120},
        },
    },
}  # fmt: skip
RULES = {
    "rules": [
        {"key": "vip", "title": {"zh": "VIP 客户", "en": "VIP customers"}, "queue": "key", "strategy": "least_open",
         "skills": ["vip"], "when": {"field": "account_tier", "op": "eq", "value": "VIP"}},
        {"key": "all", "title": {"zh": "轮流", "en": "In turn"}, "queue": "first", "strategy": "round_robin",
         "when": {"field": "type", "op": "ne", "value": "billing"}},
    ],
    "fallback_queue": "first",
}  # fmt: skip
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, a plain working day


@pytest.fixture(scope="session")
def service():
    return SERVICE


@pytest.fixture(autouse=True)
def in_force(request):
    """The settings in force are the test's own, and the public form has forgotten who sent what."""
    made = request.getfixturevalue("settings") if "database" in request.fixturenames else None
    desk_settings.use(made or desk_settings.Settings(service="service-desk"))
    portal.flood = portal.Flood()
    i18n.use("service_desk")


@dataclass
class Desk:
    """Builders and look-ups on the test's database, each in a transaction of its own."""

    database: Database
    people: Any
    time: Any

    def open(self) -> "Desk":
        people = self.people
        for key, grants in (("agent", AGENT), ("lead", LEAD), ("seller", SELLER)):
            people.role(key, grants)
        people.department("company", head="boss")
        people.department("service", parent="company", head="liu")
        people.add("boss", roles=("lead",), department="company", is_head=True, name="总经理")
        people.add("liu", roles=("lead",), department="service", is_head=True, name="刘洋")
        people.add("anna", roles=("agent",), department="service", name="安娜")
        people.add("bo", roles=("agent",), department="service", name="波")
        people.add("cora", roles=("agent",), department="service", name="科拉", absent=True)
        people.add("sam", roles=("seller",), department="company", name="山姆")
        members = [{"user_id": who, "skills": ["vip"] if who == "bo" else []} for who in ("anna", "bo", "cora")]
        with self.database.transaction() as session:
            for purpose, key, body in (
                ("calendar", "china", calendars.chinese(2024, 2028)),
                ("queue", "first", {"members": members, "lead_id": "liu"}),
                ("queue", "key", {"members": members, "lead_id": "liu"}),
                ("sla_policy", "vip", POLICIES["vip"]),
                ("sla_policy", "standard", POLICIES["standard"]),
                ("dispatch_rules", "standard", RULES),
            ):
                title = {"zh": key, "en": key}
                definitions.publish_definition(session, caller=SYSTEM, purpose=purpose, key=key, body=body, title=title)
            for id_, tier in (("acc-vip", "VIP"), ("acc-b", "B")):
                replica.keep_account(session, account_id=id_, number=id_, name=f"客户 {id_}", tier=tier, owner_id="sam")
            replica.keep_contact(
                session, contact_id="con-1", account_id="acc-vip", name="王总", emails=["Wang@vip.example"]
            )
        self.due()  # what the definitions armed
        return self

    def caller(self, user_id: str) -> Caller:
        with self.database.reading() as session:
            return directory.caller_for(session, user_id)

    def ticket(self, **given: Any) -> str:
        values = {
            "subject": "无法登录",
            "text": "登录时报错",
            "requester_email": "kunde@b.example",
            "requester_name": "李雷",
        } | given
        with self.database.transaction() as session:
            return tickets.create(session, caller=values.pop("caller", SYSTEM), **values).id

    def do(self, function: Any, ticket_id: str, **arguments: Any) -> Any:
        """Run a use case on a ticket in a transaction of its own."""
        with self.database.transaction() as session:
            return function(session, session.get_one(Ticket, ticket_id, with_for_update=True), **arguments)

    def get(self, ticket_id: str) -> Ticket:
        with self.database.reading() as session:
            return session.get_one(Ticket, ticket_id)

    def all(self, model: Any) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(model).order_by(model.id)))

    def clocks(self, ticket_id: str) -> dict[str, SlaClock]:
        with self.database.reading() as session:
            rows = session.scalars(select(SlaClock).where(SlaClock.ticket_id == ticket_id))
            return {row.metric: row for row in rows}

    def due(self) -> int:
        """Let everything fire that is due, also what that makes due."""
        fired = 0
        while count := fire_due(self.database, SERVICE.timers):
            fired += count
        return fired

    def events(self, type_: str = "") -> list[dict[str, Any]]:
        with self.database.reading() as session:
            rows = session.execute(
                select(event_log.LOG).where(event_log.LOG.c.type.contains(type_)).order_by(event_log.LOG.c.id)
            ).all()
        return [
            {"type": row.type, "subject": row.subject, "data": orjson.loads(row.data)}
            | {"personal": orjson.loads(row.personal or "{}").get("data", {})}
            for row in rows
        ]

    def mails(self) -> list[dict[str, Any]]:
        """What the gateway was asked to send."""
        return [event["data"] | event["personal"] for event in self.events("message.requested")]

    def notices(self, key: str) -> list[list[str]]:
        return [event["data"]["to"] for event in self.events("notification.requested") if event["data"]["key"] == key]

    def hear(self, type_: str, **data: Any) -> None:
        """Let the service's own handlers take in an event, as its worker would."""
        body = Received("e", type_.partition(".")[0], type_, "x/1", clock.now(), 1, "epoch", 1, data)
        for group in SERVICE.subscriptions.groups.values():
            found = group.match(type_)
            if found is not None:
                with self.database.transaction() as session:
                    found.handle(session, found.load(body))


@pytest.fixture
def desk(database, people, time) -> Desk:
    time.set(MONDAY)
    return Desk(database, people, time).open()
