"""What of a leaver's sales records goes to successors: accounts with contacts, and all that is still open."""

from typing import Any

from sqlalchemy import true
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines.ownership.hand_over import TASKS, owned, taking_part
from sales import accounts, contracts, opportunities, ownership, quotes, receivables
from sales.models import Account, Contact, Contract, Opportunity, Quote, Receivable


def _account(session: Session, record: Account, to: str, caller: Caller) -> None:
    ownership.assign_account(session, record, owner_id=to, caller=caller, over_limit=True, how="hand_over")


def _contact(session: Session, record: Contact, to: str, caller: Caller) -> None:
    accounts.pass_on_contact(session, record, owner_id=to, caller=caller)


def _opportunity(session: Session, record: Opportunity, to: str, caller: Caller) -> None:
    opportunities.assign(session, record, owner_id=to, caller=caller, how="hand_over")


def _quote(session: Session, record: Quote, to: str, caller: Caller) -> None:
    ownership.pass_on(session, record, owner_id=to, caller=caller, label=record.title, how="hand_over")
    quotes.changed(session, record)


def _contract(session: Session, record: Contract, to: str, caller: Caller) -> None:
    contracts.assign(session, record, owner_id=to, caller=caller, how="hand_over")


def _receivable(session: Session, record: Receivable, to: str, caller: Caller) -> None:
    label = record.number or ""
    ownership.pass_on(session, record, owner_id=to, caller=caller, label=label, how="hand_over")
    receivables.changed(session, record)


def _part(kind: str, model: Any, move: Any) -> Any:
    return owned(kind, model, move, only=ownership.KEPT.get(model, true))


on, due = taking_part(
    _part("account", Account, _account),
    _part("contact", Contact, _contact),
    _part("opportunity", Opportunity, _opportunity),
    _part("quote", Quote, _quote),
    _part("contract", Contract, _contract),
    _part("receivable", Receivable, _receivable),
    TASKS,
)
