"""What the service starts with at a company of its own, and what stays of the demo data's definitions."""

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from chassis import seeding
from chassis.caller import SYSTEM
from leads import definitions
from leads.models import Definition
from leads.seed_definitions import DUPLICATE_POLICY, FORM, MODEL


def begin(session: Session) -> None:
    """Put a scoring model, a duplicate policy and a contact form in force where the company has none of the kind."""
    ready = (
        ("duplicate_policy", "standard", DUPLICATE_POLICY, {"zh": "标准查重策略", "en": "Standard duplicate policy"}),
        ("scoring_model", "standard", MODEL, {"zh": "标准评分模型", "en": "Standard scoring model"}),
        ("capture_form", "contact", FORM, None),
    )
    for purpose, key, body, title in ready:
        if not session.scalar(select(exists().where(Definition.purpose == purpose))):
            definitions.publish_definition(session, caller=SYSTEM, purpose=purpose, key=key, body=body, title=title)


def unseed(session: Session, marked: dict[str, set[str]]) -> None:
    """Model, policy and forms stay as a start; assignment rules that name people of the demo are taken out."""
    marked.pop("definition", None)
    found = session.scalars(select(Definition).where(Definition.purpose == "assignment_rules"))
    for definition in found.all():
        body = definition.body
        kept = [rule for rule in body.get("rules", ()) if not _names_demo(rule)]
        if len(kept) < len(body.get("rules", ())):
            definitions.publish_definition(
                session, caller=SYSTEM, purpose="assignment_rules", key=definition.key, body={**body, "rules": kept}
            )


def _names_demo(rule: dict[str, Any]) -> bool:
    named = [*(rule.get("users") or ()), *(rule.get("departments") or ())]
    return any(seeding.is_demo_person(each) for each in named)
