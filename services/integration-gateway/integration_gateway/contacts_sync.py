"""The directory kept in step with a chat platform's contacts: a hint by event refetches one member, a nightly check all.

Names travel by the nightly check only (WeCom's events carry just ids). Every check leaves a difference report.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.db import Database
from chassis.errors import Problem
from chassis.events import publish
from chassis.service import Runtime
from chassis.timers import Timer, Timers, arm, arm_once
from integration_gateway.connectors import configured, settings
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.events import ContactsCompared
from integration_gateway.connectors.models import Connector, ContactCheck
from integration_gateway.connectors.wecom import contacts
from integration_gateway.directory import departments, users
from integration_gateway.models import Department, User

log = logging.getLogger(__name__)
due = Timers()

MOST_LEAVERS = 0.2  # more people gone at once is a lost visibility, not a wave of resignations
RETRY = timedelta(minutes=2)


def begin(session: Session) -> None:
    """Arm the nightly check; done at every start."""
    arm_once(session, kind="contacts_check", key="nightly", due_at=_next_night())


@due("contacts_check")
def nightly(session: Session, timer: Timer) -> None:
    """Ask for a full check of every connector that has contacts."""
    for connector in configured.listed(session):
        if connector.enabled and "contacts" in configured.kind_of(connector.kind).capabilities:
            ask(session, connector)
    arm(session, kind="contacts_check", key="nightly", due_at=_next_night())


def ask(session: Session, connector: Connector, *, member: str = "", apply: bool = True) -> ContactCheck:
    """Order a check, of one member or in full; it is carried out by the worker."""
    check = ContactCheck(connector_id=connector.id, member=member, apply=apply)
    session.add(check)
    session.flush()
    return check


def run_forever(runtime: Runtime) -> None:
    """Carry out the checks that were asked for, until the worker stops."""
    with runtime.database.transaction() as session:
        begin(session)
    while not runtime.stopping.is_set():
        try:
            for check_id in _asked(runtime.database):
                carry_out(runtime.database, check_id)
        except Exception:
            log.exception("contacts could not be compared")
        runtime.stopping.wait(1.0)


def carry_out(database: Database, check_id: str) -> None:
    """Read the contacts with no transaction open, then compare and apply in one."""
    with database.reading() as session:
        check = session.get(ContactCheck, check_id)
        connector = session.get(Connector, check.connector_id) if check else None
        if check is None or connector is None:
            return
        client = configured.client(connector)
    try:
        found_departments = [] if check.member else contacts.departments(client)
        people = _members(client, check.member, found_departments)
    except ConnectorError as error:
        with database.transaction() as session:
            failed = session.get(ContactCheck, check_id)
            if failed is not None:
                failed.error = str(error)[:1000]
                failed.due_at = None if error.permanent else clock.now() + RETRY
        return
    with database.transaction() as session:
        fresh = session.get(ContactCheck, check_id)
        if fresh is not None:
            _settle(session, fresh, found_departments, people)


def _members(client: Any, member: str, found: Iterable[contacts.Department]) -> dict[str, contacts.Member]:
    if not member:
        return {one.id: one for one in contacts.members(client, found)}
    one = contacts.member(client, member)
    return {one.id: one} if one else {}


def _settle(
    session: Session,
    check: ContactCheck,
    found: list[contacts.Department],
    people: Mapping[str, contacts.Member],
) -> None:
    connector = session.get(Connector, check.connector_id)
    assert connector is not None
    system = connector.kind
    refused: list[dict[str, str]] = []
    tree = _compare_departments(session, system, found) if found else contacts.Difference()
    if check.apply:
        _apply_departments(session, system, found, tree, refused)
        _link_by_mail(session, system, people)
    staff = _compare_people(session, system, people, check.member)
    if check.apply:
        _apply_people(session, system, people, staff, refused)
    check.report = {"departments": asdict(tree), "people": asdict(staff), "refused": refused}
    check.differences = tree.count + staff.count
    check.done_at, check.due_at, check.error = clock.now(), None, None
    publish(
        session,
        ContactsCompared(
            subject=f"connector/{connector.id}",
            check_id=check.id,
            system=system,
            differences=check.differences,
            applied=check.apply,
        ),
    )


def _compare_departments(session: Session, system: str, found: list[contacts.Department]) -> contacts.Difference:
    ours = {one.id: one for one in session.scalars(select(Department))}
    outside = {key: (one.external_ids or {}).get(system, "") for key, one in ours.items()}
    known = {
        outside[key]: {"name": one.name, "parent": outside.get(one.parent_id or "") or None}
        for key, one in ours.items()
        if outside[key]
    }
    return contacts.compare({one.id: {"name": one.name, "parent": one.parent_id} for one in found}, known)


def _apply_departments(
    session: Session,
    system: str,
    found: list[contacts.Department],
    difference: contacts.Difference,
    refused: list[dict[str, str]],
) -> None:
    """New ones under their parent, renamed and moved ones as there; one that is gone there stays until it is empty."""
    new = {row["id"] for row in difference.missing_here}
    changed = {row["id"] for row in difference.changed}
    for one in found:
        by_outside = _departments(session, system)
        parent = by_outside.get(one.parent_id or "")
        try:
            if one.id in new and (parent is not None or not by_outside):
                above = parent.id if parent else None
                departments.create(session, name=one.name, parent_id=above, external_ids={system: one.id})
            elif one.id in changed:
                moved = {"parent_id": parent.id} if parent is not None else {}
                departments.change(session, by_outside[one.id], name=one.name, **moved)
        except Problem as problem:
            refused.append({"id": one.id, "why": str(problem)})


def _compare_people(
    session: Session, system: str, people: Mapping[str, contacts.Member], only: str
) -> contacts.Difference:
    places = {one.id: key for key, one in _departments(session, system).items()}
    ours = {
        outside: {
            "name": user.name,
            "department": places.get(user.department_id or ""),
            "position": user.title or "",
            "active": user.active,
        }
        for user in session.scalars(select(User))
        if (outside := (user.external_ids or {}).get(system)) and (not only or outside == only)
    }
    theirs = {
        key: {
            "name": one.name,
            "department": next((place for place in one.departments if place in places.values()), None),
            "position": one.position,
            "active": one.active,
        }
        for key, one in people.items()
    }
    gone = [key for key, row in ours.items() if key not in theirs and not row["active"]]
    return contacts.compare(theirs, {key: row for key, row in ours.items() if key not in gone})


def _apply_people(
    session: Session,
    system: str,
    people: Mapping[str, contacts.Member],
    difference: contacts.Difference,
    refused: list[dict[str, str]],
) -> None:
    """Changed people as there; who is gone there leaves here at once, unless implausibly many are."""
    mapped = {
        outside: user for user in session.scalars(select(User)) if (outside := (user.external_ids or {}).get(system))
    }
    places = _departments(session, system)
    for row in difference.changed:
        member, user = people[row["id"]], mapped[row["id"]]
        values: dict[str, Any] = {"name": member.name, "active": member.active}
        if member.position:
            values["title"] = member.position
        if place := next((places[one] for one in member.departments if one in places), None):
            values["department_id"] = place.id
        _change(session, user, values, row["id"], refused)
    leavers = [row["id"] for row in difference.missing_there]
    if len(leavers) > max(1.0, MOST_LEAVERS * len(mapped)):
        refused += [{"id": one, "why": "too many people are missing at once"} for one in leavers]
        return
    for one in leavers:
        _change(session, mapped[one], {"active": False}, one, refused)


def _change(session: Session, user: User, values: dict[str, Any], outside: str, refused: list[dict[str, str]]) -> None:
    try:
        users.change(session, user, **values)
    except Problem as problem:
        refused.append({"id": outside, "why": str(problem)})


def _link_by_mail(session: Session, system: str, people: Mapping[str, contacts.Member]) -> None:
    """Give people who are not mapped yet their outside id, where the platform shows us the same mail address."""
    mapped = {(user.external_ids or {}).get(system) for user in session.scalars(select(User))}
    for one in people.values():
        user = users.by_email(session, one.email) if one.email and one.id not in mapped else None
        if user is not None and not (user.external_ids or {}).get(system):
            users.change(session, user, external_ids=(user.external_ids or {}) | {system: one.id})


def _departments(session: Session, system: str) -> dict[str, Department]:
    """Our departments by their outside id."""
    rows = session.scalars(select(Department))
    return {outside: one for one in rows if (outside := (one.external_ids or {}).get(system))}


def _asked(database: Database) -> list[str]:
    with database.reading() as session:
        waiting = select(ContactCheck.id).where(ContactCheck.due_at <= clock.now(), ContactCheck.done_at.is_(None))
        return list(session.scalars(waiting.order_by(ContactCheck.asked_at).limit(20)))


def _next_night() -> datetime:
    """The next time the configured hour strikes in the company's time zone."""
    given = settings.current()
    now = clock.now().astimezone(ZoneInfo(given.time_zone))
    night = now.replace(hour=given.contacts_check_hour, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)
