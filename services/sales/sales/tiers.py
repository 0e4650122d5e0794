"""The tier of an account: VIP when its approved contracts pass the threshold. Decided with an explanation."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.events import publish
from engines.explain import decide
from sales import events, facts, metrics, money, notices
from sales.models import Account
from sales.settings import current

KIND, RULE = "tier", "account_tier"
RULE_VERSION = 1


def tier_for(*, contract_minor: int, threshold_minor: int, present: str) -> str:
    """VIP at or above the threshold, else the tier it has. A rule never takes VIP away; a person may."""
    return "VIP" if contract_minor >= threshold_minor else present


def review(session: Session, account: Account) -> None:
    """Apply the tiering rule to the account's totals; the caller has just set them."""
    settings = current()
    threshold = money.to_minor(settings.vip_threshold, settings.base_currency)
    tier = tier_for(contract_minor=account.contract_minor, threshold_minor=threshold, present=account.tier)
    if tier == account.tier:
        return
    inputs: dict[str, Any] = {
        "contract_minor": account.contract_minor,
        "threshold_minor": threshold,
        "tier": account.tier,
    }
    total = money.to_text(account.contract_minor, settings.base_currency)
    decision = decide(
        session,
        kind=KIND,
        subject=f"account/{account.id}",
        rule=RULE,
        version=RULE_VERSION,
        inputs=inputs,
        outcome=tier,
        steps=[{"text": {
            "zh": f"已批准合同合计 {total} {settings.base_currency}，达到门槛 {settings.vip_threshold}，评为 {tier}",
            "en": f"Approved contracts sum to {total} {settings.base_currency}, at least {settings.vip_threshold}: {tier}",
        }}],
    )  # fmt: skip
    set_tier(session, account, tier=tier, decision_id=decision.id, reason=RULE)
    notices.account_is_vip(session, account)


def set_tier(
    session: Session, account: Account, *, tier: str, decision_id: str | None = None, reason: str | None = None
) -> None:
    """Give the account a tier, by the rule or by hand, and say so."""
    before = account.tier
    if tier == before:
        return
    account.tier = tier
    data = facts.account(account) | {"from_tier": before, "to_tier": tier, "decision_id": decision_id, "reason": reason}
    publish(session, events.AccountTierChanged(account, **data))
    metrics.TIER_CHANGES.labels(tier).inc()


def by_hand(session: Session, account: Account, *, caller: Caller, tier: str) -> Account:
    """A person sets the tier; the reason names them."""
    set_tier(session, account, tier=tier, reason=f"user:{caller.id}")
    return account
