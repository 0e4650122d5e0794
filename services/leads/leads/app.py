"""The leads service: its table of contents."""

from typing import Any

from flask import Flask

from chassis.service import Service
from engines import kit_parts, transfer
from engines.access import sharing
from engines.attachments import keeping
from engines.forms import indexing
from engines.ownership import events as ownership_events
from engines.rules import events as rule_events
from engines.rules import following
from leads import (
    automation,
    configuration,
    erasers,
    events,
    kept,
    models,
    seed,
    settings,
    starting,
    subscriptions,
    timers,
    transfers,
)
from leads.objects import OBJECTS


def _blueprints() -> list[Any]:
    from engines import feed_api, transfer_api
    from leads import api, pages

    return [*api.APIS, feed_api.api("leads", OBJECTS), transfer_api.api("leads"), *pages.PAGES]


def _console(app: Flask) -> None:
    import console

    console.register(app, SERVICE)


SERVICE = Service(
    name="leads",
    package="leads",
    settings=settings.Settings,
    metadata=models.Base.metadata,
    events=[events, *kit_parts.EVENTS, ownership_events, rule_events, sharing, transfer.events],
    subscriptions=subscriptions.on,
    timers=timers.due,
    blueprints=_blueprints,
    configuration=configuration.sections,
    objects=OBJECTS,
    kept=kept.KINDS,
    transfers=transfers.KINDS,
    automated=automation.KINDS,
    erasers=erasers.ERASERS,
    seed=seed.run,
    unseed=starting.unseed,
    loops=[timers.begin, keeping.keep_swept(), indexing.keep_indexed(), following.follow, transfer.keep_taking()],
    on_start=[_console],
)


def create_app(settings: settings.Settings | None = None) -> Flask:
    """The WSGI application of the web process."""
    return SERVICE.web(settings)
