"""What a person may still take: claims of the day by the ledger, records held by the holding rules, waiting times."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, not_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import SYSTEM, Caller
from chassis.db import is_sqlite
from engines.conditions import Context, compile_memory, to_sql
from engines.conditions.context import company_zone
from engines.ownership.definitions import HoldingRule, InForce, Pool
from engines.ownership.errors import ClaimLimitReached, CoolingDown, Frozen, HoldingFull
from engines.ownership.models import Claim, OwnerChange, Turnstile
from engines.ownership.ownable import Ownable

GAVE_UP = ("release", "reclaim")  # ways of losing a record after which the cool-down begins


@dataclass(frozen=True)
class Allowance:
    """How a person stands: claims of today in one pool, and records held. Limits of None are none."""

    made: int
    daily_limit: int | None
    held: int
    holding_limit: int | None
    rule: HoldingRule | None


def pass_turnstile(session: Session, ownable: Ownable, person_id: str) -> None:
    """Wait until nobody else gives this person a record, and keep others waiting until this transaction ends."""
    dialect = sqlite if is_sqlite(session) else postgresql
    session.execute(
        dialect.insert(Turnstile)
        .values(person_id=person_id, subject_kind=ownable.name, passed=1)
        .on_conflict_do_update(index_elements=["person_id", "subject_kind"], set_={"passed": Turnstile.passed + 1})
    )


def company_day(moment: datetime) -> date:
    """The company's day of a moment."""
    return moment.astimezone(ZoneInfo(company_zone())).date()


def next_day(moment: datetime) -> datetime:
    """When the company's next day begins."""
    zone = ZoneInfo(company_zone())
    return datetime.combine(company_day(moment) + timedelta(days=1), time(), zone).astimezone(UTC)


def enter(session: Session, ownable: Ownable, *, person_id: str, subject_id: str, pool: str) -> None:
    """Write a claim into the ledger. It is never taken out again."""
    now = clock.now()
    session.add(
        Claim(
            subject_kind=ownable.name, subject_id=subject_id, person_id=person_id, pool=pool, day=company_day(now), at=now
        )
    )  # fmt: skip


def claims_made(session: Session, ownable: Ownable, *, person_id: str, pool: str, day: date) -> int:
    """Claims a person made in a pool on a day, whatever became of the records."""
    session.flush()
    wanted = select(func.count()).where(
        Claim.person_id == person_id, Claim.subject_kind == ownable.name, Claim.pool == pool, Claim.day == day
    )
    return int(session.execute(wanted).scalar_one())


def held(session: Session, ownable: Ownable, known: InForce, person_id: str, *, besides: str = "") -> int:
    """Records a person holds that count, `besides` left out."""
    session.flush()
    model = ownable.model
    exempt = to_sql(known.holding.exempt, ownable.kind, Context(caller=SYSTEM), model)
    wanted = select(func.count()).where(model.owner_id == person_id, model.id != besides, ownable.held(), not_(exempt))
    return int(session.execute(wanted).scalar_one())


def allowance(session: Session, ownable: Ownable, known: InForce, pool: Pool, person_id: str) -> Allowance:
    """How the person stands now."""
    rule = known.holding.limit_of(directory.snapshot(session), person_id)
    return Allowance(
        made=claims_made(session, ownable, person_id=person_id, pool=pool.key, day=company_day(clock.now())),
        daily_limit=pool.daily_limit,
        held=held(session, ownable, known, person_id),
        holding_limit=rule.limit if rule else None,
        rule=rule,
    )


def require_claim(session: Session, ownable: Ownable, pool: Pool, *, caller: Caller) -> None:
    """ClaimLimitReached when the person has made all claims of today in this pool."""
    if pool.daily_limit is None:
        return
    now = clock.now()
    made = claims_made(session, ownable, person_id=caller.id, pool=pool.key, day=company_day(now))
    if made >= pool.daily_limit:
        raise ClaimLimitReached(made=made, limit=pool.daily_limit, resets_at=next_day(now))


def require_room(session: Session, ownable: Ownable, known: InForce, person_id: str, record: Any) -> None:
    """HoldingFull when the person holds as much as allowed; a record that does not count always finds room."""
    people = directory.snapshot(session)
    rule = known.holding.limit_of(people, person_id)
    if rule is None or is_exempt(ownable, known, record):
        return
    count = held(session, ownable, known, person_id, besides=record.id)
    if count >= rule.limit:
        person = people.users.get(person_id)
        raise HoldingFull(
            held=count, limit=rule.limit, rule=rule.key, person_id=person_id, name=person.name if person else ""
        )


def is_exempt(ownable: Ownable, known: InForce, record: Any) -> bool:
    """Whether the record does not count for anybody's holding."""
    return compile_memory(known.holding.exempt, ownable.kind)(record, Context(caller=SYSTEM))


def require_thawed(ownable: Ownable, pool: Pool, record: Any) -> None:
    """Frozen while the record is too new in the pool."""
    since = getattr(record, ownable.pooled_at)
    if pool.freeze_hours and since is not None:
        until = since + timedelta(hours=pool.freeze_hours)
        if until > clock.now():
            raise Frozen(until)


def require_cooled(session: Session, ownable: Ownable, pool: Pool, record: Any, *, caller: Caller) -> None:
    """CoolingDown while the one who gave the record up, or lost it, has to let others go first."""
    if not pool.cool_down_days:
        return
    now = clock.now()
    lost_at = session.execute(
        select(func.max(OwnerChange.at)).where(
            OwnerChange.from_id == caller.id, OwnerChange.subject_kind == ownable.name, OwnerChange.subject_id == record.id,
            OwnerChange.how.in_(GAVE_UP), OwnerChange.at > now - timedelta(days=pool.cool_down_days),
        )
    ).scalar()  # fmt: skip
    if lost_at is not None and lost_at + timedelta(days=pool.cool_down_days) > now:
        raise CoolingDown(lost_at + timedelta(days=pool.cool_down_days))
