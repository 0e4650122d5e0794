"""What is set up here, as data: the flows in force."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import definitions
from approvals.models import Definition
from chassis.caller import Caller
from chassis.configuration import DEFINITION, Section
from engines.forms import configuration as own_forms


def sections() -> list[Section]:
    """Flows."""
    return [own_forms.section(), Section(name="flow", shape=DEFINITION(), export=_export, apply=_apply)]


def _export(session: Session) -> dict[str, dict[str, Any]]:
    published = session.scalars(select(Definition).where(Definition.revision > 0)).all()
    return {
        row.key: {
            "title": row.title, "subject_kind": row.subject_kind,
            "body": definitions.version(session, row.id, row.revision).body,
        }
        for row in published
    }  # fmt: skip


def _apply(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    found = definitions.draft(
        session, caller=caller, key=key, body=body["body"], title=body.get("title"),
        subject_kind=str(body.get("subject_kind") or ""),
    )  # fmt: skip
    definitions.publish_draft(session, found, caller=caller)
