"""Putting a pool or a holding limit in force."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import StaleVersion
from chassis.events import publish
from chassis.i18n import lazy as _
from engines.ownership import definitions, reclaiming
from engines.ownership.errors import PoolRuleWrong
from engines.ownership.events import PoolRulePublished
from engines.ownership.models import PoolRule, PoolRuleVersion
from engines.ownership.ownable import Ownable
from engines.ownership.shapes import is_key


def slower(body: Mapping[str, Any], *, days: int) -> dict[str, Any]:
    """A pool's definition whose rules take `days` more, for demo data that lies further back than people would let it."""
    rules = [rule | {"days": rule["days"] + days} for rule in body["reclaim"]["rules"]]
    return {**body, "reclaim": {**body["reclaim"], "rules": rules}}


def publish_rule(
    session: Session,
    ownable: Ownable,
    *,
    caller: Caller,
    key: str,
    body: Mapping[str, Any],
    purpose: str = "pool",
    title: Mapping[str, str] | None = None,
    active: bool = True,
    version: int | None = None,
) -> PoolRule:
    """Put a new version in force and look at every held record anew; `version` is the record's version the caller saw."""
    if not is_key(key):
        raise PoolRuleWrong(errors={"key": [_("Lower-case letters, digits, - and _, at most 60.")]})
    body = definitions.checked(ownable, purpose, body)
    found = definitions.row(session, ownable, purpose, key)
    if found is None:
        found = PoolRule(subject_kind=ownable.name, purpose=purpose, key=key, revision=0, created_by=caller.id)
        session.add(found)
    elif version is not None and version != found.version:
        raise StaleVersion()
    found.title = dict(title or found.title or {})
    found.body, found.active = body, active
    found.revision += 1
    session.flush()
    session.add(
        PoolRuleVersion(
            rule_id=found.id, revision=found.revision, body=body, active=active, published_at=clock.now(),
            published_by=caller.id,
        )
    )  # fmt: skip
    fact = PoolRulePublished(
        found, subject_kind=ownable.name, purpose=purpose, key=key, definition_version=found.revision, active=active
    )
    publish(session, fact)
    reclaiming.review_all(session, ownable)
    return found
