"""The shared link of a quote: what the customer sees; each opening is recorded."""

from typing import Any

from flask import render_template

from chassis.api import Call
from chassis.errors import NotFound
from sales import queries, quotes
from sales.pages.edge import pages


@pages.get("/offers/<token>", public=True, session="write")
def offer(call: Call, token: str) -> Any:
    """A quote by its link; the owner hears that it was opened."""
    record = quotes.opened(call.session, token)
    if record is None:
        raise NotFound()
    account = queries.account_names(call.session, [record.account_id]).get(record.account_id, "")
    return render_template("sales/offer.html", quote=record, account_name=account)
