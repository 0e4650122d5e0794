"""Which SLA policy a ticket has: the first whose condition it meets and that has targets for its priority."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engines import explain
from engines.conditions import Context
from service_desk import definitions
from service_desk.definitions import Policy
from service_desk.models import Ticket

_TEXTS = {
    "matched": {
        "zh": "策略“{title}”：条件满足，目标取自优先级 {priority}",
        "en": "Policy “{title}”: met; targets of priority {priority}",
    },
    "not_met": {"zh": "策略“{title}”：条件不满足", "en": "Policy “{title}”: its condition is not met"},
    "no_target": {
        "zh": "策略“{title}”：没有优先级 {priority} 的目标",
        "en": "Policy “{title}”: no targets for priority {priority}",
    },
    "none": {"zh": "没有适用的策略，不计时", "en": "No policy applies: no clocks run"},
}  # fmt: skip
_INPUTS = ("priority", "type", "channel", "queue", "account_tier")


@dataclass(frozen=True)
class Match:
    """The policy chosen, its targets for the ticket, and every policy looked at."""

    policy: Policy | None
    targets: dict[str, int | None] | None
    calendar_revision: int
    steps: tuple[dict[str, Any], ...]

    def detail(self) -> dict[str, Any]:
        """What the ticket's history keeps, enough to replay the clocks."""
        if self.policy is None:
            return {"targets": None, "policy": None, "policy_revision": 0, "calendar": None, "calendar_revision": 0}
        return {
            "targets": self.targets,
            "policy": self.policy.key,
            "policy_revision": self.policy.revision,
            "calendar": self.policy.calendar,
            "calendar_revision": self.calendar_revision,
        }


def match(session: Session, ticket: Ticket) -> Match:
    """The policy for the ticket as it now is."""
    known = definitions.in_force(session)
    context = Context()
    steps: list[dict[str, Any]] = []
    for policy in known.policies:
        data = {"title": dict(policy.title) or policy.key, "priority": ticket.priority}
        targets = policy.targets_for(ticket.priority)
        if not policy.when(ticket, context):
            steps.append({"text": _TEXTS["not_met"], "data": data | {"matched": False}})
        elif targets is None or policy.calendar not in known.calendars:
            steps.append({"text": _TEXTS["no_target"], "data": data | {"matched": False}})
        else:
            steps.append({"text": _TEXTS["matched"], "data": data | {"matched": True}})
            return Match(policy, targets, known.calendars[policy.calendar][0], tuple(steps))
    steps.append({"text": _TEXTS["none"], "data": {}})
    return Match(None, None, 0, tuple(steps))


def record(session: Session, ticket: Ticket, found: Match) -> None:
    """Keep why the ticket has this policy."""
    explain.decide(
        session,
        kind="due",
        subject=f"ticket/{ticket.id}",
        rule=found.policy.key if found.policy else "none",
        version=found.policy.revision if found.policy else 0,
        inputs={name: getattr(ticket, name) for name in _INPUTS},
        outcome=found.targets or {},
        steps=list(found.steps),
    )
