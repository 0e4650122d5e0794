"""Trying a pool's rules before they are in force: on what people hold now, or over the contacts of a past period."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock, directory, i18n
from chassis.caller import Caller
from engines import access
from engines.ownership import definitions, reclaiming
from engines.ownership.definitions import InForce, Pool
from engines.ownership.ownable import Ownable
from engines.timeline import Activity

AT_MOST = 5000


def simulate(
    session: Session,
    kind: Ownable,
    *,
    caller: Caller,
    key: str,
    definition: Mapping[str, Any],
    records: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 1000,
) -> dict[str, Any]:
    """What the draft would do to the records that return to this pool, of those the caller may read; nothing is stored.

    Without a period: each record's date now and by the draft. With one: when the draft would have taken each record
    that is held today, going from contact to contact as they were logged; conditions look at the record as it is now.
    """
    draft = definitions.compile_pool(kind, definitions.checked(kind, "pool", definition), key=key)
    known = definitions.in_force(session, kind)
    trial = replace(known, pools={**known.pools, key: draft})
    held = _held(session, kind, caller, trial, draft, records, min(limit, AT_MOST))
    if since is not None:
        items = _over(session, kind, held, draft, trial, since, until or clock.now())
    else:
        items = [_now(session, kind, record, draft, known, trial) for record in held]
    taken = [item for item in items if item["reclaimed"]]
    return {"records": len(held), "reclaimed": len(taken), "changed": sum(i["changed"] for i in items), "items": items}


def _held(
    session: Session, kind: Ownable, caller: Caller, trial: InForce, draft: Pool, records: Sequence[str], limit: int
) -> list[Any]:
    model, people = kind.model, directory.snapshot(session)
    wanted = access.readable(session, caller, model).where(model.owner_id.is_not(None), kind.held())
    if records:
        wanted = wanted.where(model.id.in_(list(records)))
    found = session.scalars(wanted.order_by(model.id.desc()).limit(limit))
    return [each for each in found if trial.home(people, each.department_id).key == draft.key]


def _now(session: Session, kind: Ownable, record: Any, draft: Pool, known: InForce, trial: InForce) -> dict[str, Any]:
    before = reclaiming.work_out(session, kind, record, known)
    after = reclaiming.work_out(session, kind, record, trial)
    return _item(kind, record, before.at, after.at, after.rule, after.steps, clock.now())


def _over(
    session: Session, kind: Ownable, held: Sequence[Any], draft: Pool, trial: InForce, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    contacts: dict[str, list[datetime]] = defaultdict(list)
    rows = session.execute(
        select(Activity.subject_id, Activity.at)
        .where(Activity.subject_kind == kind.name, Activity.subject_id.in_([record.id for record in held]))
        .order_by(Activity.at)
    )
    for row in rows:
        contacts[row.subject_id].append(row.at)
    return [_replayed(kind, record, contacts[record.id], draft, trial, since, until) for record in held]


def _replayed(
    kind: Ownable,
    record: Any,
    contacts: Sequence[datetime],
    draft: Pool,
    trial: InForce,
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    """The first gap between contacts that was longer than the draft allows."""
    began = getattr(record, kind.owned_since) or record.created_at
    marks: list[datetime | None] = [None, *(at for at in contacts if began < at <= until)]
    for place, last in enumerate(marks):
        then = _AsOf(record, last)
        found = reclaiming.of_pool(kind, then, draft, trial, now=until)
        following = marks[place + 1] if place + 1 < len(marks) else until
        if found.at is not None and since <= found.at <= min(until, following or until):
            return _item(kind, record, None, found.at, found.rule, found.steps, until)
    return _item(kind, record, None, None, "", (), until)


class _AsOf:
    """A record as it was when it had last been contacted at `last`."""

    def __init__(self, record: Any, last: datetime | None):
        self._record = record
        self.last_activity_at = last
        self.protected_until = None
        self.reclaim: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)


def _item(
    kind: Ownable,
    record: Any,
    before: datetime | None,
    after: datetime | None,
    rule: str,
    steps: Sequence[Any],
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": record.id,
        "label": kind.label(record),
        "owner_id": record.owner_id,
        "now": before,
        "then": after,
        "rule": rule or None,
        "changed": before != after,
        "reclaimed": after is not None and after <= now,
        "explanation": [step.read(i18n.current()) for step in steps],
    }
