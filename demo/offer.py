"""Chapter five: a quote from the price book, approved because it is large and cheap, accepted into a contract."""

from typing import TYPE_CHECKING, Any

from demo import approving
from demo.suite import until
from engines.money import to_text

if TYPE_CHECKING:
    from demo.story import Stage

LARGE, CHEAP = 500_000, 20  # where risk control and the sales director join in
TERMS = [{"title": "首款", "percent": "50", "after_days": 0}, {"title": "尾款", "percent": "50", "after_days": 30}]


def the_quote_is_approved(stage: "Stage") -> None:
    """Totals come from the server; over 50,000 or over 20 % off it cannot be sent before it is approved."""
    tell, owner = stage.narration, stage.seller
    tell.chapter("5. A quote; large and cheap, so it needs approval before it is sent")
    quote = owner.done(
        "/sales/api/v1/quotes",
        {"opportunity_id": stage.ids["opportunity"], "lines": _lines(stage), "title": "CRM 实施"},
    )
    stage.ids["quote"], path = quote["id"], f"/sales/api/v1/quotes/{quote['id']}"
    tell.say(f"quote {quote['number']} {quote['id']}: total {quote['total']['amount']} {quote['total']['currency']}")
    currency = quote["total"]["currency"]
    for line in quote["lines"]:
        off = line["effective_discount_percent"]
        amount = to_text(line["total_minor"], currency)
        tell.say(f"    {line['name']}: {line['quantity']} × {line['unit_price']}, {off} % off: {amount}")
    total = to_text(sum(line["total_minor"] for line in quote["lines"]), currency)
    tell.check(quote["total"]["amount"] == total, "the server's total is the sum of its lines")
    tell.need(
        float(total) >= LARGE and float(quote["max_discount_percent"]) > CHEAP,
        f"it is over {LARGE} and more than {CHEAP} % off",
    )
    stage.facts["discount"] = quote["max_discount_percent"]
    refused = owner.post(f"{path}/send", {})
    tell.check(
        refused.status == 409, f"sending it now is refused ({refused.status}) because of {refused.body.get('reasons')}"
    )
    owner.done(f"{path}/submit")
    stage.ids["quote_approval"] = approving.started(stage, quote["id"])
    approving.decide(stage, stage.ids["quote_approval"])
    approved = until(lambda: owner.read(path)["status"] == "approved")
    tell.need(approved, f"sales has heard it: the quote is {owner.read(path)['status']}")


def the_customer_accepts(stage: "Stage") -> None:
    """The customer opens the shared link; accepted, the quote is the contract's draft, which asks for approval."""
    tell, owner = stage.narration, stage.seller
    path = f"/sales/api/v1/quotes/{stage.ids['quote']}"
    sent = owner.done(f"{path}/send", {})
    status, page = stage.suite.page(sent["share_path"])
    opens = owner.read(path)["opens"]
    tell.check(
        status == 200 and opens == 1,
        f"the customer opens {sent['share_path'][:28]}… ({status}); {owner.name} sees {opens} opening",
    )
    tell.check(f"{float(sent['total']['amount']):,.2f}" in page, "the customer reads the same total")
    contract = owner.done(f"{path}/accept", {"payment_terms": TERMS})
    stage.ids["contract"] = contract["id"]
    stage.facts |= {"contract": contract["number"], "amount": contract["amount"]["amount"]}
    tell.say(
        f"contract {contract['number']} {contract['id']}: {contract['amount']['amount']} {contract['amount']['currency']}"
    )
    tell.check(contract["quote_id"] == stage.ids["quote"], "accepted, it became the draft of a contract")
    currency = contract["amount"]["currency"]
    for term in contract["payment_plan"]:
        tell.say(f"    {term['title']}: {to_text(term['amount_minor'], currency)} due {term['due_date']}")
    planned = sum(term["amount_minor"] for term in contract["payment_plan"])
    tell.check(
        to_text(planned, currency) == contract["amount"]["amount"], "the payment plan adds up to the contract's amount"
    )
    stage.facts["first_term"] = float(to_text(contract["payment_plan"][0]["amount_minor"], currency))
    with stage.outage.of("approvals"):
        asked = owner.post(f"/sales/api/v1/contracts/{contract['id']}/submit")
        tell.need(asked.ok, f"the contract asks for approval ({asked.status}{'' if asked.ok else f' {asked.body}'})")
        tell.check(asked["status"] == "in_approval", f"its status is {asked['status']}")


def _lines(stage: "Stage") -> list[dict[str, Any]]:
    """Prices come from the price book; only quantity and discount are the seller's."""
    products = stage.seller.read("/sales/api/v1/products", limit=200)["items"]
    codes = {product["code"]: product["id"] for product in products}
    stage.narration.need({"ERP-PRO", "ERP-STD"} <= codes.keys(), f"{len(products)} products to sell")
    return [
        {"product_id": codes["ERP-PRO"], "quantity": "12", "discount_percent": "25"},
        {"product_id": codes["ERP-STD"], "quantity": "2"},
    ]
