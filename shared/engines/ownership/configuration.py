"""Pools and holding limits as data of what a company sets up."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration import DEFINITION, Section
from engines.ownership import definitions, publishing
from engines.ownership.ownable import Ownable

SECTIONS = {"pool": "pool", "holding_limit": definitions.HOLDING}  # section → purpose


def sections(ownable: Ownable) -> list[Section]:
    """A section for the kind's pools and one for how many records people may hold."""
    return [
        Section(
            name=name,
            shape=DEFINITION(),
            export=partial(_export, ownable=ownable, purpose=purpose),
            apply=partial(_apply, ownable=ownable, purpose=purpose),
        )
        for name, purpose in SECTIONS.items()
    ]


def _export(session: Session, *, ownable: Ownable, purpose: str) -> dict[str, dict[str, Any]]:
    found = definitions.listed(session, ownable, purpose)
    return {row.key: {"title": row.title, "active": row.active, "body": row.body} for row in found if row.revision > 0}


def _apply(session: Session, caller: Caller, key: str, body: dict[str, Any], *, ownable: Ownable, purpose: str) -> None:
    publishing.publish_rule(
        session, ownable, caller=caller, key=key, body=body["body"], purpose=purpose, title=body.get("title"),
        active=body.get("active") is not False,
    )  # fmt: skip
