"""Rows of a list page: the same filter, search, sort and scope as the API's lists."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from marshmallow import Schema
from sqlalchemy import Select

from chassis import paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import Invalid, Problem
from chassis.i18n import gettext as _
from console import lists, replies
from console.lists import Asked, List
from engines import listing
from engines.objects import ObjectType

BULK_AT_ONCE = 1000


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
        call.session,
        call.caller,
        kind,
        filter=asked.condition,
        q=asked.q,
        sort=asked.sort,
        zone=call.settings.time_zone,
    )
    if extra is not None:
        found = found.where(extra)
    wanted = paging.Asked(sort=asked.sort, limit=asked.limit, cursor=asked.cursor or "")
    return paging.page(call.session, found, listing.paged(kind), _RECORDS, wanted)


def chosen(call: Call, kind: ObjectType) -> list[str]:
    """The ids a bulk action was asked for: those that were ticked, or all that match the list's filter."""
    if request.form.get("all") != "1":
        return request.form.getlist("ids")[:BULK_AT_ONCE]
    found = listing.readable(
        call.session, call.caller, kind, filter=_filter(request.form.get("filter", "")), q=request.form.get("q", "")
    )
    ids = found.with_only_columns(kind.model.id).order_by(kind.model.id).limit(BULK_AT_ONCE)
    return list(call.session.scalars(ids))


def _filter(text: str) -> Any:
    """A bulk action's condition; unlike a list's it must be read, or the action would reach more than was asked for."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise Invalid(errors={"filter": [_("This is no condition.")]}) from None


def bulk_reply(result: dict[str, Any]) -> Any:
    """How a bulk action went, for the list."""
    refused = [item["problem"] for item in result["items"] if not item["ok"]]
    if refused:
        why = refused[0].get("detail") or refused[0].get("title")
        message = _("%(done)s done, %(failed)s refused: %(why)s", done=result["done"], failed=len(refused), why=why)
        return replies.done(message, refresh="list", kind="warn")
    return replies.done(_("%(n)s done", n=result["done"]), refresh="list")


def reason(error: Exception) -> str:
    """What is wrong with the address, for people."""
    details = getattr(error, "errors", None) or {}
    texts = [
        str(text) for messages in details.values() for text in (messages if isinstance(messages, list) else [messages])
    ]
    return _("This filter cannot be used: %(why)s", why=" ".join(texts) or str(error))


def page(
    call: Call, shown: List, kind: ObjectType, rows: Callable[[Sequence[Any]], Sequence[Any]], **extra: Any
) -> str:
    """The list page of a kind of record: what the address asks for, or why it cannot be had."""
    asked = lists.asked(shown)
    try:
        found = fetch(call, kind, asked)
    except Problem as error:
        return lists.page(shown, asked, rows=[], problem=reason(error), **extra)
    return lists.page(shown, asked, rows=rows(found.items), next_cursor=found.next_cursor, **extra)


def plain(records: Sequence[Any], *names: str) -> list[dict[str, Any]]:
    """Rows of these attributes of records, their id first."""
    return [{name: getattr(record, name) for name in ("id", *names)} for record in records]
