"""Trying a rule before it is in force: on what happened in the last days, with each record as it was then; nothing is stored."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock, event_log
from chassis.caller import Caller
from engines import access
from engines.conditions import Context, snapshot
from engines.rules import definitions, falling_due, people
from engines.rules.automated import Automated, kinds_of
from engines.rules.definitions import Rule
from engines.rules.following import changes_of, is_set_off

LOG = event_log.LOG
AT_MOST = 5000  # events of the log, or records, that are looked at
SHOWN = 200


def simulate(session: Session, *, caller: Caller, body: Mapping[str, Any], days: int) -> dict[str, Any]:
    """What the rule would have done in the last `days`, to records the caller may read.

    `occasions` set it off, `acts` of them met the condition; `unusable` were about records that are gone or that the
    caller may not read; `load` counts per person what would have come to him, by action.
    """
    loaded = definitions.checked(session, body)
    automated = kinds_of(session)[loaded["about"]]
    rule = definitions.compiled(automated, loaded)
    since = clock.now() - timedelta(days=days)
    if rule.on_event:
        found = _over_log(session, caller, automated, rule, since)
    else:
        found = _over_days(session, caller, automated, rule, since)
    hits = found.pop("hits")
    return found | {"load": _load(session, rule, hits), "items": [_item(automated, *hit) for hit in hits[:SHOWN]]}


def _over_log(session: Session, caller: Caller, automated: Automated, rule: Rule, since: datetime) -> dict[str, Any]:
    rows = session.execute(
        event_log.full_rows(session.connection())
        .where(LOG.c.subject.startswith(f"{automated.name}/"), LOG.c.time >= since)
        .order_by(LOG.c.id.desc())
        .limit(AT_MOST)
    ).all()
    by_record: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_record[row.subject.partition("/")[2]].append(row)
    occasions, unusable, hits = 0, 0, []
    for record_id, record in _readable(session, caller, automated, by_record).items():
        state = snapshot(automated.kind, record)
        for row in by_record.pop(record_id):
            changed = changes_of(row)
            if is_set_off(rule, row.type, changed):
                occasions += 1
                if rule.when(state, Context(now=row.time, changes=changed)):
                    hits.append((row.time, record, dict(state)))
            state |= {column: pair[0] for column, pair in changed.items() if column in state}
    for left in by_record.values():
        unusable += sum(is_set_off(rule, row.type, changes_of(row)) for row in left)
    hits.sort(key=lambda hit: hit[0], reverse=True)
    return {"occasions": occasions, "acts": len(hits), "unusable": unusable, "cut": len(rows) == AT_MOST, "hits": hits}


def _readable(session: Session, caller: Caller, automated: Automated, ids: Iterable[str]) -> dict[str, Any]:
    wanted: list[str] = list(ids)
    found: dict[str, Any] = {}
    model = automated.kind.model
    for start in range(0, len(wanted), 500):
        part = access.readable(session, caller, model).where(model.id.in_(wanted[start : start + 500]))
        found |= {record.id: record for record in session.scalars(part)}
    return found


def _over_days(session: Session, caller: Caller, automated: Automated, rule: Rule, since: datetime) -> dict[str, Any]:
    """Records whose moment came in the period, as they are now."""
    model, now = automated.kind.model, clock.now()
    times = 1
    if rule.trigger["on"] == "schedule":
        field, moment, times = None, since, 0
        while (moment := falling_due.next_look(rule.trigger, field, moment)) <= now:
            times += 1
    wanted = access.readable(session, caller, model).where(falling_due.due_between(automated, rule, since, now))
    records = session.scalars(wanted.order_by(model.id.desc()).limit(AT_MOST)).all()
    hits = [(now, record, snapshot(automated.kind, record)) for record in records for _time in range(times)]
    return {"occasions": len(hits), "acts": len(hits), "unusable": 0, "cut": len(records) == AT_MOST, "hits": hits}


class _AsOf:
    """A record with the owner it had then."""

    def __init__(self, record: Any, state: Mapping[str, Any]):
        self._record, self._state = record, state

    def __getattr__(self, name: str) -> Any:
        return self._state[name] if name in self._state else getattr(self._record, name)


def _load(
    session: Session, rule: Rule, hits: Iterable[tuple[datetime, Any, Mapping[str, Any]]]
) -> dict[str, dict[str, int]]:
    load: dict[str, Counter[str]] = defaultdict(Counter)
    specs = [spec for spec in rule.actions if spec["do"] in ("task", "notify", "assign")]
    for _at, record, state in hits:
        for spec in specs:
            for person in people.meant(session, _AsOf(record, state), spec["to"]):
                load[person][spec["do"]] += 1
    return {person: dict(counts) for person, counts in sorted(load.items(), key=lambda pair: -sum(pair[1].values()))}


def _item(automated: Automated, at: datetime, record: Any, state: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": at, "id": record.id, "label": automated.label(record), "owner_id": state.get("owner_id")}
