"""The forms of a pool and of the holding limits: a definition as flat fields, and flat fields as a definition."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.errors import Problem
from chassis.i18n import lazy as _
from chassis.i18n import pick
from console.fields import Choice, Field
from console.forms import Form, Group
from engines.ownership.errors import PoolRuleWrong
from engines.ownership.models import PoolRule
from engines.ownership.ownable import Ownable
from engines.ownership.shapes import HoldingShape, PoolShape

SPARE = 2  # empty rules offered beside those there are
MANY = 50
_WHO = ("users", "departments", "roles")
_COUNTS = (Choice(value="working", label=_("working days")), Choice(value="calendar", label=_("calendar days")))


def pool_form(session: Session, kind: Ownable, rule: PoolRule | None, *, url: str) -> Form:
    """The form of a pool, or of a new one."""
    body = rule.body if rule else PoolShape().dump(PoolShape().load({}))
    rules = body["reclaim"]["rules"]
    who = _people(session)
    name = (
        [] if rule else [Field(name="key", label=_("Key"), required=True, max_length=60, help=_("Such as east or vip"))]
    )
    fields = [_of(item.name, item.label) for item in kind.kind.fields if item.name not in ("id", "pool", "owner_id")]
    times = tuple(
        Choice(value=item.name, label=dict(item.label))
        for item in kind.kind.fields
        if item.kind in ("datetime", "date")
    )
    groups = [
        Group(title=_("Pool"), fields=[
            *name,
            Field(name="title_zh", label=_("Chinese name"), max_length=100),
            Field(name="title_en", label=_("English name"), max_length=100),
            Field(name="active", label=_("In force"), kind="boolean"),
            *_who_fields("members", _("Members"), who, help=_("Nobody named: everybody who may claim")),
            *_who_fields("admins", _("Admins"), who, help=_("They see hidden fields, give records away and wait for nothing")),
            Field(name="collects", label=_("Records of these departments return here"), kind="choices",
                  choices=who["departments"]),
            Field(name="hidden_fields", label=_("Hidden until claimed"), kind="choices", choices=tuple(fields)),
        ]),
        Group(title=_("Claims"), fields=[
            _number("daily_limit", _("Claims a day"), help=_("Per person; empty: any number")),
            _number("protect_days", _("Days of protection after a claim")),
            _number("cool_down_days", _("Days the last owner waits")),
            _number("freeze_hours", _("Hours a new arrival rests")),
        ]),
        Group(title=_("Taking back"), fields=[
            _number("grace_days", _("Working days an owner keeps what he got")),
            Field(name="warn_days", label=_("Days ahead the owner is warned"), kind="texts"),
        ]),
        *(_rule_group(number, times) for number in range(min(len(rules) + SPARE, MANY))),
    ]  # fmt: skip
    key = rule.key if rule else "new"
    return Form(
        key=f"pool:{kind.name}:{key}", title=(pick(rule.title) or rule.key) if rule else _("New pool"), action=f"{url}/{key}",
        cancel=url, groups=groups, values=_flat(rule, body), version=rule.version if rule else "",
    )  # fmt: skip


def _rule_group(number: int, times: Sequence[Choice]) -> Group:
    at = f"rule{number}_"
    return Group(title=_("Rule %(n)s", n=number + 1), fields=[
        Field(name=f"{at}zh", label=_("Chinese name"), max_length=100),
        Field(name=f"{at}en", label=_("English name"), max_length=100),
        _number(f"{at}days", _("After days"), help=_("Empty: no such rule")),
        Field(name=f"{at}count", label=_("Counted in"), kind="choice", choices=_COUNTS),
        Field(name=f"{at}since", label=_("Counted from the latest of"), kind="choices", choices=tuple(times),
              help=_("And from the day the owner got it")),
        Field(name=f"{at}when", label=_("Only for"), kind="condition", help=_("Nothing chosen: all")),
    ])  # fmt: skip


def _flat(rule: PoolRule | None, body: Mapping[str, Any]) -> dict[str, Any]:
    title = rule.title if rule else {}
    found = {
        "title_zh": title.get("zh"), "title_en": title.get("en"), "active": rule.active if rule else True,
        "collects": body["collects"], "hidden_fields": body["hidden_fields"], **body["claim"],
        "grace_days": body["reclaim"]["grace_days"], "warn_days": [str(day) for day in body["reclaim"]["warn_days"]],
    }  # fmt: skip
    for part in ("members", "admins"):
        found |= {f"{part}_{name}": body[part][name] for name in _WHO}
    found |= {"rule0_count": "working", "rule1_count": "working"}
    for number, each in enumerate(body["reclaim"]["rules"]):
        at, names = f"rule{number}_", each.get("title") or {}
        found |= {
            f"{at}zh": names.get("zh") or each["key"], f"{at}en": names.get("en"), f"{at}days": each["days"],
            f"{at}count": each["count"], f"{at}since": each["since"], f"{at}when": _json_text(each["when"]),
        }  # fmt: skip
    return found


def pool_body(posted: Mapping[str, Any]) -> dict[str, Any]:
    """The definition that was typed. PoolRuleWrong, naming the form's fields, where something is no number or JSON."""
    wrong: dict[str, Any] = {}
    rules = []
    for number in range(MANY):
        at = f"rule{number}_"
        if posted.get(f"{at}days"):
            title = {"zh": posted[f"{at}zh"] or "", "en": posted[f"{at}en"] or ""}
            rules.append({
                "key": f"rule-{number + 1}", "title": title, "days": _whole(posted, f"{at}days", wrong),
                "count": posted[f"{at}count"] or "working", "since": posted[f"{at}since"] or [],
                "when": _condition(posted, f"{at}when", wrong, {"all": []}),
            })  # fmt: skip
    claim = {
        name: _whole(posted, name, wrong) for name in ("daily_limit", "protect_days", "cool_down_days", "freeze_hours")
    }
    warn = [_whole({"warn_days": day}, "warn_days", wrong) for day in posted["warn_days"] or ()]
    grace = _whole(posted, "grace_days", wrong)
    if wrong:
        raise PoolRuleWrong(errors=wrong)
    return {
        "members": _who_body(posted, "members"), "admins": _who_body(posted, "admins"),
        "collects": posted["collects"] or [], "hidden_fields": posted["hidden_fields"] or [],
        "claim": {name: value for name, value in claim.items() if value is not None or name == "daily_limit"},
        "reclaim": {"rules": rules, "warn_days": warn} | ({} if grace is None else {"grace_days": grace}),
    }  # fmt: skip


