"""The gateway: directory, log-in and tokens, notifications and work items, connectors and deliveries."""

from typing import Any

from flask import Flask

import console
from chassis.service import Service
from engines import kit_parts, notifications
from engines.attachments import keeping
from engines.forms import indexing
from integration_gateway import (
    configuration,
    demo,
    erasers,
    erasures,
    events,
    kept,
    models,
    seed,
    signing_keys,
    subscriptions,
    timers,
    upkeep,
)
from integration_gateway.connectors import parts
from integration_gateway.objects import OBJECTS
from integration_gateway.settings import Settings


def edges() -> list[Any]:
    """API, OAuth and pages; imported only by the web process."""
    from engines import feed_api
    from integration_gateway import api, oauth, pages

    feed = feed_api.api("gateway", (*OBJECTS, *parts.OBJECTS))
    return [*api.APIS, feed, oauth.oauth, *pages.BLUEPRINTS, *parts.edges()]


def trust_own_keys(app: Flask) -> None:
    """The issuer checks tokens against its own table instead of asking itself over the network."""
    web = app.extensions["crm"]
    web.authenticator.jwks = signing_keys.OwnKeys(web.database)


def show_pages(app: Flask) -> None:
    """Pages in the suite's shell."""
    console.register(app, SERVICE)


subscriptions.on.include(erasures.on)
parts.join(subscriptions.on, timers.due)
SERVICE: Service = Service(
    name="gateway",
    package="integration_gateway",
    settings=Settings,
    metadata=models.Base.metadata,
    events=[events, *parts.EVENTS, *(part for part in kit_parts.EVENTS if part is not notifications)],
    subscriptions=subscriptions.on,
    timers=timers.due,
    configuration=configuration.sections,
    objects=(*OBJECTS, *parts.OBJECTS),
    kept=kept.KINDS,
    erasers=erasers.ERASERS,
    blueprints=edges,
    seed=seed.run,
    unseed=demo.unseed,
    loops=[upkeep.run, keeping.keep_swept(), indexing.keep_indexed(), *parts.LOOPS],
    on_start=[trust_own_keys, show_pages],
)


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application."""
    return SERVICE.web(settings)
