"""Scoring model, assignment rules, duplicate policy and forms: versioned, checked, compiled once per version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.db import Database, is_sqlite
from chassis.errors import NotFound, StaleVersion
from chassis.events import publish
from chassis.i18n import lazy as _
from engines.conditions import ConditionError, check, compile_memory
from engines.conditions.context import company_zone
from leads import assignment, scoring
from leads.definition_schemas import SCHEMAS, is_key
from leads.errors import DefinitionWrong
from leads.events import DefinitionPublished
from leads.models import Definition, DefinitionVersion, RuleTurn
from leads.objects import LEAD

STAMP = select(func.coalesce(func.sum(Definition.__table__.c.revision), 0)).scalar_subquery()


@dataclass(frozen=True)
class Policy:
    """What happens to a lead that seems to exist already."""

    version: int
    default: str
    by_source: Mapping[str, str]
    threshold: int

    def for_source(self, source: str) -> str:
        return self.by_source.get(source, self.default)


@dataclass(frozen=True)
class InForce:
    """Every definition as it is in force, compiled; `stamp` changes with every publication."""

    stamp: int
    model: scoring.Model
    rules: assignment.RuleSet
    policy: Policy
    forms: Mapping[str, dict[str, Any]]


_in_force: WeakKeyDictionary[Database, InForce] = WeakKeyDictionary()


def in_force(session: Session, *, stamp: int | None = None) -> InForce:
    """The compiled definitions; `stamp` saves the query that asks whether they are still the same."""
    database: Database = session.info["database"]
    if stamp is None:
        stamp = int(session.execute(select(STAMP)).scalar_one())
    known = _in_force.get(database)
    if known is None or known.stamp != stamp:
        known = _in_force[database] = _load(session, stamp)
    return known


def _load(session: Session, stamp: int) -> InForce:
    rows = session.execute(
        select(Definition.purpose, Definition.key, Definition.revision, Definition.body)
        .where(Definition.active, Definition.revision > 0)
        .order_by(Definition.created_at)
    ).all()
    newest = {row.purpose: row for row in rows}
    model, rules, policy = (newest.get(each) for each in ("scoring_model", "assignment_rules", "duplicate_policy"))
    return InForce(
        stamp=stamp,
        model=compile_model(
            model.body if model else {}, key=model.key if model else "", version=model.revision if model else 0
        ),
        rules=compile_rules(rules.body if rules else {}, version=rules.revision if rules else 0),
        policy=compile_policy(policy.body if policy else {}, version=policy.revision if policy else 0),
        forms={row.key: {"revision": row.revision, **row.body} for row in rows if row.purpose == "capture_form"},
    )


def compile_condition(condition: Any) -> Any:
    """The test of a condition on leads."""
    return compile_memory(condition, LEAD)


def compile_model(body: Mapping[str, Any], *, key: str = "draft", version: int = 0) -> scoring.Model:
    """A scoring model ready to use."""
    return scoring.compile_model(body, key=key, version=version, condition=compile_condition)


def compile_rules(body: Mapping[str, Any], *, version: int = 0) -> assignment.RuleSet:
    """An assignment rule set ready to use."""
    return assignment.compile_rules(body, version=version, zone=company_zone(), condition=compile_condition)


def compile_policy(body: Mapping[str, Any], *, version: int = 0) -> Policy:
    """A duplicate policy ready to use."""
    return Policy(version, body.get("default", "link"), body.get("by_source") or {}, int(body.get("threshold", 85)))


def checked(purpose: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with defaults filled in; DefinitionWrong names every place that does not hold."""
    try:
        loaded = SCHEMAS[purpose].dump(SCHEMAS[purpose].load(dict(body)))
    except ValidationError as error:
        raise DefinitionWrong(errors=error.normalized_messages()) from None
    for place, rule in enumerate(loaded.get("rules") or ()):
        try:
            check(rule["when"], LEAD, at=f"rules.{place}.when")
        except ConditionError as error:
            raise DefinitionWrong(errors=error.errors) from None
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
    """Put a new version in force; earlier ones stay readable. `version` is the record's version the caller saw."""
    if not is_key(key):
        raise DefinitionWrong(errors={"key": [_("Lower-case letters, digits, - and _, at most 60.")]})
    body = checked(purpose, body)
    found = session.scalars(select(Definition).where(Definition.purpose == purpose, Definition.key == key)).first()
    if found is None:
        found = Definition(purpose=purpose, key=key, revision=0, created_by=caller.id)
        session.add(found)
    elif version is not None and version != found.version:
        raise StaleVersion()
    found.title = dict(title or body.get("title") or found.title or {})
    found.body, found.active = body, active
    found.revision += 1
    session.flush()
    session.add(
        DefinitionVersion(
            definition_id=found.id, revision=found.revision, body=body, published_at=clock.now(), published_by=caller.id
        )
    )
    publish(session, DefinitionPublished(found, kind=purpose, key=key, definition_version=found.revision))
    if purpose == "assignment_rules":
        ensure_turns(session, [rule["key"] for rule in body.get("rules", ())])
    return found


def ensure_turns(session: Session, rules: list[str]) -> None:
    """Make the rows that remember whose turn it is, so that choosing only ever locks."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    for rule in rules:
        session.execute(insert(RuleTurn).values(rule=rule, state={}).on_conflict_do_nothing(index_elements=["rule"]))


def versions(session: Session, definition: Definition) -> list[DefinitionVersion]:
    """All published versions, newest first."""
    return list(
        session.scalars(
            select(DefinitionVersion)
            .where(DefinitionVersion.definition_id == definition.id)
            .order_by(DefinitionVersion.revision.desc())
        )
    )
