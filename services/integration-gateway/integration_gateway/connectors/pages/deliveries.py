"""Deliveries on the screen: list, every try of one, and the three things a person can do about it."""

from typing import Any

import orjson
from sqlalchemy import Select, select

from chassis.api import Call
from chassis.errors import NotFound
from chassis.i18n import gettext, pick
from chassis.i18n import lazy as _
from console import details, lists, replies
from console.fields import Choice, Field, of_object
from console.pages import Pages
from engines.access import has_right, right
from engines.conditions import ConditionError, Context, to_sql
from integration_gateway import deliveries
from integration_gateway.connectors import configured
from integration_gateway.connectors.models import Connector, Delivery, DeliveryAttempt
from integration_gateway.connectors.objects import DELIVERY

pages = Pages("gateway", name="deliveries", module="integration_gateway")
COLOURS = {
    "pending": "azure",
    "sending": "blue",
    "uncertain": "yellow",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "grey",
    "": "azure",
}
LABELS: Any = DELIVERY.by_name["state"].choices
STATES = tuple(Choice(value=name, label=dict(label), colour=COLOURS[name]) for name, label in LABELS.items())
PAGE = 50


def _definition() -> lists.List:
    return lists.List(
        key="gateway.deliveries",
        title=_("Deliveries"),
        url="/gateway/deliveries",
        link="/gateway/deliveries/{id}",
        fields=[
            Field(name="what", label=_("What"), filterable=False),
            Field(name="system", label=_("System"), filterable=False),
            *of_object(
                DELIVERY, "action", "subject", "state", "attempts", "next_at", "created_at", state={"choices": STATES}
            ),
            Field(name="error", label=_("Last error"), kind="long_text", filterable=False),
        ],
        columns=["what", "action", "system", "state", "attempts", "error", "created_at"],
        sort="-created_at",
        quick=["state"],
        empty=_("Nothing was delivered yet."),
        tabs=[
            (_("Connectors"), "/gateway/connectors", False),
            (_("Deliveries"), "/gateway/deliveries", True),
        ],
    )


@pages.get("/deliveries", allow=right("delivery", "read"))
def list_page(call: Call) -> Any:
    """All deliveries, newest first; `filter` narrows by state."""
    shown = _definition()
    asked = lists.asked(shown)
    wanted, problem = _wanted(asked)
    if asked.cursor:
        wanted = wanted.where(Delivery.id < asked.cursor)
    found = list(call.session.scalars(wanted.order_by(Delivery.id.desc()).limit(PAGE + 1)))
    known = {one.id: one for one in call.session.scalars(select(Connector))}
    rows = [_row(one, known[one.connector_id]) for one in found[:PAGE]]
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return lists.page(shown, asked, rows=rows, next_cursor=more, problem=problem)


@pages.get("/deliveries/<id>", allow=right("delivery", "read"))
def detail_page(call: Call, id: str) -> Any:
    """One delivery: what is sent, what came back, every try."""
    delivery = _delivery(call, id)
    connector = configured.get(call.session, delivery.connector_id)
    before = call.session.get(Delivery, delivery.after_id) if delivery.after_id else None
    waits = before is not None and before.state != "succeeded" and delivery.state == "pending"
    return details.page(
        details.Detail(
            title=_what(delivery),
            kicker=_("Delivery"),
            number=_action(connector.kind, delivery.action),
            back=("/gateway/deliveries", _("Deliveries")),
            status=next(one for one in STATES if one.value == delivery.state),
            warning=_("It waits for another delivery: %(what)s", what=before.key) if waits and before else "",
            record=_row(delivery, connector)
            | {"payload": _pretty(delivery.payload), "result": _pretty(delivery.result)},
            actions=_actions(call, delivery),
            facts=[
                details.Fact(label=_("System"), value=connector.name),
                details.Fact(label=_("About"), value=delivery.subject or delivery.key),
                details.Fact(label=_("Tries"), value=delivery.attempts, kind="integer"),
                details.Fact(label=_("Next try"), value=delivery.next_at, kind="datetime"),
                details.Fact(label=_("Done"), value=delivery.done_at, kind="datetime"),
            ],
            sections=[
                details.Section(
                    title=_("What is sent"),
                    fields=[Field(name="payload", label=_("Content"), kind="long_text", wide=True)],
                ),
                details.Section(
                    title=_("What came back"),
                    fields=[
                        Field(name="result", label=_("Answer"), kind="long_text", wide=True),
                        Field(name="error", label=_("Last error"), kind="long_text", wide=True),
                    ],
                ),
            ],
            timeline=[_entry(one) for one in reversed(deliveries.attempts_of(call.session, delivery))],
        )
    )


