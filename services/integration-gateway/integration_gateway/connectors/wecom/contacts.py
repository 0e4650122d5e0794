"""The company's departments and members read from WeCom, and how they differ from ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.wecom.client import WeCom

NO_SUCH_MEMBER, NO_SUCH_DEPARTMENT = "60111", "60123"


@dataclass(frozen=True, kw_only=True)
class Department:
    """A department; ids are WeCom's, as text."""

    id: str
    name: str
    parent_id: str | None
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member. Apps made after June 2022 see no mobile and no mail, so both may be empty."""

    id: str
    name: str
    departments: tuple[str, ...]
    position: str = ""
    email: str = ""
    mobile: str = ""
    active: bool = True


@dataclass(kw_only=True)
class Difference:
    """What a full check found: entries are {id, name, …}; `changed` also says field → [ours, theirs]."""

    missing_here: list[dict[str, Any]] = field(default_factory=list)
    missing_there: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.missing_here) + len(self.missing_there) + len(self.changed)


def departments(client: WeCom) -> list[Department]:
    """All departments the app may see, parents before children."""
    rows = client.get("department/list")["department"]
    known = {str(row["id"]) for row in rows}
    found = [_department(row, known) for row in rows]
    return sorted(found, key=lambda item: _depth(item, {one.id: one for one in found}))


def members(client: WeCom, found: Iterable[Department]) -> list[Member]:
    """All members, asked for department by department: the whole company at once is refused as too large."""
    people: dict[str, Member] = {}
    for department in found:
        answer = client.get("user/list", department_id=department.id, fetch_child=0)
        for row in answer["userlist"]:
            people[row["userid"]] = _member(row)
    return list(people.values())


def member(client: WeCom, user_id: str) -> Member | None:
    """One member read again after a change event; None when there is none any more."""
    try:
        return _member(client.get("user/get", userid=user_id))
    except ConnectorError as error:
        if error.code == NO_SUCH_MEMBER:
            return None
        raise


def compare(theirs: Mapping[str, Mapping[str, Any]], ours: Mapping[str, Mapping[str, Any]]) -> Difference:
    """Difference report between two sets of {id: {field: value}}; only fields both sides know are compared."""
    report = Difference()
    for key, row in theirs.items():
        if key not in ours:
            report.missing_here.append({"id": key, **row})
            continue
        fields = {name: [ours[key][name], row[name]] for name in row.keys() & ours[key].keys()}
        different = {name: pair for name, pair in sorted(fields.items()) if pair[0] != pair[1]}
        if different:
            report.changed.append({"id": key, "name": row.get("name", ""), "fields": different})
    report.missing_there = [{"id": key, **row} for key, row in ours.items() if key not in theirs]
    return report


def _department(row: Mapping[str, Any], known: set[str]) -> Department:
    parent = str(row.get("parentid", 0))
    return Department(
        id=str(row["id"]),
        name=row["name"],
        parent_id=parent if parent in known else None,
        heads=tuple(row.get("department_leader") or ()),
    )


def _depth(department: Department, by_id: Mapping[str, Department]) -> int:
    depth, seen = 0, {department.id}
    while department.parent_id and department.parent_id not in seen:
        department = by_id[department.parent_id]
        seen.add(department.id)
        depth += 1
    return depth


def _member(row: Mapping[str, Any]) -> Member:
    main = str(row["main_department"]) if row.get("main_department") else None
    listed = [str(one) for one in row.get("department", ())]
    ordered = ([main] if main else []) + [one for one in listed if one != main]
    return Member(
        id=row["userid"],
        name=row.get("name", row["userid"]),
        departments=tuple(ordered),
        position=row.get("position", ""),
        email=row.get("biz_mail") or row.get("email", ""),
        mobile=row.get("mobile", ""),
        active=row.get("status", 1) != 2,
    )
