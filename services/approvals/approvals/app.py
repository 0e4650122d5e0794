"""The approvals service: its table of contents."""

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from approvals import configuration, erasers, events, kept, models, objects, seed, settings, subscriptions, timers
from chassis.service import Service
from engines import kit_parts
from engines.access import sharing
from engines.attachments import keeping
from engines.forms import indexing
from engines.ownership import events as ownership_events


def _blueprints() -> list[Any]:
    from approvals import api, pages
    from engines import feed_api

    return [*api.APIS, feed_api.api("approvals", objects.OBJECTS), pages.pages.blueprint]


def _console(app: Flask) -> None:
    import console

    console.register(app, SERVICE)


def _keep_flows(session: Session, marked: dict[str, set[str]]) -> None:
    """The shipped flows name roles, not people: they stay when the demo data goes."""
    marked.pop(models.Definition.__kind__, None)


SERVICE = Service(
    name="approvals",
    package="approvals",
    settings=settings.Settings,
    metadata=models.Base.metadata,
    events=[events, *kit_parts.WITHOUT_TASKS, ownership_events, sharing],
    subscriptions=subscriptions.on,
    timers=timers.due,
    blueprints=_blueprints,
    configuration=configuration.sections,
    objects=objects.OBJECTS,
    kept=kept.KINDS,
    erasers=erasers.ERASERS,
    seed=seed.run,
    unseed=_keep_flows,
    loops=[keeping.keep_swept(), indexing.keep_indexed()],
    on_start=[_console],
)


def create_app(given: settings.Settings | None = None) -> Flask:
    """The WSGI application of the web process."""
    return SERVICE.web(given)
