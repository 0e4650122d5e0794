"""Rules hear what happens: a loop of the active worker reads the service's own log and runs the rules each event sets off.

What the rules do, what they decided and how far the log was read is one transaction, so nothing runs twice or is missed.
"""

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import event_log
from chassis.db import Database, is_sqlite, is_transient
from chassis.service import Runtime
from engines.rules import definitions
from engines.rules.automated import kinds_of
from engines.rules.definitions import InForce, Rule
from engines.rules.models import AutomationCursor
from engines.rules.running import Occasion, run

log = logging.getLogger(__name__)
LOG = event_log.LOG
AT_ONCE = 200  # events looked at in one transaction
RUNS = 50  # rules run in one transaction
PAUSE = 0.2  # seconds between looks, so that many commits are one look


def follow(runtime: Runtime) -> None:
    """Until the worker stops."""
    seen = 0
    while not runtime.stopping.is_set():
        try:
            if step(runtime.database):
                continue
        except Exception as error:
            if not is_transient(error):
                log.exception("automation rules could not run")
            runtime.stopping.wait(1.0)
        seen = runtime.nudged.wait(seen, 0.5)
        runtime.stopping.wait(PAUSE)


def step(database: Database) -> bool:
    """Read the log a little further; False when there is nothing more, or no rule that listens."""
    with database.reading() as session:
        if not definitions.in_force(session).on_log or not _waiting(session):
            return False
    with database.transaction() as session:
        cursor = session.get(AutomationCursor, 1, with_for_update=True)
        known = definitions.in_force(session)
        if cursor is None or not known.on_log:
            return False
        rows = _rows(session, cursor.position)
        runs = 0
        for row in rows:
            runs += _hear(session, known, row)
            cursor.position = row.sequence
            if runs >= RUNS:
                break
    return bool(rows)


def _waiting(session: Session) -> bool:
    position = session.scalar(select(AutomationCursor.position))
    return position is not None and event_log.head(session.connection()) > position


def _rows(session: Session, after: int) -> list[Any]:
    position = LOG.c.id if is_sqlite(session) else LOG.c.sequence
    wanted = event_log.full_rows(session.connection()).where(position > after).order_by(position).limit(AT_ONCE)
    return list(session.execute(wanted))


def _hear(session: Session, known: InForce, row: Any) -> int:
    """Run what an event sets off, in order; returns how many rules were asked."""
    kind, _slash, record_id = row.subject.partition("/")
    wanted = known.on_log.get(kind)
    if not wanted:
        return 0
    automated = kinds_of(session)[kind]
    changed = changes_of(row)
    rules = [
        rule for rule in wanted if is_set_off(rule, row.type, changed) and not (rule.since and row.time < rule.since)
    ]
    asked = 0
    for rule in rules:
        record = session.get(automated.kind.model, record_id, with_for_update=True)
        if record is None:  # it is gone, or was merged away
            break
        asked += 1
        result = run(session, automated, rule, record, occasion_of(row, changed))
        if rule.stop and result == "done":
            break
    return asked


def is_set_off(rule: Rule, type_: str, changed: Mapping[str, Any]) -> bool:
    """Whether an event sets a rule off: by its name (without service and version), or by what it changed.

    A new record's first values are no change.
    """
    if rule.trigger["on"] == "event":
        return type_.partition(".")[2].rpartition(".")[0] in rule.events
    if changed.get("id"):
        return False
    custom = changed.get("custom")
    return any(
        name in changed if not name.startswith("custom.") else custom and _differs(custom, name[7:])
        for name in rule.columns
    )


def _differs(pair: Any, key: str) -> bool:
    before, after = (side or {} for side in pair)
    return bool(before.get(key) != after.get(key))


def changes_of(row: Any) -> dict[str, Any]:
    """The change set of a row of the log, personal fields included, as conditions read it."""
    changed: dict[str, Any] = orjson.loads(row.changes) if row.changes else {}
    if row.personal:
        changed |= orjson.loads(row.personal).get("changes") or {}
    return changed


def occasion_of(row: Any, changed: Mapping[str, Any]) -> Occasion:
    return Occasion(
        what=row.type, at=row.time, event_id=row.event_id, correlation_id=row.correlation_id, depth=row.depth,
        traceparent=row.traceparent, chain=_chain(row.origin), changed=changed,
    )  # fmt: skip


def _chain(origin: str) -> int:
    """How many rules lie behind an event, by what `Occasion.cause` wrote into its origin."""
    word, _space, rest = origin.partition(" ")
    count = rest.rpartition(" ")[2]
    return int(count) if word == "rule" and count.isdigit() else 0