def holding_form(session: Session, kind: Ownable, rule: PoolRule | None, *, url: str, cancel: str) -> Form:
    """The form of the holding limits."""
    body = rule.body if rule else HoldingShape().dump(HoldingShape().load({}))
    who = _people(session)
    values: dict[str, Any] = {
        "exempt": "" if body["exempt"] == {"any": []} else _json_text(body["exempt"]),
        "off": [str(day) for day in body["off"]], "on": [str(day) for day in body["on"]],
    }  # fmt: skip
    for number, each in enumerate(body["rules"]):
        at, names = f"rule{number}_", each.get("title") or {}
        values |= {f"{at}zh": names.get("zh") or each["key"], f"{at}en": names.get("en"), f"{at}limit": each["limit"]}
        values |= {f"{at}{name}": each["who"][name] for name in _WHO}
    groups = [
        Group(title=_("Rule %(n)s", n=number + 1), fields=[
            Field(name=f"rule{number}_zh", label=_("Chinese name"), max_length=100),
            Field(name=f"rule{number}_en", label=_("English name"), max_length=100),
            _number(f"rule{number}_limit", _("At most"), help=_("Empty: no such rule")),
            *_who_fields(f"rule{number}", _("For"), who),
        ])
        for number in range(min(len(body["rules"]) + SPARE, MANY))
    ]  # fmt: skip
    last = Group(title=_("Exceptions"), fields=[
        Field(name="exempt", label=_("Records that do not count"), kind="condition", help=_("Nothing chosen: all count")),
        Field(name="off", label=_("Further days off"), kind="texts", help=_("Such as 2026-12-24; public holidays are known")),
        Field(name="on", label=_("Further working days"), kind="texts"),
    ])  # fmt: skip
    return Form(
        key=f"holding:{kind.name}", title=_("Holding limits"), action=url, cancel=cancel, groups=[*groups, last],
        values=values, version=rule.version if rule else "",
    )  # fmt: skip


