"""The check before publishing: structure, conditions against the subject's fields, coverage of branches, and people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from approvals import coverage, structure
from approvals.blocks import HUMAN
from approvals.people import People, find
from approvals.subjects import SubjectKind
from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.conditions import ConditionError
from engines.conditions import check as check_condition


class Staff(People, Protocol):
    """People that can also be listed."""

    def everybody(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Finding:
    """An error keeps the definition from being published, a warning does not. `example` is a case that shows it."""

    level: str
    at: str
    code: str
    text: Text
    example: Mapping[str, Any] = field(default_factory=dict)

    def read(self) -> str:
        """The message in the current language, with its example."""
        return f"{self.text} {coverage.sentence(self.example)}".strip()

    def document(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "at": self.at,
            "code": self.code,
            "text": self.read(),
            "example": dict(self.example),
        }


def check(body: Any, kind: SubjectKind, people: Staff) -> list[Finding]:
    """Everything wrong with a definition, or worth knowing: errors first."""
    found = [
        Finding("error", at, "structure", message)
        for at, messages in structure.check(body).items()
        for message in messages
    ]
    if not found:
        found = [*_conditions(body, kind)]
    if not found:
        found = [*coverage.findings(body, kind, Finding)]
        for at, node in places(body["nodes"], "nodes"):
            if node["type"] in (*HUMAN, "cc"):
                found += _people(node, at, kind, people)
    return sorted(found, key=lambda finding: finding.level != "error")


def places(nodes: Sequence[Mapping[str, Any]], at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every node with its place in the definition."""
    for index, node in enumerate(nodes):
        here = f"{at}[{index}]"
        yield here, node
        for number, branch in enumerate(node.get("branches", ())):
            yield from places(branch["nodes"], f"{here}.branches[{number}].nodes")


def _conditions(body: Mapping[str, Any], kind: SubjectKind) -> Iterator[Finding]:
    for at, node in places(body["nodes"], "nodes"):
        if node["type"] != "condition":
            continue
        for number, branch in enumerate(node["branches"]):
            if branch.get("when") is None:
                continue
            try:
                check_condition(branch["when"], kind.type, at=f"{at}.branches[{number}].when")
            except ConditionError as error:
                for place, messages in (error.errors or {}).items():
                    for message in messages:
                        yield Finding("error", place, "condition", message)


def _people(node: Mapping[str, Any], at: str, kind: SubjectKind, people: Staff) -> Iterator[Finding]:
    """Whether the rule finds somebody: for fixed people at all, for rules about who asks for each who may ask."""
    who, place = node["who"], f"{at}.who"
    level = "error" if node["type"] in HUMAN and node.get("nobody", "to_admin") != "skip" else "warning"
    match who["kind"]:
        case "field":
            named = kind.type.by_name.get(who["field"])
            if named is None or named.kind not in ("person", "texts"):
                yield Finding(
                    "error",
                    place,
                    "no_such_field",
                    _("%(name)s is no person field of this subject.", name=who["field"]),
                )
        case "users" | "role":
            if not find(who, {}, initiator="", people=people).users:
                yield Finding(level, place, "finds_nobody", _("This rule finds nobody at present."))
        case "department_head" if who.get("department_id"):
            if not find(who, {}, initiator="", people=people).users:
                yield Finding(level, place, "finds_nobody", _("This rule finds nobody at present."))
        case "manager" | "department_head" | "owner_manager":
            yield from _by_initiator(node, place, level, people)


def _by_initiator(node: Mapping[str, Any], place: str, level: str, people: Staff) -> Iterator[Finding]:
    everybody = people.everybody()
    own = node.get("own", "manager")
    without = [
        person
        for person in everybody
        if not find(node["who"], {"owner_id": person}, initiator=person, people=people, own=own).users
    ]
    if everybody and len(without) == len(everybody):
        yield Finding(level, place, "finds_nobody", _("This rule finds nobody, whoever asks."))
    elif without:
        text = _("This rule finds nobody when %(n)s of the people ask.", n=len(without))
        yield Finding("warning", place, "finds_nobody_for", text, {"initiator": without[0]})
