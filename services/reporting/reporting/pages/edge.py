"""The blueprint of the pages, and reading what their addresses carry."""

from typing import Any

from flask import request

from console.pages import Pages
from engines import listing
from reporting.dashboards.tiles import Filters, read_period
from reporting.querying.periods import PRESETS

pages = Pages("reporting")


def filters() -> Filters:
    """The filters of a dashboard's address; what is not understood is left out."""
    first, last = request.args.get("from", ""), request.args.get("to", "")
    text = f"{first}..{last}" if first and last else request.args.get("period", "")
    asked = read_period(text)
    if isinstance(asked, str) and asked not in PRESETS:
        asked = ""
    return Filters(asked, request.args.get("department", "")[:36], request.args.get("pipeline", "")[:60])


def condition() -> dict[str, Any]:
    """The condition in the address, or the one that holds for all."""
    text = request.args.get("filter", "")
    found = listing.read_filter(text) if text else {"all": []}
    return found if isinstance(found, dict) else {"all": []}
