"""Reporting: figures over everything the suite does. This file is its table of contents."""

from typing import Any

import console
from chassis.service import Service
from engines import kit_parts
from engines.attachments import keeping
from engines.forms import indexing
from reporting import adoption, configuration, erasers, events, kept, models, objects, settings
from reporting.subscriptions import on
from reporting.timers import due


def edges() -> list[Any]:
    """JSON API and pages."""
    from engines import feed_api
    from reporting.api import APIS
    from reporting.pages import pages

    return [*APIS, feed_api.api("reporting", objects.OBJECTS), pages.blueprint]


SERVICE: Service = Service(
    name="reporting",
    package="reporting",
    settings=settings.Settings,
    metadata=models.Base.metadata,
    events=[events, *kit_parts.EVENTS],
    subscriptions=on,
    timers=due,
    blueprints=edges,
    configuration=configuration.sections,
    objects=objects.OBJECTS,
    kept=kept.KINDS,
    erasers=erasers.ERASERS,
    loops=[adoption.watch, keeping.keep_swept(), indexing.keep_indexed()],
    on_start=[lambda app: settings.use(app.extensions["crm"].settings), lambda app: console.register(app, SERVICE)],
)


def create_app(given: settings.Settings | None = None) -> Any:
    """The WSGI application of the web process."""
    return SERVICE.web(given)
