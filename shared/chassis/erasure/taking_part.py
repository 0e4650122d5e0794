"""How every service takes part in an erasure: it hears whom it is about, looks or erases, and says what it did."""

from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.erasure import erasing
from chassis.erasure.person import Person
from chassis.event_log import LOG
from chassis.events import Event, personal, publish
from chassis.subscriptions import Received, Subscriptions

if TYPE_CHECKING:
    from chassis.service import Service

ASKED, ENDED = "gateway.erasure.requested.v1", "gateway.erasure.completed.v1"


def _texts() -> Any:
    return fields.List(fields.String(), load_default=list)


class PersonErased(Event, type="{service}.person.erased.v1"):
    """A service looked for a person's data (`dry_run`), or erased it: rows by table, what else it learnt, what is left to do."""

    erasure_id = fields.String(required=True)
    round = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    given = fields.List(fields.String(), required=True)
    found = fields.List(fields.String(), required=True)
    todo = fields.List(fields.String(), required=True)
    phones = personal(fields.List(fields.String()))
    emails = personal(fields.List(fields.String()))


class Asked(Schema):
    erasure_id = fields.String(required=True)
    round = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    given = fields.List(fields.String(), required=True)
    found = fields.List(fields.String(), required=True)
    phones = _texts()
    emails = _texts()


class Ended(Schema):
    erasure_id = fields.String(required=True)


def subscriptions(service: "Service") -> Subscriptions:
    """The handlers of one service."""
    on = Subscriptions()

    @on(ASKED, group="erasure", kind="reaction", reads=Asked)
    def take_part(session: Session, event: Received) -> None:
        answer(session, service, event.data)

    @on(ENDED, group="erasure", kind="reaction", reads=Ended)
    def forget_keys(session: Session, event: Received) -> None:
        forget(session, event.data["erasure_id"])

    return on


def answer(session: Session, service: "Service", asked: dict[str, Any]) -> None:
    """Look or erase, and publish what came of it."""
    person = Person(
        given=set(asked["given"]), found=set(asked["found"]), phones=set(asked["phones"]), emails=set(asked["emails"])
    )
    left = erasing.todo(session, service.erasers, person)
    act = erasing.look if asked["dry_run"] else erasing.erase
    counts = act(session, service.erasers, person)
    publish(
        session,
        PersonErased(
            subject=f"erasure/{asked['erasure_id']}",
            erasure_id=asked["erasure_id"],
            round=asked["round"],
            dry_run=asked["dry_run"],
            counts=dict(counts),
            given=sorted(person.given),
            found=sorted(person.found),
            todo=left,
            phones=sorted(person.phones),
            emails=sorted(person.emails),
        ),
    )


def forget(session: Session, erasure_id: str) -> None:
    """The phones and addresses that were passed around for an erasure go at its end."""
    subject = f"erasure/{erasure_id}"
    ids = session.execute(select(LOG.c.event_id).where(LOG.c.subject == subject, LOG.c.personal.is_not(None)))
    erasing.empty_events(session, frozenset(ids.scalars()), frozenset({subject}))
