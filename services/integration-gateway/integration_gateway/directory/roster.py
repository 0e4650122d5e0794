"""Departments and people from a pasted table: read and checked as a whole, then entered as a whole."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.i18n import gettext as _
from integration_gateway.directory import departments, users
from integration_gateway.models import Department, Role, User

LIMIT = 2000  # rows of one paste
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_BETWEEN = re.compile(r"\s*[/／>]\s*")
_HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "姓名", "名字"),
    "email": ("email", "e-mail", "mail", "邮箱", "电子邮箱", "电子邮件"),
    "mobile": ("mobile", "phone", "手机", "手机号", "电话"),
    "title": ("position", "title", "职务", "职位", "岗位"),
    "department": ("department", "部门"),
    "roles": ("role", "roles", "角色"),
}
_ORDER = ("name", "email", "department", "roles", "title", "mobile")  # of a table without headings


@dataclass(frozen=True)
class Entry:
    """One person as read; `department` is the path from below the company down."""

    line: int
    name: str
    email: str
    department: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    title: str = ""
    mobile: str = ""


@dataclass
class Sheet:
    """What a paste says; with `faults` (line by line, in the reader's language) nothing of it is entered."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def role_names(session: Session) -> dict[str, str]:
    """Every way to write a role (key, zh, en; in small letters) → its key."""
    found: dict[str, str] = {}
    for role in session.scalars(select(Role)):
        for name in (role.key, *role.name.values()):
            found[name.strip().lower()] = role.key
    return found


def read(text: str, *, roles: Mapping[str, str], taken: Sequence[str] = ()) -> Sheet:
    """Read lines of comma, tab or semicolon separated values, with or without headings. Pure.

    Columns without headings: name, e-mail, department path ("Sales/East"), roles, position, mobile. `taken` are e-mail
    addresses that exist already.
    """
    sheet, seen = Sheet(), {each.lower() for each in taken}
    rows = _rows(text)
    columns = _columns(rows[0][1]) if rows else {}
    if columns:
        rows = rows[1:]
    else:
        columns = dict(zip(_ORDER, range(len(_ORDER)), strict=True))
    if not rows:
        sheet.faults.append(_("There is no line with a person in it"))
    if len(rows) > LIMIT:
        sheet.faults.append(_("At most %(n)s lines at a time", n=LIMIT))
        rows = []
    for line, cells in rows:
        entry, wrong = _entry(line, cells, columns, roles)
        if entry.email.lower() in seen:
            wrong.append(_("the e-mail address exists already"))
        seen.add(entry.email.lower())
        sheet.faults += [_("Line %(line)s: %(fault)s", line=line, fault=each) for each in wrong]
        sheet.entries.append(entry)
    return sheet


def paths(text: str) -> list[tuple[str, ...]]:
    """Departments written one a line, each as a path ("Sales/East") or indented below the one above. Pure."""
    found: list[tuple[str, ...]] = []
    above: list[tuple[int, tuple[str, ...]]] = []
    for line in text.replace("\t", "    ").splitlines():
        parts = tuple(part for part in _BETWEEN.split(line.strip()) if part)
        if not parts:
            continue
        depth = len(line) - len(line.lstrip(" 　"))
        while above and above[-1][0] >= depth:
            above.pop()
        path = (above[-1][1] if above else ()) + parts
        above.append((depth, path))
        found += [path[:n] for n in range(1, len(path) + 1) if path[:n] not in found]
    return found


def grow(session: Session, wanted: Sequence[tuple[str, ...]], *, company: str, by: str) -> dict[tuple[str, ...], str]:
    """Make the departments of these paths that are missing, the company at the top; path → id, () is the company."""
    root = session.scalars(select(Department).where(Department.parent_id.is_(None))).first()
    if root is None:
        root = departments.create(session, name=company, parent_id=None, by=by)
    ids: dict[tuple[str, ...], str] = {(): root.id}
    known = {(row.parent_id, row.name): row.id for row in session.scalars(select(Department))}
    for path in wanted:
        for depth in range(1, len(path) + 1):
            part = path[:depth]
            if part in ids:
                continue
            above = ids[part[:-1]]
            made = known.get((above, part[-1]))
            ids[part] = made or departments.create(session, name=part[-1], parent_id=above, by=by).id
    return ids


def enter(session: Session, entries: Sequence[Entry], *, company: str, by: str) -> list[User]:
    """Enter these people and the departments they name."""
    ids = grow(session, [entry.department for entry in entries], company=company, by=by)
    return [
        users.create(
            session, by=by, name=entry.name, email=entry.email, department_id=ids[entry.department],
            roles=list(entry.roles), title=entry.title or None, mobile=entry.mobile or None, locale="zh",
        )
        for entry in entries
    ]  # fmt: skip


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(line number, cells) of each line that says something."""
    lines = text.replace("\r\n", "\n").replace("，", ",").split("\n")
    first = next((line for line in lines if line.strip()), "")
    mark = max("\t,;", key=first.count)
    found = []
    for number, line in enumerate(lines, start=1):
        cells = next(csv.reader([line], delimiter=mark), [])
        if any(cell.strip() for cell in cells):
            found.append((number, [cell.strip() for cell in cells]))
    return found


def _columns(cells: Sequence[str]) -> dict[str, int]:
    """Which column holds what, by its heading; empty when the first line is no headings."""
    found = {}
    for place, cell in enumerate(cells):
        for name, written in _HEADINGS.items():
            if cell.lower().strip("* ") in written:
                found[name] = place
    return found if {"name", "email"} <= found.keys() else {}


def _entry(
    line: int, cells: Sequence[str], columns: Mapping[str, int], roles: Mapping[str, str]
) -> tuple[Entry, list[str]]:
    given: dict[str, Any] = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
    wrong = []
    if not 1 <= len(given["name"]) <= 120:
        wrong.append(_("the name is missing"))
    if not _EMAIL.fullmatch(given["email"]) or len(given["email"]) > 254:
        wrong.append(_("“%(text)s” is no e-mail address", text=given["email"][:80]))
    named = [part.strip() for part in re.split(r"[、|;+]", given.get("roles", "")) if part.strip()]
    unknown = [part for part in named if part.lower() not in roles]
    if unknown:
        wrong.append(_("there is no role “%(role)s”", role=unknown[0][:80]))
    path = tuple(part for part in _BETWEEN.split(given.get("department", "")) if part)
    if any(len(part) > 120 for part in path):
        wrong.append(_("the department's name is too long"))
    if len(given.get("mobile", "")) > 32 or len(given.get("title", "")) > 120:
        wrong.append(_("position or mobile is too long"))
    entry = Entry(
        line=line, name=given["name"], email=given["email"], department=path,
        roles=tuple(roles[part.lower()] for part in named if part.lower() in roles),
        title=given.get("title", ""), mobile=given.get("mobile", ""),
    )  # fmt: skip
    return entry, wrong