def holding_body(posted: Mapping[str, Any]) -> dict[str, Any]:
    """The holding limits that were typed. PoolRuleWrong."""
    wrong: dict[str, Any] = {}
    rules = []
    for number in range(MANY):
        at = f"rule{number}_"
        if posted.get(f"{at}limit"):
            rules.append({
                "key": f"rule-{number + 1}", "title": {"zh": posted[f"{at}zh"] or "", "en": posted[f"{at}en"] or ""},
                "limit": _whole(posted, f"{at}limit", wrong), "who": _who_body(posted, f"rule{number}"),
            })  # fmt: skip
    body = {"rules": rules, "exempt": _condition(posted, "exempt", wrong, {"any": []})}
    if wrong:
        raise PoolRuleWrong(errors=wrong)
    return body | {"off": posted["off"] or [], "on": posted["on"] or []}


def errors(problem: Problem) -> dict[str, Any]:
    """What is wrong, at the form's fields where it names them, else above the form with its place."""
    found: dict[str, Any] = {}
    for place, messages in _places(problem.errors or {"": [str(problem)]}):
        parts = place.split(".")
        if parts[:2] == ["reclaim", "rules"] and len(parts) > 3:
            found.setdefault(f"rule{parts[2]}_{parts[3]}", []).extend(messages)
        elif parts[0] == "rules" and len(parts) > 2:
            found.setdefault(f"rule{parts[1]}_{parts[2]}", []).extend(messages)
        elif parts[0] in ("claim", "reclaim") and len(parts) > 1:
            found.setdefault(parts[1], []).extend(messages)
        else:
            found.setdefault(parts[0], []).extend(messages)
    return found


def _places(given: Mapping[Any, Any], at: str = "") -> list[tuple[str, list[Any]]]:
    found = []
    for name, value in given.items():
        place = f"{at}.{name}" if at else str(name)
        if isinstance(value, Mapping):
            found += _places(value, place)
        else:
            found.append((place, list(value) if isinstance(value, list | tuple) else [value]))
    return found


def _people(session: Session) -> dict[str, tuple[Choice, ...]]:
    """People, departments and roles to choose from, by name."""
    known = directory.snapshot(session)
    users = sorted((each.name, each.id) for each in known.users.values() if each.active)
    departments = sorted((each.name, each.id) for each in known.departments.values())
    return {
        "users": tuple(Choice(value=id_, label=name) for name, id_ in users),
        "departments": tuple(Choice(value=id_, label=name) for name, id_ in departments),
        "roles": tuple(Choice(value=key, label=dict(name) or key) for key, name in sorted(known.role_names.items())),
    }


def _who_fields(part: str, label: Any, who: Mapping[str, tuple[Choice, ...]], *, help: Any = "") -> list[Field]:
    labels = {"users": _("people"), "departments": _("departments"), "roles": _("roles")}
    return [
        Field(
            name=f"{part}_{name}", label=_("%(who)s: %(what)s", who=label, what=labels[name]), kind="choices",
            choices=who[name], help=help if name == "users" else "",
        )
        for name in _WHO
    ]  # fmt: skip


def _who_body(posted: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: posted.get(f"{part}_{name}") or [] for name in _WHO}


def _of(name: str, label: Mapping[str, str]) -> Choice:
    return Choice(value=name, label=dict(label) or name)


def _number(name: str, label: Any, *, help: Any = "") -> Field:
    return Field(name=name, label=label, kind="integer", minimum="0", help=help)


def _whole(posted: Mapping[str, Any], name: str, wrong: dict[str, Any]) -> int | None:
    text = str(posted.get(name) if posted.get(name) is not None else "").strip()
    if text and not (text.isascii() and text.isdigit()):
        wrong[name] = [_("Must be a whole number.")]
    return int(text) if text.isascii() and text.isdigit() else None


def _condition(posted: Mapping[str, Any], name: str, wrong: dict[str, Any], nothing: dict[str, Any]) -> Any:
    text = str(posted.get(name) or "").strip()
    if not text:
        return nothing
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        wrong[name] = [_("Not a condition in JSON.")]
        return nothing
    return found


def _json_text(condition: Any) -> str:
    return "" if condition == {"all": []} else json.dumps(condition, ensure_ascii=False)
