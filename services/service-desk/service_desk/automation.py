"""What automation rules can hear of tickets, and do to them; and the rules that come ready."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import SYSTEM, Caller
from engines.objects import Label
from engines.rules import Automated, Step, automate
from service_desk import progress, tickets
from service_desk.kept import KINDS as KEPT
from service_desk.models import Ticket
from service_desk.objects import STATUSES, TICKET
from service_desk.schemas import TicketEdit


def _edit(session: Session, ticket: Ticket, values: Mapping[str, Any]) -> None:
    tickets.edit(session, ticket, caller=SYSTEM, **values)


def _assign(session: Session, ticket: Ticket, *, owner_id: str, caller: Caller) -> None:
    tickets.assign(session, ticket, caller=caller, assignee_id=owner_id)


def _into_queue(session: Session, ticket: Ticket, caller: Caller, values: Mapping[str, Any]) -> None:
    tickets.assign(session, ticket, caller=caller, queue=values["queue"])


def _status(session: Session, ticket: Ticket, caller: Caller, values: Mapping[str, Any]) -> None:
    progress.set_status(session, ticket, caller=caller, to=values["status"])


def _note(session: Session, ticket: Ticket, caller: Caller, values: Mapping[str, Any]) -> None:
    progress.note(session, ticket, caller=caller, text=values["text"])


def _addresses(session: Session, ticket: Ticket) -> Sequence[str]:
    return [ticket.requester_email] if ticket.requester_email else []


def _label(zh: str, en: str) -> Label:
    return {"zh": zh, "en": en}


KINDS = automate(
    "service-desk",
    [
        Automated(
            kind=TICKET,
            shape=TicketEdit,
            edit=_edit,
            assign=_assign,
            addresses=_addresses,
            label=lambda ticket: ticket.subject or ticket.number or "",
            events={name: item.label for name, item in KEPT[0].happenings.items()}
            | {"ticket.changed": _label("修改", "Changed")},
            steps={
                "into_queue": Step(
                    label=_label("转入队列", "Put into a queue"),
                    run=_into_queue,
                    values={"queue": _label("队列标识", "Key of the queue")},
                    required=frozenset({"queue"}),
                ),
                "set_status": Step(
                    label=_label("设置状态", "Set the status"),
                    run=_status,
                    values={"status": _label("状态", "Status")},
                    required=frozenset({"status"}),
                    choices={"status": STATUSES},
                ),
                "note": Step(
                    label=_label("写内部备注", "Write an internal note"),
                    run=_note,
                    values={"text": _label("内容", "Text")},
                    required=frozenset({"text"}),
                ),
            },
        )
    ],
)

READY: Mapping[str, tuple[Label, dict[str, Any]]] = {
    "vip_complaint": (
        _label("VIP 投诉：加急并通知主管", "A VIP's complaint: urgent, and the manager is told"),
        {
            "about": "ticket",
            "trigger": {"on": "event", "events": ["ticket.created"]},
            "when": {"all": [{"field": "type", "op": "eq", "value": "complaint"},
                             {"field": "account_tier", "op": "eq", "value": "VIP"}]},
            "actions": [
                {"do": "update", "values": {"priority": "urgent"}},
                {"do": "notify", "to": ["owner", "manager"],
                 "title": _label("VIP 投诉：{subject}", "A VIP complains: {subject}")},
            ],
        },
    ),
    "bad_survey": (
        _label("评分低于 3 分，建回访任务", "Satisfaction below 3: a call-back task"),
        {
            "about": "ticket",
            "trigger": {"on": "change", "fields": ["csat"]},
            "when": {"field": "csat", "op": "lt", "value": 3},
            "actions": [{"do": "task", "to": ["owner"], "days": 1,
                         "title": _label("回访：{subject} 评分 {csat}", "Call back: {subject} was rated {csat}")}],
        },
    ),
}  # fmt: skip
