"""Chapters three and four: conversion by events, the deal through its gated stages."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from demo.suite import WAIT, Person, until

if TYPE_CHECKING:
    from demo.story import Stage


def the_lead_is_converted(stage: "Stage") -> None:
    """Leads asks by event, sales answers by event; exactly once, even when it is asked twice."""
    tell, owner = stage.narration, stage.seller
    path = f"/leads/api/v1/leads/{stage.ids['lead']}"
    tell.chapter("3. The lead becomes account, contact and opportunity, by events alone")
    with stage.outage.of("sales") as away:
        asked = owner.post(f"{path}/convert", {})
        tell.need(asked.status == 202, f"conversion was asked for ({asked.status})")
        if away:
            tell.check(owner.read(path)["status"] in ("converting", "qualified"), "the lead waits for sales")
    with stage.outage.of("leads") as away:
        deals = until(lambda: _deals_of(owner, stage.ids["company"]), seconds=3 if away else WAIT)
        if away:
            tell.say("sales heard it before leads went" if deals else "leads went before sales could hear of it")
    deals = deals or until(lambda: _deals_of(owner, stage.ids["company"]))
    tell.check(deals, "sales has made the opportunity")
    lead = until(lambda: _converted(owner, path), seconds=30)
    tell.need(lead, "the lead shows what it became")
    stage.ids |= {name.removesuffix("_id"): value for name, value in lead["converted"].items()}
    tell.say(f"account {stage.ids['account']}, contact {stage.ids['contact']}, opportunity {stage.ids['opportunity']}")
    owner.post(f"{path}/convert", {})
    tell.check(len(_deals_of(owner, stage.ids["company"])) == 1, "asked again, there is still exactly one opportunity")


def the_deal_moves(stage: "Stage") -> None:
    """Gates name what is missing; once it is there the deal moves, and each move is kept."""
    tell, owner = stage.narration, stage.seller
    path = f"/sales/api/v1/opportunities/{stage.ids['opportunity']}"
    tell.chapter("4. The deal moves through its stages; gates say what is missing")
    refused = owner.post(f"{path}/move", {"stage": "proposal"})
    tell.check(
        refused.status == 409,
        f"moving too early is refused ({refused.status}): {refused.body.get('detail') or refused.body.get('title')}",
    )
    tell.say(f"    missing: {refused.body.get('missing')}")
    deal = owner.read(path)
    changed = owner.patch(
        path,
        {
            "amount": {"amount": "600000.00", "currency": "CNY"},
            "close_date": (datetime.now(UTC).date() + timedelta(days=30)).isoformat(),
            "done": sorted({*deal["done"], "need_confirmed", "decision_maker"}),
        },
    )
    tell.need(
        changed.ok,
        f"amount, close date and checklist are filled in ({changed.status} {'' if changed.ok else changed.body})",
    )
    for to in ("qualified", "proposal"):
        moved = owner.post(f"{path}/move", {"stage": to})
        tell.need(moved.ok, f"moved to {to} ({moved.status}{'' if moved.ok else f' {moved.body}'})")
    history = owner.read(f"{path}/history")["items"]
    tell.check(len(history) >= 2, f"the history holds {len(history)} moves")


def _converted(owner: Person, path: str) -> Any:
    lead = owner.get(path)
    return lead if lead.ok and lead["status"] == "converted" else None


def _deals_of(owner: Person, company: str) -> list[Any]:
    found = owner.get("/sales/api/v1/opportunities", q=company, limit=10)
    return [item for item in found["items"] if item["name"] == company] if found.ok else []
