"""A company whose services tell their story by events: builders that write envelopes as the logs would hold them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis import consumer, directory
from chassis import settings as chassis_settings
from chassis.caller import Caller
from chassis.db import Database
from chassis.subscriptions import Received
from reporting import settings as reporting_settings
from reporting.app import SERVICE

START = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)  # a Monday, nine in the morning in Shanghai
RECORDS = ("lead", "opportunity", "account", "contract", "receivable", "payment", "ticket", "approval", "quote")
SOURCES = ("leads", "sales", "service-desk", "approvals", "gateway")
STAGES = ("discovery", "qualified", "proposal", "won")
PROBABILITY = {"discovery": 10, "qualified": 30, "proposal": 50, "won": 100, "lost": 0}


@pytest.fixture(scope="session")
def service():
    return SERVICE


@pytest.fixture(autouse=True)
def in_force(request):
    """The settings in force are the test's own."""
    given = request.getfixturevalue("settings") if "settings" in request.fixturenames else None
    reporting_settings.use(given or chassis_settings.load(reporting_settings.Settings, "reporting", {}))


@dataclass
class Logs:
    """The logs of all services; `tell` appends an event to one of them."""

    events: dict[str, list[Received]] = field(default_factory=dict)
    now: datetime = START

    def tell(self, type_: str, subject: str, /, **data: Any) -> Received:
        source = type_.partition(".")[0]
        log = self.events.setdefault(source, [])
        made = Received(
            id=f"00000000-0000-7000-8000-{SOURCES.index(source):06d}{len(log):06d}",
            source=source, type=type_, subject=subject, time=self.now, sequence=len(log) + 1, epoch=f"e-{source}",
            aggregateversion=0, data=data,
        )  # fmt: skip
        log.append(made)
        return made

    def pass_(self, **duration: float) -> "Logs":
        self.now += timedelta(**duration)
        return self

    # leads

    def lead(self, id_: str, step: str = "captured", **data: Any) -> None:
        state = {"lead_id": id_, "number": f"L-{id_}", "status": "new", "source": "website", "region": "华东",
                 "owner_id": "lin", "department_id": "east", "created_at": self.now.isoformat()}  # fmt: skip
        self.tell(f"leads.lead.{step}.v1", f"lead/{id_}", **state | data)

    # sales

    def pipeline(self, *stages: str) -> None:
        made = [{"key": key, "name": {"zh": f"{key}阶段", "en": key.title()}, "probability": PROBABILITY[key],
                 "category": key if key in ("won", "lost") else "open"} for key in (*(stages or STAGES), "lost")]  # fmt: skip
        self.tell(
            "sales.pipeline.saved.v1",
            "pipeline/p",
            id="p",
            key="standard",
            name={"zh": "标准", "en": "Standard"},
            stages=made,
        )

    def deal(self, id_: str, stage: str = "discovery", step: str = "moved", **data: Any) -> None:
        state = {"opportunity_id": id_, "number": f"O-{id_}", "name": f"Deal {id_}", "account_id": "a1", "pipeline": "standard",
                 "to_stage": stage, "category": stage if stage in ("won", "lost") else "open", "probability": PROBABILITY[stage],
                 "amount_minor": 100_000, "base_minor": 100_000, "currency": "CNY", "owner_id": "lin", "department_id": "east",
                 "region": "华东", "source": "website", "close_date": "2026-09-30"}  # fmt: skip
        self.tell(f"sales.opportunity.{step}.v1", f"opportunity/{id_}", **state | data)
        if stage in ("won", "lost") and step == "moved":
            more = {"loss_reason": "price"} if stage == "lost" else {}
            self.tell(f"sales.opportunity.{stage}.v1", f"opportunity/{id_}", **state | data | more)

    def account(self, id_: str = "a1", **data: Any) -> None:
        state = {
            "account_id": id_,
            "number": id_,
            "name": f"客户 {id_}",
            "tier": "C",
            "owner_id": "lin",
            "department_id": "east",
        }
        self.tell("sales.account.changed.v1", f"account/{id_}", **state | data)

    def contract(self, id_: str, step: str = "approved", **data: Any) -> None:
        state = {"contract_id": id_, "number": f"C-{id_}", "title": f"Contract {id_}", "status": step, "account_id": "a1",
                 "owner_id": "lin", "department_id": "east", "amount_minor": 60_000, "base_minor": 60_000,
                 "currency": "CNY"}  # fmt: skip
        self.tell(f"sales.contract.{step}.v1", f"contract/{id_}", **state | data)

    def receivable(self, id_: str, step: str = "opened", *, due: str, paid: int = 0, **data: Any) -> None:
        state = {"receivable_id": id_, "number": f"R-{id_}", "contract_id": "c1", "account_id": "a1", "owner_id": "lin",
                 "department_id": "east", "amount_minor": 30_000, "paid_minor": paid, "base_minor": 30_000, "currency": "CNY",
                 "due_date": due, "status": "closed" if paid == 30_000 else "partly_paid" if paid else "open"}  # fmt: skip
        self.tell(f"sales.receivable.{step}.v1", f"receivable/{id_}", **state | data)

    def payment(self, id_: str, minor: int, **data: Any) -> None:
        state = {"payment_id": id_, "number": f"P-{id_}", "contract_id": "c1", "account_id": "a1", "owner_id": "lin",
                 "department_id": "east", "amount_minor": minor, "base_minor": minor, "currency": "CNY",
                 "paid_at": self.now.isoformat()}  # fmt: skip
        self.tell("sales.payment.recorded.v1", f"payment/{id_}", **state | data)

    # service desk and approvals

    def ticket(self, id_: str, step: str = "created", **data: Any) -> None:
        state = {"ticket_id": id_, "number": f"T-{id_}", "status": "open", "channel": "email", "type": "question",
                 "priority": "normal", "queue": "first", "account_id": "a1", "assignee_id": "sun", "department_id": "desk",
                 "reopened": 0, "created_at": self.now.isoformat()}  # fmt: skip
        self.tell(f"service-desk.ticket.{step}.v1", f"ticket/{id_}", **state | data)

    def met(self, ticket: str, metric: str, *, in_time: bool = True) -> None:
        self.tell("service-desk.sla.met.v1", f"ticket/{ticket}", ticket_id=ticket, account_id="a1", assignee_id="sun",
                  metric=metric,
                  policy="standard", priority="normal", target_minutes=60, used_minutes=30 if in_time else 90, in_time=in_time,
                  met_at=self.now.isoformat())  # fmt: skip

    def answered(self, id_: str, ticket: str, score: int) -> None:
        self.tell("service-desk.survey.answered.v1", f"ticket/{ticket}", survey_id=id_, ticket_id=ticket, account_id="a1",
                  assignee_id="sun", queue="first", score=score, answered_at=self.now.isoformat())  # fmt: skip

    def task(self, id_: str, step: str = "created", **data: Any) -> None:
        state = {"task_id": id_, "instance_id": "i1", "definition": "contract", "node": "finance",
                 "node_name": {"zh": "财务", "en": "Finance"}, "subject_kind": "contract", "subject_id": "c1", "account_id": "a1",
                 "assignee_id": "cai", "due_at": None}  # fmt: skip
        self.tell(f"approvals.task.{step}.v1", f"task/{id_}", **state | data)

    # everybody

    def activity(self, id_: str, subject: str, by: str = "lin", kind: str = "call") -> None:
        source = "leads" if subject.startswith("lead/") else "sales"
        self.tell(
            f"{source}.activity.logged.v1",
            subject,
            activity_id=id_,
            subject=subject,
            kind=kind,
            at=self.now.isoformat(),
            by=by,
        )

    def usage(self, service: str, *counts: tuple[str, str, str, int]) -> None:
        rows = [{"user_id": user, "feature": feature, "day": day, "uses": uses} for user, feature, day, uses in counts]
        self.tell(f"{service}.usage.summarised.v1", "usage/now", hour=self.now.isoformat(), counts=rows)


