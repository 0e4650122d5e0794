"""Rows of a list page: the same filter, search, sort and scope as the API's lists."""

from typing import Any

from marshmallow import Schema
from sqlalchemy import Select

from chassis import paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.i18n import gettext as _
from console.lists import Asked
from engines import listing
from engines.objects import ObjectType


class _Record(Schema):
    """Rows are handed on as records."""


class _AsIs(Dumper):
    """Pages show records themselves."""

    def one(self, source: Any, wanted: Any = None) -> Any:
        return source

    def attributes(self, wanted: Any = None) -> None:
        return None


_RECORDS = _AsIs(_Record())


def fetch(call: Call, kind: ObjectType, asked: Asked, *, extra: Any = None) -> paging.Page:
    """One page of records of `kind` as the address asks; ConditionError or Invalid when it asks for the impossible."""
    listing.check_sort(call.session, call.caller, kind, asked.sort)
    found: Select[Any] = listing.readable(
        call.session, call.caller, kind, filter=asked.condition, q=asked.q, zone=call.settings.time_zone
    )
    if extra is not None:
        found = found.where(extra)
    wanted = paging.Asked(sort=asked.sort, limit=asked.limit, cursor=asked.cursor or "")
    return paging.page(call.session, found, listing.paged(kind), _RECORDS, wanted)


def reason(error: Exception) -> str:
    """What is wrong with the address, for people."""
    details = getattr(error, "errors", None) or {}
    texts = [
        str(text) for messages in details.values() for text in (messages if isinstance(messages, list) else [messages])
    ]
    return _("This filter cannot be used: %(why)s", why=" ".join(texts) or str(error))
