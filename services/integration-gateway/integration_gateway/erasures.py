"""Erasing a person in all services: ask, collect what each did, go on while somebody learns more, then forget the keys."""

from collections.abc import Sequence

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis import clock
from chassis.erasure.person import Person
from chassis.events import publish
from chassis.ids import uuid7
from chassis.subscriptions import Received, Subscriptions
from integration_gateway.events import ErasureCompleted, ErasureRequested
from integration_gateway.models import Erasure

MAX_ROUNDS = 6
on = Subscriptions()


def request(
    session: Session, *, person: Person, services: Sequence[str], by: str, dry_run: bool, reason: str = ""
) -> Erasure:
    """Ask every service to erase the person's data, or with `dry_run` only to say where it is."""
    erasure = Erasure(
        id=uuid7(),
        asked_by=by,
        reason=reason,
        dry_run=dry_run,
        services=sorted(services),
        waiting=sorted(services),
        given=sorted(person.given),
        phones=sorted(person.phones),
        emails=sorted(person.emails),
    )
    session.add(erasure)
    session.flush()
    _ask(session, erasure)
    return erasure


class Answered(Schema):
    erasure_id = fields.String(required=True)
    round = fields.Integer(required=True)
    counts = fields.Dict(required=True)
    given = fields.List(fields.String(), required=True)
    found = fields.List(fields.String(), required=True)
    todo = fields.List(fields.String(), required=True)
    phones = fields.List(fields.String(), load_default=list)
    emails = fields.List(fields.String(), load_default=list)


@on("*.person.erased.v1", group="erasures", kind="reaction", reads=Answered)
def answered(session: Session, event: Received) -> None:
    take_answer(session, event)


def take_answer(session: Session, event: Received) -> None:
    """Add one service's answer; when it was the last of its round, begin the next or end."""
    erasure = session.get(Erasure, event.data["erasure_id"], with_for_update=True)
    if erasure is None or erasure.state == "done":
        return
    person = Person(
        given=set(erasure.given), found=set(erasure.found), phones=set(erasure.phones or ()),
        emails=set(erasure.emails or ()),
    )  # fmt: skip
    told = event.data
    person.take(
        Person(
            given=set(told["given"]), found=set(told["found"]), phones=set(told["phones"]), emails=set(told["emails"])
        )
    )
    erasure.given, erasure.found = sorted(person.given), sorted(person.found - person.given)
    erasure.phones, erasure.emails = sorted(person.phones), sorted(person.emails)
    erasure.todo = sorted({*erasure.todo, *told["todo"]})
    erasure.counts = erasure.counts | {event.source: _added(erasure, event)}
    if told["round"] == erasure.round:
        erasure.waiting = [name for name in erasure.waiting if name != event.source]
        if not erasure.waiting:
            _next_round(session, erasure, person)


def _added(erasure: Erasure, event: Received) -> dict[str, int]:
    """Rows by table; a later round finds those of the one before again, so the most that any round found counts."""
    before, now = erasure.counts.get(event.source, {}), dict(event.data["counts"])
    return {name: max(before.get(name, 0), now.get(name, 0)) for name in before.keys() | now.keys()}


def _next_round(session: Session, erasure: Erasure, person: Person) -> None:
    if person.size > erasure.asked and erasure.round < MAX_ROUNDS:
        erasure.round += 1
        erasure.waiting = erasure.services
        session.flush()
        _ask(session, erasure)
        return
    erasure.state, erasure.finished_at = "done", clock.now()
    erasure.phones = erasure.emails = None
    publish(session, ErasureCompleted(subject=f"erasure/{erasure.id}", erasure_id=erasure.id))


def _ask(session: Session, erasure: Erasure) -> None:
    erasure.asked = (
        len(erasure.given) + len(erasure.found or ()) + len(erasure.phones or ()) + len(erasure.emails or ())
    )
    publish(
        session,
        ErasureRequested(
            subject=f"erasure/{erasure.id}",
            erasure_id=erasure.id,
            round=erasure.round,
            dry_run=erasure.dry_run,
            given=erasure.given,
            found=erasure.found or [],
            phones=erasure.phones or [],
            emails=erasure.emails or [],
        ),
    )