def take_in(database: Database, batches: Sequence[Sequence[Received]]) -> None:
    """Let every group apply batches of events as its worker would: by cursor, each in one transaction."""
    for batch in batches:
        source = batch[0].source
        for group in SERVICE.subscriptions.groups.values():
            if group.name != "directory" and source in group.sources(SOURCES):
                consumer.apply(database, source=source, group=group, events=batch)


@dataclass
class Company:
    """The logs of a company, and the reporting database that takes them in."""

    database: Database
    people: Any
    logs: Logs = field(default_factory=Logs)

    def open(self) -> "Company":
        own = {kind: {"read": "own"} for kind in RECORDS}
        every = {kind: {"read": "all"} for kind in RECORDS}
        mine = {"create": True, "read": "all", "edit": "own", "delete": "own", "rights": ["export", "share"]}
        figures = {"report": mine, "dashboard": mine}
        totals = {"report": mine | {"rights": ["export", "aggregate", "share"]}, "dashboard": mine}
        self.people.role("seller", own | {"report": {"read": "own"}, "dashboard": {"read": "all"}})
        self.people.role("head", every | figures)
        self.people.role("analyst", totals)
        self.people.role("masked", {kind: {"read": "all", "fields": {"amount": "none"}} for kind in RECORDS} | figures)
        self.people.department("company")
        self.people.department("east", parent="company")
        self.people.department("desk", parent="company")
        for name, roles, department in (
            ("lin", ("seller",), "east"), ("wang", ("seller",), "east"), ("hua", ("head",), "company"),
            ("ana", ("analyst",), "company"), ("mo", ("masked",), "company"),
            ("sun", (), "desk"), ("cai", (), "company"),
        ):  # fmt: skip
            self.people.add(name, roles=roles, department=department)
        return self

    def caller(self, who: str) -> Caller:
        return directory.of(self.database).snapshot().caller(who)

    def catch_up(self) -> None:
        """Take in everything told so far."""
        for log in self.logs.events.values():
            take_in(self.database, [log])


@pytest.fixture
def company(database, people) -> Company:
    return Company(database, people).open()