@pages.post("/deliveries/<id>/retry", allow=right("delivery", "retry"))
def retry_page(call: Call, id: str) -> Any:
    """Try now."""
    deliveries.retry(call.session, _delivery(call, id))
    return replies.go(f"/gateway/deliveries/{id}", _("It is tried again now"))


@pages.post("/deliveries/<id>/replay", allow=right("delivery", "replay"))
def replay_page(call: Call, id: str) -> Any:
    """Do it again as a new delivery."""
    again = deliveries.replay(call.session, _delivery(call, id))
    return replies.go(f"/gateway/deliveries/{again.id}", _("A new delivery was made"))


@pages.post("/deliveries/<id>/cancel", allow=right("delivery", "cancel"))
def cancel_page(call: Call, id: str) -> Any:
    """Give it up."""
    deliveries.cancel(call.session, _delivery(call, id))
    return replies.go(f"/gateway/deliveries/{id}", _("The delivery was cancelled"))


def _wanted(asked: lists.Asked) -> tuple[Select[Delivery], str]:
    wanted = select(Delivery)
    if asked.q:
        wanted = wanted.where(
            Delivery.subject.contains(asked.q, autoescape=True) | Delivery.key.contains(asked.q, autoescape=True)
        )
    if not asked.condition:
        return wanted, ""
    try:
        return wanted.where(to_sql(asked.condition, DELIVERY, Context())), ""
    except ConditionError as error:
        return wanted, str(error)


def _actions(call: Call, delivery: Delivery) -> list[details.Action]:
    open_ = delivery.state in ("pending", "uncertain", "failed")
    offered = [
        ("retry", open_, details.Action(label=_("Try now"), url=f"/gateway/deliveries/{delivery.id}/retry",
                                        icon="refresh", primary=True)),
        ("replay", delivery.state not in deliveries.OPEN,
         details.Action(label=_("Do again"), url=f"/gateway/deliveries/{delivery.id}/replay", icon="rotate",
                        confirm=_("The partner gets this a second time. Documents that are there already stay as they are."))),
        ("cancel", open_, details.Action(label=_("Cancel"), url=f"/gateway/deliveries/{delivery.id}/cancel", icon="x",
                                         danger=True, confirm=_("This and what waits for it will not be delivered."))),
    ]  # fmt: skip
    return [one for name, fits, one in offered if fits and has_right(call.session, call.caller, "delivery", name)]


def _row(delivery: Delivery, connector: Connector) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "what": _what(delivery),
        "system": connector.name,
        "action": _action(connector.kind, delivery.action),
        "subject": delivery.subject,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at,
        "created_at": delivery.created_at,
        "error": gettext("The person's data was erased")
        if delivery.error == deliveries.PERSON_ERASED
        else delivery.error,
    }


def _what(delivery: Delivery) -> str:
    """What it is about, in words: the document's number, the message's title."""
    named = (delivery.payload.get(name) for name in ("number", "title", "subject"))
    return next((str(name) for name in named if name), delivery.subject or delivery.key)


def _action(kind: str, action: str) -> str:
    """The action's name in the reader's language."""
    return pick(configured.kind_of(kind).actions[action].doc)


def _entry(attempt: DeliveryAttempt) -> details.Entry:
    titles = {
        "succeeded": gettext("Succeeded"),
        "failed": gettext("Failed"),
        "uncertain": gettext("No answer: it may have taken effect"),
        "": gettext("Under way or broken off"),
    }
    looked = [gettext("It was looked for first.")] if attempt.looked else []
    return details.Entry(
        at=attempt.started_at,
        title=titles.get(attempt.outcome, attempt.outcome),
        icon="check" if attempt.outcome == "succeeded" else "alert-triangle",
        colour=COLOURS.get(attempt.outcome, "grey"),
        text=" ".join([*looked, *([attempt.error] if attempt.error else [])]),
    )


def _delivery(call: Call, id: str) -> Delivery:
    found = call.session.get(Delivery, id)
    if found is None:
        raise NotFound()
    return found


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""
