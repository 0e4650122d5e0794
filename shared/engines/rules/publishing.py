"""Putting a rule in force, switching it on and off."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import clock, event_log
from chassis.caller import Caller
from chassis.db import is_sqlite
from chassis.errors import StaleVersion
from chassis.events import publish
from chassis.i18n import lazy as _
from engines.ownership.shapes import is_key
from engines.rules import definitions, falling_due
from engines.rules.errors import RuleWrong
from engines.rules.events import AutomationRulePublished
from engines.rules.models import AutomationCursor, AutomationRule, AutomationRuleVersion


def publish_rule(
    session: Session,
    *,
    caller: Caller,
    key: str,
    body: Mapping[str, Any],
    title: Mapping[str, str] | None = None,
    active: bool = True,
    version: int | None = None,
) -> AutomationRule:
    """Put a new version in force; from now on, not for what happened before. `version` is the one the caller saw."""
    if not is_key(key):
        raise RuleWrong(errors={"key": [_("Lower-case letters, digits, - and _, at most 60.")]})
    body = definitions.checked(session, body)
    _begin_reading(session)
    found = definitions.row(session, key)
    if found is None:
        found = AutomationRule(key=key, revision=0, created_by=caller.id)
        session.add(found)
    elif version is not None and version != found.version:
        raise StaleVersion()
    found.title = dict(title or found.title or {})
    found.subject_kind, found.body, found.place = body["about"], body, body["place"]
    return _put(session, found, caller=caller, active=active)


def switch(session: Session, rule: AutomationRule, *, caller: Caller, active: bool) -> AutomationRule:
    """Switch a rule on or off; on, it begins anew from now."""
    if rule.active == active:
        return rule
    _begin_reading(session)
    return _put(session, rule, caller=caller, active=active)


def _put(session: Session, rule: AutomationRule, *, caller: Caller, active: bool) -> AutomationRule:
    rule.active, rule.since = active, clock.now()
    rule.revision += 1
    session.flush()
    session.add(
        AutomationRuleVersion(
            rule_id=rule.id, revision=rule.revision, body=rule.body, active=active, published_at=clock.now(),
            published_by=caller.id,
        )
    )  # fmt: skip
    publish(
        session,
        AutomationRulePublished(
            rule, key=rule.key, subject_kind=rule.subject_kind, definition_version=rule.revision, active=active
        ),
    )
    falling_due.arm_rule(session, rule)
    return rule


def _begin_reading(session: Session) -> None:
    """Where nobody read the log until now, reading begins at its end."""
    listens = select(AutomationRule.id).where(AutomationRule.active, AutomationRule.revision > 0)
    cursor = session.get(AutomationCursor, 1, with_for_update=True)
    if cursor is not None and session.scalar(listens.limit(1)):
        return
    if is_sqlite(session):
        head = select(func.coalesce(func.max(event_log.LOG.c.id), 0))
    else:
        head = select(func.coalesce(func.max(event_log.STATE.c.numbered), 0))
    position = session.execute(head).scalar_one()
    if cursor is None:
        session.add(AutomationCursor(id=1, position=position))
    else:
        cursor.position = position
    session.flush()
