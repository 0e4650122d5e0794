"""What the service desk listens to: customers and their contacts, and tickets that sales asks for."""

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import SYSTEM
from chassis.seeding import Removed
from chassis.subscriptions import NotYet, Received, Subscriptions
from service_desk import hand_over, replica, starting, tickets
from service_desk.models import Account, ContactAddress, Ticket
from service_desk.objects import PRIORITIES, TYPES

on = Subscriptions()
on.include(hand_over.on)


def _text() -> fields.String:
    return fields.String(load_default=None, allow_none=True)


class AccountFact(Schema):
    account_id = fields.String(required=True)
    number, tier, owner_id, department_id = _text(), _text(), _text(), _text()
    name = fields.String(load_default="")


class TierChanged(Schema):
    account_id = fields.String(required=True)
    to_tier = fields.String(required=True)


class ContactFact(Schema):
    contact_id = fields.String(required=True)
    account_id, name = _text(), _text()
    emails = fields.List(fields.String(), load_default=list, allow_none=True)


class TicketRequested(Schema):
    request_id = fields.String(required=True)
    account_id, contract_id = _text(), _text()
    subject = fields.String(required=True)
    body = fields.String(load_default="", allow_none=True)
    priority = fields.String(load_default="normal")
    type = fields.String(load_default="request")


@on(
    "sales.account.created.v1",
    group="customers",
    kind="projection",
    reads=AccountFact,
    tables=[Account, ContactAddress],
)
def account_created(session: Session, event: Received) -> None:
    replica.keep_account(session, **event.data)


@on(
    "sales.account.changed.v1",
    group="customers",
    kind="projection",
    reads=AccountFact,
    tables=[Account, ContactAddress],
)
def account_changed(session: Session, event: Received) -> None:
    replica.keep_account(session, **event.data)


@on(
    "sales.account.tier_changed.v1",
    group="customers",
    kind="projection",
    reads=AccountFact,
    tables=[Account, ContactAddress],
)
def account_tier_changed(session: Session, event: Received) -> None:
    replica.keep_account(session, **event.data)


@on(
    "sales.contact.created.v1",
    group="customers",
    kind="projection",
    reads=ContactFact,
    tables=[Account, ContactAddress],
)
def contact_created(session: Session, event: Received) -> None:
    replica.keep_contact(session, **event.data)


@on(
    "sales.contact.changed.v1",
    group="customers",
    kind="projection",
    reads=ContactFact,
    tables=[Account, ContactAddress],
)
def contact_changed(session: Session, event: Received) -> None:
    replica.keep_contact(session, **event.data)


@on("sales.account.tier_changed.v1", group="tiers", kind="reaction", reads=TierChanged)
def tickets_follow_the_tier(session: Session, event: Received) -> None:
    replica.tier_changed(session, account_id=event.data["account_id"], tier=event.data["to_tier"])


@on("sales.contact.created.v1", group="adoption", kind="reaction", reads=ContactFact)
def tickets_find_their_customer(session: Session, event: Received) -> None:
    account_id, emails = event.data["account_id"], event.data["emails"] or []
    if account_id and emails:
        if session.get(Account, account_id) is None:
            raise NotYet("the customer this contact belongs to")
        replica.adopt(session, account_id=account_id, emails=emails)


@on("sales.ticket.requested.v1", group="requests", kind="reaction", reads=TicketRequested)
def ticket_requested(session: Session, event: Received) -> None:
    data = event.data
    if session.scalars(select(Ticket.id).where(Ticket.request_id == data["request_id"])).first():
        return
    if data["account_id"] and session.get(Account, data["account_id"]) is None:
        raise NotYet("the customer this ticket is for")
    tickets.create(
        session, caller=SYSTEM, channel="sales", subject=data["subject"], text=data["body"] or "",
        account_id=data["account_id"], contract_id=data["contract_id"], request_id=data["request_id"],
        priority=data["priority"] if data["priority"] in PRIORITIES else "normal",
        type=data["type"] if data["type"] in TYPES else "request",
    )  # fmt: skip


@on("gateway.set_up.finished.v1", group="set_up", kind="reaction")
def set_up_finished(session: Session, event: Received) -> None:
    starting.begin(session)


@on("sales.records.removed.v1", group="customers", kind="projection", reads=Removed, tables=[Account, ContactAddress])
@on("sales.demo_data.removed.v1", group="customers", kind="projection", reads=Removed, tables=[Account, ContactAddress])
def demo_data_removed(session: Session, event: Received) -> None:
    replica.forget(session, **event.data)
