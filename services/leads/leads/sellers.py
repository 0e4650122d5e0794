"""The people who may get leads, with the figures the strategies need; read only when a rule asks for them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.db import Database
from engines import ownership
from leads.assignment import Rule, Seller
from leads.models import HELD, Lead

RATE_DAYS = 180
RATE_KEPT = 300
_rates: WeakKeyDictionary[Database, dict[str, tuple[float, float]]] = WeakKeyDictionary()  # person → (rate, counted at)
_NEEDS_OPEN = {"least_open", "best_converter"}


def for_rules(session: Session, rules: Sequence[Rule], record: Any = None) -> list[Seller]:
    """Every person one of `rules` names; open leads and conversion rates only for strategies that use them, and
    whether they may hold `record` too only where there are limits."""
    users = set().union(*(rule.users for rule in rules)) if rules else set()
    departments = set().union(*(rule.departments for rule in rules)) if rules else set()
    known = directory.snapshot(session)
    leads = ownership.of("lead")
    limits = ownership.glance(session, leads)
    limited = record is not None and bool(limits.holding.rules)
    found = []
    for person in known.users.values():
        department = known.departments.get(person.department_id or "")
        path = department.path if department else ()
        if person.id in users or departments.intersection(path):
            full = limited and not ownership.has_room(session, leads, limits, record, person.id)
            found.append(
                Seller(
                    person.id,
                    person.department_id,
                    departments=path,
                    active=person.active,
                    absent=person.absent,
                    full=full,
                )
            )
    strategies = {rule.strategy for rule in rules}
    if not strategies & _NEEDS_OPEN or not found:
        return found
    ids = [seller.id for seller in found]
    held = open_leads(session, ids)
    rates = conversion_rates(session, ids) if "best_converter" in strategies else {}
    return [
        Seller(
            s.id, s.department_id, departments=s.departments, active=s.active, absent=s.absent,
            full=s.full, open_leads=held.get(s.id, 0), conversion_rate=rates.get(s.id, 0.0),
        )
        for s in found
    ]  # fmt: skip


_LEAD: Any = Lead.__table__
_OPEN = (
    select(_LEAD.c.owner_id, func.count())
    .where(_LEAD.c.owner_id.in_(bindparam("owners", expanding=True)), HELD)
    .group_by(_LEAD.c.owner_id)
)


def open_leads(session: Session, ids: Iterable[str]) -> dict[str, int]:
    """How many open leads each person holds."""
    rows = session.connection().execute(_OPEN, {"owners": list(ids)})
    return {owner: held for owner, held in rows if owner}


def conversion_rates(session: Session, ids: Iterable[str]) -> Mapping[str, float]:
    """Share of each person's closed leads of the last half year that converted; (won + 1) / (closed + 2), so that one
    lucky lead does not beat a long record. Counted anew every RATE_KEPT seconds only, for it is a count over thousands."""
    known, now, wanted = _rates.setdefault(session.info["database"], {}), clock.timestamp(), list(ids)
    stale = [each for each in wanted if each not in known or not 0 <= now - known[each][1] < RATE_KEPT]
    if stale:
        known.update((owner, (rate, now)) for owner, rate in _counted_rates(session, stale).items())
    return {each: known[each][0] for each in wanted}


def _counted_rates(session: Session, ids: list[str]) -> dict[str, float]:
    won: Any = func.sum(case((Lead.status == "converted", 1), else_=0))
    rows = session.execute(
        select(Lead.owner_id, won, func.count())
        .where(
            Lead.owner_id.in_(ids),
            Lead.status.in_(("converted", "disqualified")),
            Lead.created_at > clock.now() - timedelta(days=RATE_DAYS),
        )
        .group_by(Lead.owner_id)
    )
    rates = dict.fromkeys(ids, 0.5)
    for owner, converted, closed in rows:
        rates[owner] = (converted + 1) / (closed + 2)
    return rates
