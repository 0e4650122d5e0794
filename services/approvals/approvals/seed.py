"""Demo data: the shipped flows, two months of answered refunds and registrations, and one that waits."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import definitions, instances
from approvals.models import Instance, Task
from chassis import clock
from chassis.ids import uuid7

# people of the demo company, whose directory the gateway seeds; the replica is empty while this runs
_PEOPLE = "01900000-0000-7000-8000-00000000a0"
CHIEF, ADMIN, DIRECTOR, MANAGER, EAST_HEAD, ZHANG, WU = (f"{_PEOPLE}{n:02d}" for n in range(1, 8))
FINANCE, RISK = f"{_PEOPLE}11", f"{_PEOPLE}12"


def _firm(region: str, industry: str, duplicates: int) -> dict[str, Any]:
    return {"region": region, "industry": industry, "duplicates": duplicates}


# flow, days ago, who asks, title, values, answers in order (None: everybody agrees), hours each answer took
PAST: tuple[tuple[str, int, str, str, dict[str, Any], str | None, float], ...] = (
    ("registration", 58, ZHANG, "报备：苏州锐成精密机械有限公司", _firm("华东", "装备制造", 0), None, 2),
    ("registration", 51, WU, "报备：广州粤食供应链管理有限公司", _firm("华南", "食品", 1), None, 5),
    ("refund", 47, WU, "退款：重复付款 12,000 元", {"amount_minor": 1_200_000, "reason": "重复付款"}, None, 7),
    ("registration", 43, WU, "报备：深圳市鹏芯半导体有限公司", _firm("华南", "半导体", 0), None, 1.5),
    ("refund", 38, ZHANG, "退款：终止实施服务 165,000 元", {"amount_minor": 16_500_000, "reason": "项目终止"}, None, 20),
    ("registration", 33, ZHANG, "报备：宁波海川模具股份有限公司", _firm("华东", "模具", 2), "reject", 9),
    ("registration", 27, WU, "报备：成都蜀味餐饮管理有限公司", _firm("西南", "餐饮", 0), None, 3),
    ("refund", 21, WU, "退款：设备退货 8,720 元", {"amount_minor": 872_000, "reason": "退货"}, None, 28),
    ("registration", 14, ZHANG, "报备：上海博锐医疗器械有限公司", _firm("华东", "医疗器械", 0), None, 4),
    ("refund", 9, ZHANG, "退款：培训取消 6,000 元", {"amount_minor": 600_000, "reason": "培训取消"}, "reject", 6),
)  # fmt: skip
WAITING = ("refund", 0, ZHANG, "退款：多收运费 3,600 元", {"amount_minor": 360_000, "reason": "多收费用"})
_SAID = {"approve": "同意", "reject": "依据不足，请补充材料"}


class _Company:
    """The demo company's people, as the flows ask for them."""

    _heads = {ZHANG: EAST_HEAD, WU: DIRECTOR, EAST_HEAD: DIRECTOR, MANAGER: DIRECTOR, DIRECTOR: CHIEF}
    _roles = {"sales_director": [DIRECTOR], "finance": [FINANCE], "risk_control": [RISK], "ceo": [CHIEF]}

    def active(self, user_id: str) -> bool:
        return True

    def with_role(self, role: str) -> list[str]:
        return self._roles.get(role, [])

    def manager(self, user_id: str, level: int) -> str | None:
        at: str | None = user_id
        for _ in range(level):
            at = self._heads.get(at or "")
        return at

    def head_of(self, department_id: str) -> str | None:
        return None

    def department(self, user_id: str) -> str | None:
        return None

    def substitute(self, user_id: str) -> str | None:
        return None


def run(session: Session) -> None:
    """Fill an empty database."""
    definitions.ensure_shipped(session)
    now = clock.now()
    for flow, days, initiator, title, values, end, hours in PAST:
        at = now - timedelta(days=days)
        with clock.at(at):
            instance = _ask(session, flow, initiator, title, values)
        while instance.status == "running":
            at += timedelta(hours=hours)
            with clock.at(at):
                _answer(session, instance, "approve" if end is None else end)
    with clock.at(now - timedelta(hours=2)):
        _ask(session, *(WAITING[0], *WAITING[2:]))


def _ask(session: Session, flow: str, initiator: str, title: str, values: dict[str, Any]) -> Instance:
    snapshot = {"currency": "CNY", "owner_id": initiator, "title": title, **values}
    if "amount_minor" in values:
        snapshot["base_minor"] = values["amount_minor"]
    if "：" in title and flow == "registration":
        snapshot["name"] = title.partition("：")[2]
    return instances.start(
        session, request_id=uuid7(), definition=flow, subject_kind=flow, subject_id=uuid7(), title=title, snapshot=snapshot,
        requested_by=initiator, people=_Company(), admins=(ADMIN,),
    )  # fmt: skip


def _answer(session: Session, instance: Instance, do: str) -> None:
    """Whoever is asked answers."""
    task = session.scalars(
        select(Task).where(Task.instance_id == instance.id, Task.status == "pending").order_by(Task.id).limit(1)
    ).one()
    command = {"do": do, "by": task.assignee_id, "task": task.id, "comment": _SAID[do]}
    instances.act(session, instance.id, command, people=_Company(), admins=(ADMIN,))
