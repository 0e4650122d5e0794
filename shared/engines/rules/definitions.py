"""Rules in force: checked when saved, compiled once per version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import Schema, ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.db import Database
from chassis.errors import NotFound
from chassis.i18n import lazy as _
from engines.conditions import ConditionError, Test, check, compile_memory, fields_used
from engines.rules.automated import Automated, kinds_of
from engines.rules.errors import RuleWrong
from engines.rules.models import AutomationRule, AutomationRuleVersion
from engines.rules.shapes import SHAPE

ON_LOG = ("event", "change")
_STAMP = select(func.coalesce(func.sum(AutomationRule.revision), 0))


@dataclass(frozen=True)
class Rule:
    """A rule ready to use. `columns` are those whose change sets it off, `events` the facts."""

    id: str
    key: str
    revision: int
    title: Mapping[str, str]
    about: str
    trigger: Mapping[str, Any]
    events: frozenset[str]
    columns: frozenset[str]
    condition: Mapping[str, Any]
    when: Test
    actions: Sequence[Mapping[str, Any]]
    stop: bool
    hourly: int
    since: datetime | None = None

    @property
    def on_event(self) -> bool:
        """Whether it is set off by the log, so that conditions may look at what changed."""
        return self.trigger["on"] in ON_LOG


@dataclass(frozen=True)
class InForce:
    """The active rules in their order; `stamp` changes with every publication."""

    stamp: int
    rules: Mapping[str, Rule]  # by id
    on_log: Mapping[str, Sequence[Rule]]  # by kind of record


_in_force: WeakKeyDictionary[Database, InForce] = WeakKeyDictionary()


def in_force(session: Session) -> InForce:
    """The compiled rules, as this transaction sees them."""
    database: Database = session.info["database"]
    stamp = int(session.scalar(_STAMP) or 0)
    known = _in_force.get(database)
    if known is None or known.stamp != stamp:
        known = _in_force[database] = _load(session, stamp)
    return known


def _load(session: Session, stamp: int) -> InForce:
    kinds = kinds_of(session)
    wanted = select(AutomationRule).where(AutomationRule.active, AutomationRule.revision > 0)
    rows = session.scalars(wanted.order_by(AutomationRule.place, AutomationRule.key)).all()
    rules = [
        compiled(kinds[row.subject_kind], row.body, id=row.id, key=row.key, revision=row.revision, title=row.title,
                 since=row.since)
        for row in rows
        if row.subject_kind in kinds
    ]  # fmt: skip
    on_log: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.on_event:
            on_log.setdefault(rule.about, []).append(rule)
    return InForce(stamp, {rule.id: rule for rule in rules}, on_log)


def compiled(
    automated: Automated, body: Mapping[str, Any], *, id: str = "", key: str = "draft", revision: int = 0,
    title: Mapping[str, str] | None = None, since: datetime | None = None,
) -> Rule:  # fmt: skip
    """A checked body ready to use."""
    trigger = body["trigger"]
    by_name = automated.kind.by_name
    return Rule(
        id=id, key=key, revision=revision, title=title or {}, about=automated.name, trigger=trigger,
        events=frozenset(trigger.get("events") or ()),
        columns=frozenset(by_name[name].column if not by_name[name].json_key else name for name in trigger.get("fields") or ()),
        condition=body["when"], when=compile_memory(body["when"], automated.kind, trigger["on"] in ON_LOG),
        actions=body["actions"], stop=body["stop"], hourly=body["hourly"], since=since,
    )  # fmt: skip


def checked(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with defaults filled in; RuleWrong names every place that does not hold."""
    try:
        loaded: dict[str, Any] = dict(SHAPE.load(dict(body)))
    except ValidationError as error:
        raise RuleWrong(errors=error.normalized_messages()) from None
    kinds = kinds_of(session)
    automated = kinds.get(loaded["about"])
    if automated is None:
        raise RuleWrong(errors={"about": [_("Choose from: %(names)s", names=", ".join(sorted(kinds)))]})
    errors = _wrong_trigger(automated, loaded["trigger"])
    try:
        check(loaded["when"], automated.kind, loaded["trigger"]["on"] in ON_LOG, at="when")
    except ConditionError as error:
        errors |= error.errors or {}
    for place, action in enumerate(loaded["actions"]):
        errors |= {f"actions.{place}.{name}": found for name, found in _wrong_action(automated, action).items()}
    if errors:
        raise RuleWrong(errors=errors)
    return loaded


