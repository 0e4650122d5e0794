"""Sales: from an account and an opportunity to a paid contract. This file is its table of contents."""

from typing import Any

import console
from chassis.service import Service
from engines import kit_parts, transfer
from engines.access import sharing
from engines.attachments import keeping
from engines.forms import indexing
from engines.ownership import events as ownership_events
from engines.rules import events as rule_events
from engines.rules import following
from sales import automation, configuration, erasers, events, kept, models, objects, seed, settings, starting, transfers
from sales.subscriptions import on
from sales.timers import due


def edges() -> list[Any]:
    """JSON API and pages."""
    from engines import feed_api, transfer_api
    from sales.api import APIS
    from sales.pages import pages

    return [*APIS, feed_api.api("sales", objects.OBJECTS), transfer_api.api("sales"), pages.blueprint]


SERVICE: Service = Service(
    name="sales",
    package="sales",
    settings=settings.Settings,
    metadata=models.Base.metadata,
    events=[events, *kit_parts.EVENTS, ownership_events, rule_events, sharing, transfer.events],
    subscriptions=on,
    timers=due,
    blueprints=edges,
    configuration=configuration.sections,
    objects=objects.OBJECTS,
    kept=kept.KINDS,
    transfers=transfers.KINDS,
    automated=automation.KINDS,
    erasers=erasers.ERASERS,
    seed=seed.run,
    unseed=starting.unseed,
    loops=[keeping.keep_swept(), indexing.keep_indexed(), following.follow, transfer.keep_taking()],
    on_start=[lambda app: settings.use(app.extensions["crm"].settings), lambda app: console.register(app, SERVICE)],
)


def create_app(given: settings.Settings | None = None) -> Any:
    """The WSGI application of the web process."""
    return SERVICE.web(given)
