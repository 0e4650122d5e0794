"""Queues, dispatch rules, SLA policies and calendars: versioned, checked, compiled once per version."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.db import Database, is_sqlite
from chassis.errors import NotFound, StaleVersion
from chassis.events import publish
from chassis.i18n import gettext as _
from chassis.timers import arm
from engines.conditions import ConditionError, check, compile_memory
from service_desk import business_time
from service_desk.business_time import Calendar
from service_desk.definition_schemas import SCHEMAS, is_key
from service_desk.dispatch import Predicate, Queue, Rule
from service_desk.errors import DefinitionWrong
from service_desk.events import DefinitionPublished
from service_desk.models import Definition, DefinitionVersion, Turn
from service_desk.objects import TICKET

REBASE_TIMER = "sla_rebase"
PURPOSES = ("queue", "dispatch_rules", "sla_policy", "calendar")
_STAMP = select(func.coalesce(func.sum(Definition.revision), 0)).scalar_subquery()


@dataclass(frozen=True)
class Policy:
    """An SLA policy in force; `targets` are minutes per clock by priority."""

    key: str
    revision: int
    title: Mapping[str, str]
    position: int
    when: Predicate
    calendar: str
    targets: Mapping[str, Mapping[str, int | None]]
    warn_percent: tuple[int, ...] = (50, 80)
    escalations: tuple[tuple[int, int], ...] = ()  # (open minutes after the breach, level)

    def targets_for(self, priority: str) -> dict[str, int | None] | None:
        """The targets of a priority, None when the policy has none for it."""
        found = self.targets.get(priority)
        return dict(found) if found else None


@dataclass(frozen=True)
class InForce:
    """Every definition as it is in force, compiled; `stamp` changes with every publication."""

    stamp: int
    policies: tuple[Policy, ...]  # in the order in which they are tried
    calendars: Mapping[str, tuple[int, Calendar]]  # key → (revision, calendar)
    queues: Mapping[str, Queue]
    rules: tuple[Rule, ...]
    rules_version: int
    fallback: str | None


_in_force: WeakKeyDictionary[Database, InForce] = WeakKeyDictionary()


def in_force(session: Session) -> InForce:
    """The compiled definitions."""
    database: Database = session.info["database"]
    stamp = int(session.execute(select(_STAMP)).scalar_one())
    known = _in_force.get(database)
    if known is None or known.stamp != stamp:
        known = _in_force[database] = _load(session, stamp)
    return known


def _load(session: Session, stamp: int) -> InForce:
    found = session.scalars(select(Definition).where(Definition.active, Definition.revision > 0)).all()
    by_purpose: dict[str, list[Definition]] = {purpose: [] for purpose in PURPOSES}
    for row in found:
        by_purpose[row.purpose].append(row)
    calendars = {row.key: (row.revision, calendar_of(row.body)) for row in by_purpose["calendar"]}
    queues = {row.key: compile_queue(row.key, row.body, row.title) for row in by_purpose["queue"]}
    policies = [
        compile_policy(row.key, row.body, title=row.title, revision=row.revision) for row in by_purpose["sla_policy"]
    ]
    dispatch = max(by_purpose["dispatch_rules"], key=lambda row: row.updated_at, default=None)
    return InForce(
        stamp=stamp,
        policies=tuple(sorted(policies, key=lambda policy: (policy.position, policy.key))),
        calendars=calendars,
        queues=queues,
        rules=compile_rules(dispatch.body, calendars) if dispatch else (),
        rules_version=dispatch.revision if dispatch else 0,
        fallback=dispatch.body.get("fallback_queue") if dispatch else None,
    )


def calendar_of(body: Mapping[str, Any]) -> Calendar:
    """The compiled calendar of a checked definition; the same definition gives the same object, with its table."""
    return _calendar(orjson.dumps(body, option=orjson.OPT_SORT_KEYS))


@lru_cache(maxsize=64)
def _calendar(body: bytes) -> Calendar:
    return business_time.calendar(orjson.loads(body))


def calendar_at(session: Session, key: str, revision: int) -> Calendar:
    """A version of a calendar, past ones too. NotFound."""
    known = in_force(session).calendars.get(key)
    if known is not None and known[0] == revision:
        return known[1]
    body = session.scalars(
        select(DefinitionVersion.body).where(
            DefinitionVersion.purpose == "calendar",
            DefinitionVersion.key == key,
            DefinitionVersion.revision == revision,
        )
    ).first()
    if body is None:
        raise NotFound()
    return calendar_of(body)


def compile_queue(key: str, body: Mapping[str, Any], title: Mapping[str, str]) -> Queue:
    """A queue ready to use."""
    members = {each["user_id"]: frozenset(each.get("skills") or ()) for each in body.get("members", ())}
    return Queue(key, title, members, body.get("lead_id"))


def compile_policy(key: str, body: Mapping[str, Any], *, title: Mapping[str, str], revision: int) -> Policy:
    """A policy ready to use."""
    return Policy(
        key=key,
        revision=revision,
        title=title,
        position=int(body.get("position", 100)),
        when=compile_memory(body.get("when") or {"all": []}, TICKET),
        calendar=body["calendar"],
        targets=body["targets"],
        warn_percent=tuple(sorted(body.get("warn_percent") or ())),
        escalations=tuple((each["after_min"], each["level"]) for each in body.get("escalations") or ()),
    )


def compile_rules(body: Mapping[str, Any], calendars: Mapping[str, tuple[int, Calendar]]) -> tuple[Rule, ...]:
    """Dispatch rules ready to use."""
    return tuple(
        Rule(
            key=each["key"],
            title=each.get("title") or {},
            when=compile_memory(each.get("when") or {"all": []}, TICKET),
            queue=each.get("queue"),
            users=tuple(each.get("users") or ()),
            strategy=each.get("strategy") or "round_robin",
            skills=frozenset(each.get("skills") or ()),
            max_open=each.get("max_open"),
            hours=calendars[each["calendar"]][1] if each.get("calendar") in calendars else None,
            outside_hours=each.get("outside_hours") or "assign",
        )
        for each in body.get("rules", ())
    )


def checked(session: Session, purpose: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with defaults filled in; DefinitionWrong names every place that does not hold."""
    try:
        loaded: dict[str, Any] = SCHEMAS[purpose].load(dict(body))  # type: ignore[assignment]
    except ValidationError as error:
        raise DefinitionWrong(errors=error.normalized_messages()) from None
    conditions = [("when", loaded.get("when"))] if purpose == "sla_policy" else []
    conditions += [(f"rules.{place}.when", rule["when"]) for place, rule in enumerate(loaded.get("rules") or ())]
    for at, condition in conditions:
        try:
            check(condition, TICKET, at=at)
        except ConditionError as error:
            raise DefinitionWrong(errors=error.errors) from None
    known = in_force(session)
    wrong: dict[str, list[str]] = {}
    named = [("calendar", loaded.get("calendar"))] if purpose == "sla_policy" else []
    named += [(f"rules.{place}.calendar", rule.get("calendar")) for place, rule in enumerate(loaded.get("rules") or ())]
    for at, key in named:
        if key and key not in known.calendars:
            wrong[at] = [_("There is no such calendar.")]
    for place, rule in enumerate(loaded.get("rules") or ()):
        if rule.get("queue") and rule["queue"] not in known.queues:
            wrong[f"rules.{place}.queue"] = [_("There is no such queue.")]
    if wrong:
        raise DefinitionWrong(errors=wrong)
    return loaded


