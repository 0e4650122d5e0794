"""Pools and holding limits in force: versioned, checked when saved, compiled once per version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Database
from chassis.directory import Snapshot
from chassis.errors import NotFound
from chassis.i18n import lazy as _
from engines.access.grants import ADMIN
from engines.conditions import ConditionError, Test, check, compile_memory
from engines.ownership.errors import PoolRuleWrong
from engines.ownership.models import PoolRule, PoolRuleVersion
from engines.ownership.ownable import Ownable
from engines.ownership.shapes import SHAPES
from engines.workdays import Workdays, workdays

DEFAULT, HOLDING = "default", "holding"
CHECK_SECONDS = 0.5  # readers look this often whether another process published something


@dataclass(frozen=True)
class Who:
    """People by id, department (with all below it) or role."""

    users: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    @property
    def nobody(self) -> bool:
        return not (self.users or self.departments or self.roles)

    def holds(self, people: Snapshot, user_id: str) -> bool:
        """Whether the person is meant."""
        person = people.users.get(user_id)
        if user_id in self.users or person is None:
            return user_id in self.users
        department = people.departments.get(person.department_id or "")
        return bool(self.roles & set(person.roles) or (department and self.departments & set(department.path)))


@dataclass(frozen=True)
class ReclaimRule:
    """One reason to take a record back; `when` is its test, `condition` the same as it was written."""

    key: str
    title: Mapping[str, str]
    when: Test
    condition: Mapping[str, Any]
    since: tuple[str, ...]
    days: int
    working: bool


@dataclass(frozen=True)
class Pool:
    """A pool ready to use; one that nobody defined has the defaults."""

    key: str
    revision: int = 0
    title: Mapping[str, str] = field(default_factory=dict)
    members: Who = Who()
    admins: Who = Who()
    collects: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    daily_limit: int | None = None
    cool_down_days: int = 0
    freeze_hours: int = 0
    protect_days: int = 7
    rules: tuple[ReclaimRule, ...] = ()
    grace_days: int = 3
    warn_days: tuple[int, ...] = (3, 1)

    def admits(self, people: Snapshot, caller: Caller) -> bool:
        """Whether the caller may see and claim what lies in it."""
        return self.members.nobody or self.runs(people, caller) or self.members.holds(people, caller.id)

    def runs(self, people: Snapshot, caller: Caller) -> bool:
        """Whether the caller is an admin of it: sees hidden fields, gives records away, waits for nothing."""
        return ADMIN in caller.roles or self.admins.holds(people, caller.id)


@dataclass(frozen=True)
class HoldingRule:
    key: str
    title: Mapping[str, str]
    who: Who
    limit: int


@dataclass(frozen=True)
class Holding:
    """How many records people may hold, and which don't count."""

    revision: int = 0
    rules: tuple[HoldingRule, ...] = ()
    exempt: Mapping[str, Any] = field(default_factory=dict)

    def limit_of(self, people: Snapshot, user_id: str) -> HoldingRule | None:
        """The rule that binds a person: one that names him, else his nearest department's, else the widest of his roles."""
        named = [rule for rule in self.rules if user_id in rule.who.users]
        person = people.users.get(user_id)
        if named or person is None:
            return max(named, key=lambda rule: rule.limit, default=None)
        department = people.departments.get(person.department_id or "")
        for step in reversed(department.path if department else ()):
            found = [rule for rule in self.rules if step in rule.who.departments]
            if found:
                return max(found, key=lambda rule: rule.limit)
        found = [rule for rule in self.rules if rule.who.roles & set(person.roles)]
        return max(found, key=lambda rule: rule.limit, default=None)


@dataclass(frozen=True)
class InForce:
    """Everything of one kind, compiled; `stamp` changes with every publication."""

    stamp: int
    pools: Mapping[str, Pool]
    holding: Holding
    workdays: Workdays

    def pool(self, key: str | None) -> Pool:
        """The pool of that key, with the defaults where nobody defined it."""
        return self.pools.get(key or DEFAULT) or Pool(key or DEFAULT)

    def home(self, people: Snapshot, department_id: str | None) -> Pool:
        """The pool records of a department return to: the one that collects it or the nearest department above it."""
        department = people.departments.get(department_id or "")
        for step in reversed(department.path if department else (department_id,)):
            found = sorted(pool.key for pool in self.pools.values() if step in pool.collects)
            if found:
                return self.pools[found[0]]
        return self.pool(DEFAULT)


_in_force: WeakKeyDictionary[Database, dict[str, tuple[float, InForce]]] = WeakKeyDictionary()


def stamp_of(kind: str) -> Any:
    """Scalar SELECT of a number that changes with every publication for this kind."""
    return select(func.coalesce(func.sum(PoolRule.revision), 0)).where(PoolRule.subject_kind == kind).scalar_subquery()


def in_force(session: Session, ownable: Ownable) -> InForce:
    """The compiled definitions, as this transaction sees them."""
    database: Database = session.info["database"]
    stamp = int(session.execute(select(stamp_of(ownable.name))).scalar_one())
    known = _in_force.setdefault(database, {}).get(ownable.name)
    if known is None or known[1].stamp != stamp:
        known = (clock.monotonic(), _load(session, ownable, stamp))
    _in_force[database][ownable.name] = (clock.monotonic(), known[1])
    return known[1]


