"""What the gateway's app.py takes over from connectors: routes, subscriptions, timers, loops, events and kinds of records."""

from typing import Any

from chassis.subscriptions import Subscriptions
from chassis.timers import Timers
from integration_gateway import chat, contacts_sync, erp, mailing, sending, webhooks
from integration_gateway.connectors import events, objects

EVENTS = [events]
OBJECTS = objects.OBJECTS
LOOPS = [sending.run_forever, erp.run_forever, contacts_sync.run_forever]


def join(subscriptions: Subscriptions, timers: Timers) -> None:
    """Add what connectors listen to and what falls due for them."""
    subscriptions.include(chat.on)
    subscriptions.include(erp.on)
    subscriptions.include(mailing.on)
    subscriptions.include(webhooks.on)
    timers.include(contacts_sync.due)


def edges() -> list[Any]:
    """Routes and pages; imported only by the web process."""
    from integration_gateway.connectors import api, pages

    return [api.api, chat.blueprint(), *pages.BLUEPRINTS]
