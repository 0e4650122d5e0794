"""Demo data: a scoring model, assignment rules, a form, and leads in every state of their life."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import SYSTEM, Caller
from engines.ownership import publishing
from leads import capture, definitions, ownership, progress, shipped_pools
from leads.seed_definitions import DUPLICATE_POLICY, FORM, MODEL, RULES, SELLERS
from leads.seed_leads import LEADS

_LIFE: dict[str, tuple[str, ...]] = {
    "new": (),
    "pool": ("release",),
    "working": ("call",),
    "nurturing": ("call", "nurture"),
    "qualified": ("call", "visit", "qualify"),
    "disqualified": ("call", "disqualify"),
}
_SAID = {
    "call": "电话沟通：对方对方案感兴趣，约定下周演示。",
    "visit": "上门拜访：见到了采购与信息部负责人，确认预算与时间表。",
}


def run(session: Session) -> None:
    """Fill an empty database; the people are those of the demo directory."""
    for purpose, key, body, title in (
        ("duplicate_policy", "standard", DUPLICATE_POLICY, {"zh": "标准查重策略", "en": "Standard duplicate policy"}),
        ("scoring_model", "standard", MODEL, {"zh": "标准评分模型", "en": "Standard scoring model"}),
        ("assignment_rules", "standard", RULES, {"zh": "标准分配规则", "en": "Standard assignment rules"}),
        ("capture_form", "contact", FORM, None),
    ):
        definitions.publish_definition(session, caller=SYSTEM, purpose=purpose, key=key, body=body, title=title)
    publishing.publish_rule(
        session, ownership.LEADS, caller=SYSTEM, key="default", title=shipped_pools.DEFAULT["title"],
        body=publishing.slower(shipped_pools.DEFAULT["body"], days=60),
    )  # fmt: skip
    begin = clock.now()
    for place, lead in enumerate(LEADS):
        with clock.at(begin - timedelta(days=60) + timedelta(days=place * 60 / len(LEADS), hours=place % 9)):
            _live(session, **lead)


def _live(session: Session, *, seller: str, life: str, did: tuple[str, ...] = (), **given: Any) -> None:
    """Capture one lead and let it go through its life."""
    owner_id, department_id = SELLERS[seller]
    caller = Caller(id=owner_id, kind="user", department_id=department_id)
    made = capture.capture(
        session, caller=SYSTEM, owner_id=owner_id, department_id=department_id, policy="allow", **given
    )
    lead = made.lead
    if did:
        progress.record_behaviours(session, lead, done=[{"kind": kind} for kind in did])
    for step in _LIFE[life]:
        if step in _SAID:
            progress.log(session, lead, caller=caller, kind=step, text=_SAID[step])
        elif step == "release":
            ownership.release(session, lead, caller=SYSTEM)
        elif step == "disqualify":
            progress.disqualify(session, lead, caller=caller, reason="暂无预算")
        elif step == "nurture":
            progress.nurture(session, lead)
        else:
            progress.qualify(session, lead)
