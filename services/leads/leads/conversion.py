"""Conversion: asked by event, answered by sales, exactly once. A failure names candidates to choose from."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.events import publish
from chassis.i18n import both
from chassis.ids import uuid7
from chassis.timers import arm, cancel
from engines import money, ownership
from leads import facts, followup, lifecycle, metrics
from leads.errors import ChooseCandidate
from leads.events import ConversionRequested, LeadChanged, LeadConversionFailed, LeadConverted
from leads.models import Lead
from leads.ownership import LEADS
from leads.schemas import Money

WAIT_TIMER = "conversion_wait"


def request(
    session: Session,
    lead: Lead,
    *,
    caller: Caller,
    wait_seconds: int,
    opportunity: Mapping[str, Any] | None = None,
    account_id: str | None = None,
    new_account: bool = False,
) -> Lead:
    """Ask sales to make account, contact and opportunity of the lead.

    After a failure `account_id` picks one of the candidates, or `new_account` insists on a new one. ChooseCandidate,
    WrongStatus.
    """
    candidates = (lead.conversion or {}).get("candidates") or []
    if account_id and candidates and account_id not in {each.get("account_id") for each in candidates}:
        raise ChooseCandidate(candidates=candidates)
    before = lifecycle.step(lead, "convert")
    asked = dict(opportunity or (lead.conversion or {}).get("opportunity") or {})
    asked.setdefault("name", lead.company or lead.name)
    if asked.get("amount") is None and lead.budget_minor is not None:
        asked |= {
            "amount": money.to_text(lead.budget_minor, lead.budget_currency or "CNY"),
            "currency": lead.budget_currency,
        }
    asked.setdefault("currency", lead.budget_currency or "CNY")
    lead.conversion = {
        "request_id": uuid7(),
        "requested_at": clock.iso(clock.now()),
        "requested_by": caller.id,
        "account_id": account_id,
        "new_account": new_account,
        "opportunity": asked,
        "attempts": (lead.conversion or {}).get("attempts", 0) + 1,
    }
    publish(session, LeadChanged(lead, **facts.of(lead), what=f"converting from {before}"))
    _ask(session, lead, wait_seconds=wait_seconds)
    return lead


def asked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a conversion request as `request` takes it."""
    opportunity = dict(body.get("opportunity") or {})
    if "amount" in opportunity:
        minor, opportunity["currency"] = opportunity["amount"]
        opportunity["amount"] = money.to_text(minor, opportunity["currency"])
    return {**body, "opportunity": opportunity or None}


def typed_amount(text: str, currency: str) -> dict[str, str]:
    """An amount typed in a form, as an opportunity carries it; ValueError when it is none."""
    try:
        minor, currency = Money().deserialize({"amount": text, "currency": currency})
    except ValidationError as error:
        raise ValueError(text) from error
    return {"amount": money.to_text(minor, currency), "currency": currency}


def _ask(session: Session, lead: Lead, *, wait_seconds: int) -> None:
    asked = lead.conversion
    publish(
        session,
        ConversionRequested(
            lead,
            **{name: getattr(lead, name) for name in _CARRIED},
            lead_id=lead.id,
            request_id=asked["request_id"],
            product_interest=lead.product_interest or [],
            phones=lead.phones or [],
            emails=lead.emails or [],
            account_id=asked["account_id"],
            new_account=asked["new_account"],
            opportunity=asked["opportunity"],
        ),
    )
    arm(session, kind=WAIT_TIMER, key=lead.id, due_at=clock.now() + timedelta(seconds=wait_seconds))


_CARRIED = (
    "number", "owner_id", "department_id", "source", "country", "region", "city", "industry", "company_size", "credit_code",
    "name", "company", "title", "wechat",
)  # fmt: skip


def completed(
    session: Session, *, lead_id: str, account_id: str, contact_id: str | None, opportunity_id: str | None
) -> None:
    """Sales answered: the lead shows what became of it. A second answer changes nothing."""
    lead = session.get(Lead, lead_id, with_for_update=True)
    if lead is None or lead.status not in lifecycle.STEPS["complete"]:
        return
    lifecycle.step(lead, "complete")
    lead.account_id, lead.contact_id, lead.opportunity_id = account_id, contact_id, opportunity_id
    lead.conversion = {**lead.conversion, "completed_at": clock.iso(clock.now()), "candidates": [], "reason": None}
    lead.next_action_at, lead.pool = None, None
    ownership.stop(session, LEADS, lead)
    publish(
        session,
        LeadConverted(
            lead, **facts.of(lead), account_id=account_id, contact_id=contact_id, opportunity_id=opportunity_id,
            cycle_seconds=int((clock.now() - lead.created_at).total_seconds()),
        ),
    )  # fmt: skip
    cancel(session, kind=WAIT_TIMER, key=lead.id)
    metrics.CONVERSIONS.labels("completed").inc()


def failed(session: Session, *, lead_id: str, reason: str, candidates: Sequence[Mapping[str, Any]]) -> None:
    """Sales could not do it by itself: keep why and what it found, and tell the owner."""
    lead = session.get(Lead, lead_id, with_for_update=True)
    if lead is None or lead.status not in lifecycle.STEPS["fail"]:
        return
    lifecycle.step(lead, "fail")
    lead.conversion = {**lead.conversion, "reason": reason, "candidates": [dict(each) for each in candidates]}
    if lead.owner_id:
        ownership.resume(session, LEADS, lead)
    publish(session, LeadConversionFailed(lead, **facts.of(lead), reason=reason, candidates=len(candidates)))
    cancel(session, kind=WAIT_TIMER, key=lead.id)
    followup.tell(
        session, lead, key="lead_conversion_failed", text=both("Choose one of the accounts that were found, or a new one."),
        title=both("%(name)s could not be converted", name=followup.label(lead)),
    )  # fmt: skip
    metrics.CONVERSIONS.labels("failed").inc()


def ask_again(session: Session, lead_id: str, *, wait_seconds: int) -> None:
    """Sales has been silent for long: ask once more (it converts a lead once, whatever it hears) and tell the owner."""
    lead = session.get(Lead, lead_id, with_for_update=True)
    if lead is None or lead.status != "converting":
        return
    _ask(session, lead, wait_seconds=wait_seconds * 2)
    followup.tell(
        session, lead, key="lead_conversion_waits", text=both("The sales service has not answered yet; it was asked again."),
        title=both("The conversion of %(name)s is taking long", name=followup.label(lead)),
    )  # fmt: skip
    metrics.CONVERSIONS.labels("asked_again").inc()
