"""The shared link of a quote: what the customer sees; each visitor's opening is recorded once a while."""

import hashlib
import re
from typing import Any

from flask import make_response, render_template

from chassis.api import Call
from chassis.errors import NotFound
from sales import queries, quotes
from sales.pages.edge import pages

INTERVAL = 6 * 3600  # seconds in which a visitor counts once
_MACHINE = re.compile(r"bot|crawl|spider|preview|facebookexternalhit|slurp|curl|wget|python|okhttp|headless", re.I)


@pages.get("/offers/<token>", public=True, session="none")
def offer(call: Call, token: str) -> Any:
    """A quote by its link; the owner hears when a customer opens it.

    Chat programs load a link to draw its preview, and browsers may fetch it ahead: neither is an opening, nor is the
    same visitor's next look within some hours. A look that does not count only reads.
    """
    cookie = "crm_offer_" + hashlib.sha256(token.encode()).hexdigest()[:12]
    counts = _is_a_look(call) and cookie not in call.request.cookies
    if counts:
        with call.database.transaction() as session:
            counts = quotes.opened(session, token) is not None
    with call.database.reading() as session:
        record = quotes.offered(session, token)
        if record is None:
            raise NotFound()
        account = queries.account_names(session, [record.account_id]).get(record.account_id, "")
        answer = make_response(render_template("sales/offer.html", quote=record, account_name=account))
    if counts:
        secure = call.settings.public_url.startswith("https:")
        answer.set_cookie(
            cookie, "1", max_age=INTERVAL, httponly=True, samesite="Lax", secure=secure, path=f"/sales/offers/{token}"
        )
    return answer


def _is_a_look(call: Call) -> bool:
    """Whether a person asked for the page: no HEAD, no prefetch, no program."""
    headers = call.request.headers
    ahead = f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}".lower()
    if call.request.method != "GET" or "prefetch" in ahead or "preview" in ahead:
        return False
    return not _MACHINE.search(call.request.user_agent.string)