def glance(source: Session | Database, ownable: Ownable) -> InForce:
    """The compiled definitions for reads in hot paths: at most CHECK_SECONDS behind."""
    database = source if isinstance(source, Database) else source.info["database"]
    known = _in_force.get(database, {}).get(ownable.name)
    if known is not None and clock.monotonic() - known[0] < CHECK_SECONDS:
        return known[1]
    if isinstance(source, Session):
        return in_force(source, ownable)
    with database.reading() as session:
        return in_force(session, ownable)


def _load(session: Session, ownable: Ownable, stamp: int) -> InForce:
    rows = session.execute(
        select(PoolRule.purpose, PoolRule.key, PoolRule.title, PoolRule.revision, PoolRule.body)
        .where(PoolRule.subject_kind == ownable.name, PoolRule.active, PoolRule.revision > 0)
        .order_by(PoolRule.key)
    ).all()
    held = next((row for row in rows if row.purpose == HOLDING), None)
    body = held.body if held else {}
    return InForce(
        stamp=stamp,
        pools={
            row.key: compile_pool(ownable, row.body, key=row.key, revision=row.revision, title=row.title)
            for row in rows
            if row.purpose == "pool"
        },
        holding=compile_holding(body, revision=held.revision if held else 0),
        workdays=workdays(off=body.get("off", ()), on=body.get("on", ())),
    )


def compile_pool(
    ownable: Ownable, body: Mapping[str, Any], *, key: str, revision: int = 0, title: Mapping[str, str] | None = None
) -> Pool:
    """A checked pool definition ready to use."""
    claim, reclaim = body["claim"], body["reclaim"]
    return Pool(
        key=key,
        revision=revision,
        title=title or {},
        members=_who(body["members"]),
        admins=_who(body["admins"]),
        collects=frozenset(body["collects"]),
        hidden=frozenset(body["hidden_fields"]),
        daily_limit=claim["daily_limit"],
        cool_down_days=claim["cool_down_days"],
        freeze_hours=claim["freeze_hours"],
        protect_days=claim["protect_days"],
        rules=tuple(
            ReclaimRule(
                each["key"], each.get("title") or {}, compile_memory(each["when"], ownable.kind), each["when"],
                tuple(each["since"]), each["days"], each["count"] == "working",
            )
            for each in reclaim["rules"]
        ),
        grace_days=reclaim["grace_days"],
        warn_days=tuple(sorted(reclaim["warn_days"], reverse=True)),
    )  # fmt: skip


def compile_holding(body: Mapping[str, Any], *, revision: int = 0) -> Holding:
    """Checked holding limits ready to use."""
    rules = tuple(
        HoldingRule(each["key"], each.get("title") or {}, _who(each["who"]), each["limit"])
        for each in body.get("rules", ())
    )
    return Holding(revision, rules, body.get("exempt") or {"any": []})


def _who(body: Mapping[str, Sequence[str]]) -> Who:
    return Who(*(frozenset(body.get(name) or ()) for name in ("users", "departments", "roles")))


def checked(ownable: Ownable, purpose: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with defaults filled in; PoolRuleWrong names every place that does not hold."""
    try:
        loaded: dict[str, Any] = SHAPES[purpose].dump(SHAPES[purpose].load(dict(body)))
    except ValidationError as error:
        raise PoolRuleWrong(errors=error.normalized_messages()) from None
    places = [(f"reclaim.rules.{n}", rule) for n, rule in enumerate(loaded.get("reclaim", {}).get("rules", ()))]
    conditions = [(f"{place}.when", rule["when"]) for place, rule in places]
    if purpose == HOLDING:
        conditions = [("exempt", loaded["exempt"])]
    for place, condition in conditions:
        try:
            check(condition, ownable.kind, at=place)
        except ConditionError as error:
            raise PoolRuleWrong(errors=error.errors) from None
    fields = ownable.kind.by_name
    times = {name for name, item in fields.items() if item.kind in ("datetime", "date")}
    errors: dict[str, Any] = {}
    for place, rule in places:
        if unknown := [name for name in rule["since"] if name not in times]:
            errors[f"{place}.since"] = [_("No such time: %(names)s", names=", ".join(unknown))]
    if unknown := [name for name in loaded.get("hidden_fields", ()) if name not in fields]:
        errors["hidden_fields"] = [_("Unknown field: %(names)s", names=", ".join(unknown))]
    if errors:
        raise PoolRuleWrong(errors=errors)
    return loaded


def find(session: Session, ownable: Ownable, purpose: str, key: str) -> PoolRule:
    """The definition of this key; NotFound."""
    found = row(session, ownable, purpose, key)
    if found is None:
        raise NotFound()
    return found


def listed(session: Session, ownable: Ownable, purpose: str) -> Sequence[PoolRule]:
    """All definitions of a purpose by key."""
    wanted = select(PoolRule).where(PoolRule.subject_kind == ownable.name, PoolRule.purpose == purpose)
    return session.scalars(wanted.order_by(PoolRule.key)).all()


def versions(session: Session, rule: PoolRule) -> Sequence[PoolRuleVersion]:
    """All published versions, newest first."""
    wanted = select(PoolRuleVersion).where(PoolRuleVersion.rule_id == rule.id)
    return session.scalars(wanted.order_by(PoolRuleVersion.revision.desc())).all()


def row(session: Session, ownable: Ownable, purpose: str, key: str) -> PoolRule | None:
    """The definition of this key, None when there is none."""
    return session.scalars(
        select(PoolRule).where(PoolRule.subject_kind == ownable.name, PoolRule.purpose == purpose, PoolRule.key == key)
    ).first()


def people_of(session: Session) -> Snapshot:
    """The directory, for asking who is meant."""
    return directory.snapshot(session)
