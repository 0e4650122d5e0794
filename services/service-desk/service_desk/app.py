"""The service desk: requests of customers, kept under their SLA. This file is its table of contents."""

from typing import Any

from flask import Flask

import console
from chassis.service import Service
from engines import kit_parts, transfer
from engines.access import sharing
from engines.attachments import keeping
from engines.forms import indexing
from engines.ownership import events as ownership_events
from engines.rules import events as rule_events
from engines.rules import following
from service_desk import (
    automation,
    configuration,
    erasers,
    events,
    kept,
    mail_server,
    models,
    objects,
    seed,
    settings,
    starting,
    transfers,
)
from service_desk.subscriptions import on
from service_desk.timers import due


def edges() -> list[Any]:
    """JSON API and pages."""
    from engines import feed_api, transfer_api
    from service_desk.api import APIS
    from service_desk.pages import PAGES

    return [*APIS, feed_api.api("service-desk", objects.OBJECTS), transfer_api.api("service-desk"), *PAGES]


def _ready(app: Flask) -> None:
    settings.use(app.extensions["crm"].settings)  # type: ignore[arg-type]
    console.register(app, SERVICE)


SERVICE = Service(
    name="service-desk",
    package="service_desk",
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
    loops=[
        mail_server.receive,
        keeping.keep_swept(),
        indexing.keep_indexed(),
        following.follow,
        transfer.keep_taking(),
    ],
    on_start=[_ready],
)


def create_app(given: settings.Settings | None = None) -> Flask:
    """The WSGI application of the web process."""
    return SERVICE.web(given)
