"""Records change hands: claimed from a pool, given, released into one, protected. The service publishes what became of it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.errors import Problem
from engines.ownership import limits, metrics, reclaiming
from engines.ownership.definitions import DEFAULT, InForce, in_force
from engines.ownership.errors import AlreadyOwned, NotAMember, NotOwned, UnknownPerson, UnknownPool
from engines.ownership.models import OwnerChange
from engines.ownership.ownable import Ownable


def claim(session: Session, kind: Ownable, record: Any, *, caller: Caller) -> None:
    """Take a record that nobody owns, within the pool's and the person's limits. One conditional UPDATE decides who gets it.

    AlreadyOwned, NotAMember, Frozen, CoolingDown, ClaimLimitReached, HoldingFull.
    """
    try:
        _claim(session, kind, record, caller)
    except Problem as refusal:
        metrics.CLAIMS.labels(kind.name, refusal.code).inc()
        raise
    metrics.CLAIMS.labels(kind.name, "claimed").inc()


def _claim(session: Session, kind: Ownable, record: Any, caller: Caller) -> None:
    if record.owner_id is not None:
        raise AlreadyOwned()
    known = in_force(session, kind)
    pool, people = known.pool(record.pool), directory.snapshot(session)
    if not pool.admits(people, caller):
        raise NotAMember(pool=pool.key)
    limits.pass_turnstile(session, kind, caller.id)
    if not pool.runs(people, caller):
        limits.require_thawed(kind, pool, record)
        limits.require_cooled(session, kind, pool, record, caller=caller)
        limits.require_claim(session, kind, pool, caller=caller)
    limits.require_room(session, kind, known, caller.id, record)
    _win(session, kind, record)
    limits.enter(session, kind, person_id=caller.id, subject_id=record.id, pool=pool.key)
    record.protected_until = clock.now() + timedelta(days=pool.protect_days) if pool.protect_days else None
    _give(session, kind, record, known, to=caller.id, how="claim", by=caller, reason="")


def _win(session: Session, kind: Ownable, record: Any) -> None:
    """AlreadyOwned for everybody but the first of those who want the record at the same moment."""
    model = kind.model
    taken = session.execute(
        update(model)
        .where(model.id == record.id, model.owner_id.is_(None), model.version == record.version)
        .values(updated_at=model.updated_at)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise AlreadyOwned()


def give(
    session: Session, kind: Ownable, record: Any, *, to: str, caller: Caller, how: str = "hand", reason: str = "",
    over_limit: bool = False,
) -> None:  # fmt: skip
    """Make a person the owner; it uses up no claim. UnknownPerson; HoldingFull unless `over_limit`."""
    require_person(session, to)
    known = in_force(session, kind)
    if record.owner_id != to and not over_limit:
        limits.pass_turnstile(session, kind, to)
        limits.require_room(session, kind, known, to, record)
    if record.owner_id != to:
        record.protected_until = None
    _give(session, kind, record, known, to=to, how=how, by=caller, reason=reason)


def require_person(session: Session, user_id: str, *, field: str = "owner_id") -> None:
    """UnknownPerson unless the directory has this person as active."""
    person = directory.snapshot(session).users.get(user_id)
    if person is None or not person.active:
        raise UnknownPerson(field)


def pass_on(session: Session, record: Any, *, to: str, caller: Caller, how: str = "hand", reason: str = "") -> None:
    """Another owner, and his department, for a record that has no pool. UnknownPerson."""
    require_person(session, to)
    person = directory.snapshot(session).users[to]
    note(session, record, to=to, caller=caller, how=how, reason=reason)
    record.owner_id, record.department_id = to, person.department_id or record.department_id


def note(session: Session, record: Any, *, to: str, caller: Caller, how: str, reason: str = "") -> None:
    """Write into the history that the record goes to another person."""
    session.add(
        OwnerChange(
            subject_kind=record.__kind__, subject_id=record.id, from_id=record.owner_id, to_id=to, how=how, by=caller.id,
            reason=reason[:300], at=clock.now(),
        )
    )  # fmt: skip


def has_room(session: Session, kind: Ownable, known: InForce, record: Any, user_id: str) -> bool:
    """Whether the person may be given the record, for rules that choose among several."""
    rule = known.holding.limit_of(directory.snapshot(session), user_id)
    if rule is None or limits.is_exempt(kind, known, record):
        return True
    return limits.held(session, kind, known, user_id, besides=record.id) < rule.limit


def release(
    session: Session, kind: Ownable, record: Any, *, caller: Caller, pool: str | None = None, how: str = "release",
    reason: str = "",
) -> str:  # fmt: skip
    """Put a record into a pool for others to claim, without one into that of its department; returns its key. UnknownPool."""
    known = in_force(session, kind)
    if pool and known.pools and pool not in known.pools and pool != DEFAULT:
        raise UnknownPool()
    key = pool or known.home(directory.snapshot(session), record.department_id).key
    _note(session, kind, record, to=None, to_pool=key, how=how, by=caller, reason=reason)
    record.owner_id, record.pool, record.protected_until = None, key, None
    setattr(record, kind.owned_since, None)
    setattr(record, kind.pooled_at, clock.now())
    reclaiming.stop(session, kind, record)
    return key


def protect(
    session: Session, kind: Ownable, record: Any, *, caller: Caller, until: datetime | None, reason: str = ""
) -> None:
    """Keep the record with its owner until then, whatever the rules say; None takes the protection away. NotOwned."""
    if record.owner_id is None:
        raise NotOwned()
    record.protected_until = until
    _note(session, kind, record, to=record.owner_id, to_pool=None, how="protect", by=caller, reason=reason)
    reclaiming.schedule(session, kind, record)


def touched(session: Session, kind: Ownable, record: Any, *, at: datetime) -> None:
    """Somebody was in contact: the record's last activity and its date move on; the timer finds out by itself."""
    record.last_activity_at = max(at, record.last_activity_at or at)
    if record.owner_id is not None:
        reclaiming.schedule(session, kind, record)


def _give(
    session: Session, kind: Ownable, record: Any, known: InForce, *, to: str, how: str, by: Caller, reason: str
) -> None:
    if record.owner_id == to and record.pool is None:
        return
    person = directory.snapshot(session).users.get(to)
    _note(session, kind, record, to=to, to_pool=None, how=how, by=by, reason=reason)
    record.owner_id = to
    record.department_id = (person.department_id if person else None) or record.department_id
    record.pool = None
    setattr(record, kind.pooled_at, None)
    setattr(record, kind.owned_since, clock.now())
    reclaiming.schedule(session, kind, record, known=known, anew=True)


def _note(
    session: Session,
    kind: Ownable,
    record: Any,
    *,
    to: str | None,
    to_pool: str | None,
    how: str,
    by: Caller,
    reason: str,
) -> None:
    session.add(
        OwnerChange(
            subject_kind=kind.name, subject_id=record.id, from_id=record.owner_id, to_id=to, from_pool=record.pool,
            to_pool=to_pool, how=how, by=by.id, reason=reason[:300], at=clock.now(),
        )
    )  # fmt: skip
