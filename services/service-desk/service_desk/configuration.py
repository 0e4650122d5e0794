"""What is set up here, as data: calendars, queues, SLA policies and dispatch rules."""

from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration import DEFINITION, Section
from engines.forms import configuration as own_forms
from engines.rules import configuration as rules
from service_desk import definitions
from service_desk.models import Definition

PURPOSES = ("calendar", "queue", "sla_policy", "dispatch_rules")  # each names only what stands before it


def sections() -> list[Section]:
    """A section per purpose of a definition."""
    purposes = [
        Section(
            name=purpose,
            shape=DEFINITION(),
            export=partial(_export, purpose=purpose),
            apply=partial(_apply, purpose=purpose),
        )
        for purpose in PURPOSES
    ]
    return [own_forms.section(), *purposes, rules.section()]


def _export(session: Session, *, purpose: str) -> dict[str, dict[str, Any]]:
    published = select(Definition).where(Definition.purpose == purpose, Definition.revision > 0)
    return {row.key: {"title": row.title, "active": row.active, "body": row.body} for row in session.scalars(published)}


def _apply(session: Session, caller: Caller, key: str, body: dict[str, Any], *, purpose: str) -> None:
    definitions.publish_definition(
        session, caller=caller, purpose=purpose, key=key, body=body["body"], title=body.get("title"),
        active=body.get("active") is not False,
    )  # fmt: skip
