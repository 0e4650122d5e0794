"""A company with a chief, a sales head, a team head with two sellers, risk control, finance and an administrator."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from approvals import instances
from approvals.app import SERVICE
from approvals.models import Instance, Task
from chassis import clock, db, event_log, i18n
from chassis.ids import uuid7
from chassis.subscriptions import Received

OWN = {"approval": {"create": True, "read": "own", "edit": "own", "rights": ["approve", "transfer", "urge"]}}
ALL = {"approval": {"create": True, "read": "all", "edit": "own", "rights": ["approve", "transfer", "urge"]}}
SEES_COST = {"contract": {"read": "all"}}
HIDES_COST = {"contract": {"read": "own", "fields": {"cost": "none", "margin": "none"}}}


@pytest.fixture(scope="session")
def service():
    return SERVICE


@dataclass
class Company:
    """Requests and answers on the test's database, each in a transaction of its own."""

    database: db.Database
    people: Any
    heard: int = 0
    seen: list[str] = field(default_factory=list)

    def open(self) -> "Company":
        people = self.people
        people.role("seller", OWN | HIDES_COST)
        people.role("sales_manager", OWN | HIDES_COST)
        people.role("sales_director", ALL | SEES_COST)
        people.role("risk_control", ALL | SEES_COST)
        people.role("finance", OWN | SEES_COST)
        people.role("ceo", ALL | SEES_COST | {"approval_definition": {"read": "all", "rights": ["simulate"]}})
        people.role("admin", {"*": {"read": "all", "edit": "all", "create": True, "rights": ["*"]}})
        people.department("firm", head="zhou")
        people.department("sales", parent="firm", head="chen")
        people.department("east", parent="sales", head="wang")
        people.add("zhou", roles=("ceo",), department="firm", name="周明远", is_head=True)
        people.add("chen", roles=("sales_director",), department="sales", name="陈建国", is_head=True)
        people.add("wang", roles=("sales_manager",), department="east", name="王丽娜", is_head=True)
        people.add("zhang", roles=("seller",), department="east", name="张伟", locale="zh")
        people.add("lin", roles=("seller",), department="east", name="林悦")
        people.add("he", roles=("risk_control",), department="firm", name="何立")
        people.add("zheng", roles=("finance",), department="firm", name="郑敏")
        people.add("root", roles=("admin",), department="firm", name="管理员", locale="zh")
        return self

    def hear(self, type_: str, data: dict[str, Any]) -> None:
        """Let the service's own handlers take in an event, as its worker would."""
        self.heard += 1
        body = Received(
            id=f"event-{self.heard}", source=type_.partition(".")[0], type=type_, subject="x/1", time=clock.now(),
            sequence=self.heard, epoch="e", aggregateversion=1, data=data,
        )  # fmt: skip
        for group in SERVICE.subscriptions.groups.values():
            found = group.match(type_)
            if found is not None:
                with self.database.transaction() as session:
                    found.handle(session, found.load(body))

    def ask(self, *, base: int = 1_000_00, discount: float = 0, by: str = "zhang", **more: Any) -> str:
        """A contract asks for approval as sales does; returns the request's id."""
        request_id = more.pop("request_id", uuid7())
        snapshot = {
            "number": "C-2026-000001", "title": "ERP", "amount_minor": base, "currency": "CNY", "base_minor": base,
            "max_discount_percent": discount, "margin_minor": 12_300, "account_id": "acc", "account_name": "海川模具",
            "owner_id": by, "department_id": "east", "lines": [{"name": "ERP", "cost_minor": 99}],
        } | more.pop("snapshot", {})  # fmt: skip
        data = {
            "request_id": request_id, "subject_kind": "contract", "subject_id": "c1", "definition": "contract",
            "title": "C-2026-000001 ERP", "snapshot": snapshot, "requested_by": by, "account_id": "acc",
            "link": "http://localhost:8000/sales/contracts/c1",
        } | more  # fmt: skip
        self.hear("sales.contract.approval_requested.v1", data)
        return request_id

    def instance(self, request_id: str = "") -> Instance:
        with self.database.reading() as session:
            wanted = select(Instance).order_by(Instance.created_at.desc(), Instance.id.desc())
            return session.scalars(wanted.where(Instance.request_id == request_id) if request_id else wanted).first()

    def tasks(self, status: str = "pending") -> dict[str, Task]:
        """Tasks in a status, by assignee."""
        with self.database.reading() as session:
            rows = session.scalars(select(Task).where(Task.status == status).order_by(Task.id))
            return {row.assignee_id: row for row in rows}

    def open_tasks(self, who: str) -> list[dict[str, str]]:
        """Everything somebody is asked now."""
        with self.database.reading() as session:
            rows = session.scalars(
                select(Task).where(Task.status == "pending", Task.assignee_id == who).order_by(Task.id)
            )
            return [{"id": row.id, "instance_id": row.instance_id} for row in rows]

    def act(self, who: str, do: str = "approve", **more: Any) -> None:
        """Somebody does something with his open task."""
        task = self.tasks()[who]
        with self.database.transaction() as session:
            instances.act_on_task(session, task.id, {"do": do, "by": who, **more})

    def events(self, type_: str) -> list[dict[str, Any]]:
        """Data of the events published so far, oldest first; `type_` without service and version."""
        with self.database.reading() as session:
            rows = session.execute(select(event_log.LOG).order_by(event_log.LOG.c.id)).all()
        return [
            orjson.loads(row.data) | orjson.loads(row.personal or "{}").get("data", {})
            for row in rows
            if row.type == f"approvals.{type_}.v1"
        ]

    def notices(self) -> list[tuple[str, tuple[str, ...]]]:
        """(key, people) of the notifications asked for."""
        return [(data["key"], tuple(data["to"])) for data in self.events("notification.requested")]


@pytest.fixture
def company(database, people) -> Company:
    i18n.use("engines", "approvals")
    return Company(database, people).open()
