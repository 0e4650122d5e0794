"""What automation rules can hear of leads, and do to them; and the rules that come ready."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import SYSTEM, Caller
from engines.objects import Label
from engines.rules import Automated, Step, automate
from leads import followup, ownership, progress
from leads.kept import KINDS as KEPT
from leads.models import Lead
from leads.objects import LEAD
from leads.schemas import LeadEdit


def _edit(session: Session, lead: Lead, values: Mapping[str, Any]) -> None:
    progress.edit(session, lead, caller=SYSTEM, **values)


def _assign(session: Session, lead: Lead, *, owner_id: str, caller: Caller) -> None:
    ownership.assign(session, lead, caller=caller, owner_id=owner_id)


def _by_rules(session: Session, lead: Lead, caller: Caller, values: Mapping[str, Any]) -> None:
    ownership.assign(session, lead, caller=caller)


def _release(session: Session, lead: Lead, caller: Caller, values: Mapping[str, Any]) -> None:
    ownership.release(session, lead, caller=caller, pool=values.get("pool"), reason=values.get("reason") or "")


def _addresses(session: Session, lead: Lead) -> Sequence[str]:
    return (lead.emails or [])[:1]


def _label(zh: str, en: str) -> Label:
    return {"zh": zh, "en": en}


KINDS = automate(
    "leads",
    [
        Automated(
            kind=LEAD,
            shape=LeadEdit,
            edit=_edit,
            assign=_assign,
            addresses=_addresses,
            label=followup.label,
            events={name: item.label for name, item in KEPT[0].happenings.items()}
            | {"lead.changed": _label("修改", "Changed")},
            steps={
                "assign_by_rules": Step(
                    label=_label("按分配规则重新分配", "Assign by the assignment rules"), run=_by_rules
                ),
                "release": Step(
                    label=_label("放回公海", "Put into the pool"),
                    run=_release,
                    values={"pool": _label("公海", "Pool"), "reason": _label("原因", "Reason")},
                ),
            },
        )
    ],
)

READY: Mapping[str, tuple[Label, dict[str, Any]]] = {
    "hot_lead": (
        _label("A 级线索立即提醒主管", "A lead of grade A: tell the manager at once"),
        {
            "about": "lead",
            "trigger": {"on": "change", "fields": ["grade"]},
            "when": {"field": "grade", "op": "changed_to", "value": "A"},
            "actions": [{"do": "notify", "to": ["owner", "manager"],
                         "title": _label("线索 {title} 升为 A 级", "The lead {title} is grade A now")}],
        },
    ),
    "uncontacted": (
        _label("分配后 1 天未联系，建任务", "Not contacted a day after it came: a task"),
        {
            "about": "lead",
            "trigger": {"on": "date", "field": "created_at", "days": 1},
            "when": {"all": [{"field": "status", "op": "eq", "value": "assigned"}]},
            "actions": [{"do": "task", "to": ["owner"], "days": 0,
                         "title": _label("线索 {title} 已一天未联系", "{title} has waited for a day")}],
        },
    ),
}  # fmt: skip