def find(session: Session, purpose: str, key: str) -> Definition:
    """The definition of this purpose and key; NotFound."""
    found = session.scalars(select(Definition).where(Definition.purpose == purpose, Definition.key == key)).first()
    if found is None:
        raise NotFound()
    return found


def publish_definition(
    session: Session,
    *,
    caller: Caller,
    purpose: str,
    key: str,
    body: Mapping[str, Any],
    title: Mapping[str, str] | None = None,
    active: bool = True,
    version: int | None = None,
) -> Definition:
    """Put a new version in force; earlier ones stay readable. `version` is the record's version the caller saw.

    Clocks that run by a changed policy or calendar are worked out anew, see rebasing.py.
    """
    if not is_key(key):
        raise DefinitionWrong(errors={"key": [_("Lower-case letters, digits, - and _, at most 60.")]})
    loaded = checked(session, purpose, body)
    found = session.scalars(select(Definition).where(Definition.purpose == purpose, Definition.key == key)).first()
    if found is None:
        found = Definition(purpose=purpose, key=key, revision=0, created_by=caller.id)
        session.add(found)
    elif version is not None and version != found.version:
        raise StaleVersion()
    found.title = dict(title or found.title or {})
    found.body, found.active = loaded, active
    found.revision += 1
    session.flush()
    session.add(
        DefinitionVersion(
            definition_id=found.id, revision=found.revision, purpose=purpose, key=key, body=loaded,
            published_at=clock.now(), published_by=caller.id,
        )
    )  # fmt: skip
    publish(session, DefinitionPublished(found, kind=purpose, key=key, definition_version=found.revision))
    if purpose == "dispatch_rules":
        _ensure_turns(session, [rule["key"] for rule in loaded["rules"]])
    if purpose in ("sla_policy", "calendar"):
        arm(session, kind=REBASE_TIMER, key="all", due_at=clock.now())
    return found


def _ensure_turns(session: Session, rules: list[str]) -> None:
    """Make the rows that remember whose turn it is, so that choosing only ever locks."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    for rule in rules:
        session.execute(insert(Turn).values(rule=rule, last="").on_conflict_do_nothing(index_elements=["rule"]))


def listed(session: Session, purpose: str) -> list[Definition]:
    """All definitions of a purpose, by key."""
    return list(session.scalars(select(Definition).where(Definition.purpose == purpose).order_by(Definition.key)))


def versions(session: Session, definition: Definition) -> list[DefinitionVersion]:
    """All published versions, newest first."""
    return list(
        session.scalars(
            select(DefinitionVersion)
            .where(DefinitionVersion.definition_id == definition.id)
            .order_by(DefinitionVersion.revision.desc())
        )
    )
