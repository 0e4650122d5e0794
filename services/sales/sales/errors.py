"""Why sales refuses something. Each becomes a problem document with its code; the texts are translated."""

from typing import Any

from chassis.errors import Conflict, Invalid
from chassis.i18n import lazy as _


class GateClosed(Conflict):
    """The stage demands more; `missing` names fields, checklist items and documents, `next_stage` the stage."""

    code, title = "gate_closed", _("The stage is not open to this opportunity yet")


class OpportunityClosed(Conflict):
    code, title = "opportunity_closed", _("The opportunity is won by an approved contract and cannot move any more")


class WrongState(Conflict):
    """The record's `state` does not allow the action; `allowed` lists the states that do."""

    code, title = "wrong_state", _("This is not possible in the present state")

    def __init__(self, *, state: str, allowed: tuple[str, ...], **facts: Any):
        super().__init__(state=state, allowed=list(allowed), **facts)


class DuplicateAccount(Conflict):
    """Accounts that look like the same customer are in `candidates`; send `allow_duplicate` to create it anyway."""

    code, title = "duplicate_account", _("This customer seems to exist already")


class ApprovalNeeded(Conflict):
    """`reasons` say why."""

    code, title = "approval_needed", _("This quote needs approval before it goes out")


class AlreadyBooked(Conflict):
    code, title = "already_booked", _("A payment with this external id is booked already")


class UnknownStage(Invalid):
    code, title = "unknown_stage", _("The pipeline has no such stage")


class PlanMismatch(Invalid):
    code, title = "plan_mismatch", _("The terms of the payment plan do not sum to the contract's amount")


class NoExchangeRate(Invalid):
    code, title = "no_exchange_rate", _("There is no exchange rate for this currency")


class NoPrice(Invalid):
    code, title = "no_price", _("The price book has no price for a product; type one")


class BadAmount(Invalid):
    code, title = "bad_amount", _("An amount or price cannot be stored exactly")


class UnknownReference(Invalid):
    code, title = "unknown_reference", _("Something this refers to does not exist")
