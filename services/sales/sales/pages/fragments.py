"""Parts of sales on other pages: the customer card, search hits, look-ups, papers of a deal, ticked tasks."""

from typing import Any

from flask import Response, jsonify, render_template, request

from chassis.api import Call
from chassis.errors import Forbidden, NotFound
from chassis.i18n import gettext as _
from console.pages import signed_in
from engines import access, listing
from engines.access import has_right, right
from sales import money
from sales.models import Account, Contract, Opportunity, Quote
from sales.objects import ACCOUNT, CONTRACT, CONTRACT_STATUS_LABELS, OPPORTUNITY, QUOTE_STATUS_LABELS, TIER_LABELS
from sales.pages.edge import choice, names, pages
from sales.pipeline_templates import TEMPLATES
from sales.settings import current

_HITS = 5


@pages.get("/fragments/account/<id>", allow=right("account", "read"))
def account_card(call: Call, id: str) -> Any:
    """A customer in a few lines, for tickets, approvals and deals."""
    record = access.get(call.session, call.caller, Account, id)
    base = current().base_currency
    seen = access.visible(call.session, call.caller, ACCOUNT).by_name
    shown = {"contract": record.contract_minor, "open": record.open_minor} if "contract_total" in seen else {}
    return render_template(
        "sales/account_card.html",
        account=record,
        tier=choice(TIER_LABELS, record.tier),
        owner=names(call.session, [record.owner_id]).get(record.owner_id or "", ""),
        totals={name: money.outside(minor, base) for name, minor in shown.items()},
    )


@pages.get("/fragments/quote/<id>", allow=signed_in)
def quote_card(call: Call, id: str) -> Any:
    """A quote in a few lines, for its approval."""
    return _paper_card(call, Quote, id, "/sales/quotes", QUOTE_STATUS_LABELS)


@pages.get("/fragments/contract/<id>", allow=signed_in)
def contract_card(call: Call, id: str) -> Any:
    """A contract in a few lines, for its approval."""
    return _paper_card(call, Contract, id, "/sales/contracts", CONTRACT_STATUS_LABELS)


@pages.get("/fragments/pipeline-templates/<key>", allow=signed_in)
def pipeline_template(call: Call, key: str) -> Any:
    """The stages of a shipped pipeline as a path, for whoever chooses one at set-up."""
    stages: Any = next((each["stages"] for each in TEMPLATES if each["key"] == key), None)
    if stages is None:
        raise NotFound()
    return render_template("sales/pipeline_path.html", stages=[each for each in stages if each["category"] != "lost"])


def _paper_card(call: Call, kind: type[Quote] | type[Contract], id_: str, place: str, labels: Any) -> str:
    """The same words for what is not there and what the reader may not see: approvals outlive the right to read."""
    try:
        paper = access.get(call.session, call.caller, kind, id_)
    except (NotFound, Forbidden):
        return render_template("sales/paper_card.html", paper=None)
    minor = paper.total_minor if isinstance(paper, Quote) else paper.amount_minor
    return render_template(
        "sales/paper_card.html", paper=paper, address=f"{place}/{id_}", status=choice(labels, paper.status),
        total=money.outside(minor, paper.currency),
        owner=names(call.session, [paper.owner_id]).get(paper.owner_id or "", ""),
    )  # fmt: skip


@pages.get("/fragments/search", allow=signed_in)
def search(call: Call) -> Any:
    """Accounts, deals and contracts that hold the text; 204 when none does."""
    q = request.args.get("q", "").strip()
    if not q:
        return Response(status=204)
    hits: list[tuple[str, str, str, str]] = []
    for kind, path, symbol in (
        (ACCOUNT, "accounts", "building"), (OPPORTUNITY, "opportunities", "target"), (CONTRACT, "contracts", "file-text"),
    ):  # fmt: skip
        if has_right(call.session, call.caller, kind.kind, "read"):
            rows = call.session.scalars(listing.readable(call.session, call.caller, kind, q=q).limit(_HITS))
            hits += [
                (getattr(row, "name", None) or row.title, row.number or "", f"/sales/{path}/{row.id}", symbol)
                for row in rows
            ]
    if not hits:
        return Response(status=204)
    return render_template("console/found.html", hits=hits, label=_("Accounts and deals"))


@pages.get("/lookup/accounts", allow=right("account", "read"))
def look_up_accounts(call: Call) -> Any:
    """Accounts to choose from."""
    found = listing.readable(call.session, call.caller, ACCOUNT, q=request.args.get("q", ""))
    rows = call.session.scalars(found.order_by(Account.created_at.desc()).limit(20))
    return jsonify(
        {"items": [{"value": row.id, "label": row.name, "hint": row.city or row.number or ""} for row in rows]}
    )


@pages.get("/opportunities/<id>/fragments/papers", allow=right("opportunity", "read"))
def papers_of_opportunity(call: Call, id: str) -> Any:
    """Quotes and contracts of a deal."""
    access.get(call.session, call.caller, Opportunity, id)
    quotes = access.readable(call.session, call.caller, Quote).where(Quote.opportunity_id == id)
    contracts = access.readable(call.session, call.caller, Contract).where(Contract.opportunity_id == id)
    return render_template(
        "sales/papers.html",
        quotes=[
            (row, choice(QUOTE_STATUS_LABELS, row.status), money.outside(row.total_minor, row.currency))
            for row in call.session.scalars(quotes.order_by(Quote.created_at.desc()).limit(50))
        ],
        contracts=[
            (row, choice(CONTRACT_STATUS_LABELS, row.status), money.outside(row.amount_minor, row.currency))
            for row in call.session.scalars(contracts.order_by(Contract.created_at.desc()).limit(50))
        ],
    )
