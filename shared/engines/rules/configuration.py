"""Automation rules as part of what a company sets up."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration import DEFINITION, Section
from engines.rules.models import AutomationRule
from engines.rules.publishing import publish_rule


def section() -> Section:
    """The rules by key."""
    return Section(name="automation_rule", shape=DEFINITION(), export=_export, apply=_apply)


def _export(session: Session) -> dict[str, dict[str, Any]]:
    return {
        row.key: {"title": row.title, "active": row.active, "body": row.body}
        for row in session.scalars(select(AutomationRule).where(AutomationRule.revision > 0))
    }


def _apply(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    publish_rule(
        session, caller=caller, key=key, body=body["body"], title=body.get("title"),
        active=body.get("active") is not False,
    )  # fmt: skip
