"""Forms as configuration: exported, compared and brought in like everything else a company sets up."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration import DEFINITION, Section
from engines.forms import publishing


def section() -> Section:
    """The forms of a service, kinds of the company's own among them, by kind of record."""
    return Section(name="form", shape=DEFINITION(), export=_export, apply=_apply)


def _export(session: Session) -> dict[str, dict[str, Any]]:
    return {
        row.subject_kind: {"title": row.title, "active": row.active, "body": row.body}
        for row in publishing.listed(session)
    }


def _apply(session: Session, caller: Caller, key: str, body: dict[str, Any]) -> None:
    publishing.publish_form(
        session, key, body["body"], caller=caller, title=body.get("title"), active=body.get("active") is not False
    )