def _wrong_trigger(automated: Automated, trigger: Mapping[str, Any]) -> dict[str, Any]:
    by_name, errors = automated.kind.by_name, dict[str, Any]()
    if unknown := [name for name in trigger.get("events") or () if name not in automated.events]:
        errors["trigger.events"] = [_("No such event: %(names)s", names=", ".join(unknown))]
    if unknown := [name for name in trigger.get("fields") or () if name not in by_name]:
        errors["trigger.fields"] = [_("Unknown field: %(names)s", names=", ".join(unknown))]
    if trigger["on"] == "date":
        found = by_name.get(trigger["field"])
        if found is None or found.kind not in ("date", "datetime"):
            errors["trigger.field"] = [_("No such date or time: %(names)s", names=trigger["field"])]
        elif trigger.get("yearly") and found.kind != "date":
            errors["trigger.yearly"] = [_("Only dates come each year.")]
    return errors


def _wrong_action(automated: Automated, action: Mapping[str, Any]) -> dict[str, Any]:
    if action["do"] == "update":
        return {f"values.{name}": found for name, found in _wrong_values(automated, action["values"]).items()}
    if action["do"] == "assign" and automated.assign is None:
        return {"do": [_("These records cannot be given to a person.")]}
    if action["do"] == "mail":
        return {}
    if action["do"] in ("assign", "task", "notify") and {"customer"} & set(action.get("to") or ()):
        return {"to": [_("The customer can only be sent mail.")]}
    if action["do"].startswith("step:"):
        step = automated.step(action["do"])
        if step is None:
            return {
                "do": [_("Choose from: %(names)s", names=", ".join(f"step:{name}" for name in sorted(automated.steps)))]
            }
        given = action.get("values") or {}
        wrong = {
            f"values.{name}": [_("Unknown field: %(names)s", names=name)] for name in given.keys() - step.values.keys()
        }
        missing = {name for name in step.required if not given.get(name)}
        wrong |= {f"values.{name}": [_("Missing data for required field.")] for name in sorted(missing)}
        for name, choices in step.choices.items():
            if given.get(name) and given[name] not in choices:
                wrong[f"values.{name}"] = [_("Choose from: %(names)s", names=", ".join(choices))]
        return wrong
    return {}


def _wrong_values(automated: Automated, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        written(automated, values)
    except RuleWrong as wrong:
        return dict(wrong.errors or {})
    return {}


def written(automated: Automated, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an update as its use case takes them; what people typed as text is read by the field's kind. RuleWrong."""
    editable = automated.editable()
    errors: dict[str, Any] = {
        name: [_("Unknown field: %(names)s", names=name)] for name in values.keys() - editable.keys()
    }
    given = {name: _typed(editable[name].kind, value) for name, value in values.items() if name in editable}
    shape: Schema = automated.shape(partial=True)
    try:
        loaded: dict[str, Any] = shape.load(given)
    except ValidationError as error:
        errors |= error.normalized_messages()
    if errors:
        raise RuleWrong(errors=errors)
    return loaded


def _typed(kind: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if kind == "boolean":
        return value.strip().lower() in ("true", "1", "yes", "是")
    if kind in ("choices", "texts"):
        return [part.strip() for part in value.replace("，", ",").split(",") if part.strip()]
    return value


def used(rule: Rule) -> set[str]:
    """The fields a rule looks at, for a decision's inputs."""
    trigger = rule.trigger
    return (
        fields_used(rule.condition)
        | set(trigger.get("fields") or ())
        | ({trigger["field"]} if trigger.get("field") else set())
    )


def find(session: Session, key: str) -> AutomationRule:
    """The rule of this key; NotFound."""
    found = row(session, key)
    if found is None:
        raise NotFound()
    return found


def row(session: Session, key: str) -> AutomationRule | None:
    """The rule of this key, None when there is none."""
    return session.scalars(select(AutomationRule).where(AutomationRule.key == key)).first()


def listed(session: Session) -> Sequence[AutomationRule]:
    """All rules in the order in which they run."""
    return session.scalars(select(AutomationRule).order_by(AutomationRule.place, AutomationRule.key)).all()


def versions(session: Session, rule: AutomationRule) -> Sequence[AutomationRuleVersion]:
    """All published versions, newest first."""
    wanted = select(AutomationRuleVersion).where(AutomationRuleVersion.rule_id == rule.id)
    return session.scalars(wanted.order_by(AutomationRuleVersion.revision.desc())).all()


def plain(value: Any) -> Any:
    """A value as JSON."""
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else value
