"""What a service declares of itself; web process, worker, command line and documents are all built from it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData
from sqlalchemy.orm import Session

from chassis.settings import Settings, load

if TYPE_CHECKING:
    from flask import Flask

    from chassis.configuration import Section
    from chassis.db import Database
    from chassis.erasure.declaring import Personal
    from chassis.relay import Wake
    from chassis.subscriptions import Subscriptions
    from chassis.timers import Timers


@dataclass(frozen=True)
class Runtime:
    """What a worker's extra loop gets: its database and settings, when to stop, and a wait for the next nudge."""

    database: "Database"
    settings: Settings
    stopping: threading.Event
    nudged: "Wake"


@dataclass(kw_only=True)
class Service:
    """The declaration at the head of a service's app.py.

    `events` are the modules whose Event classes it publishes; `blueprints` returns the Flask blueprints and Apis of
    its edges, imported only by the web process; `objects` are the access-controlled kinds of records (engines.access);
    `kept` are the kinds that carry a timeline, comments, files, tags and followers (engines.record_kit), `automated` those
    that automation rules may act on (engines.rules);
    `transfers` are the kinds that come in and go out as files (engines.transfer).
    `configuration` gives the sections of what a company sets up (chassis.configuration), in the order of their needs.
    `loops` run each in a thread of the active worker until `runtime.stopping` (call-outs that must not happen inside a
    transaction). `erasers` say where personal data lies (chassis.erasure). `folders` are the folders under DATA whose files
    belong to its rows; backups copy them. `seed(session)` fills an empty database with believable demo data and is never
    run twice; `unseed(session, marked)` is called before the marked records (kind → ids) are removed again: it takes out
    what is to stay, and puts right what is no record.
    """

    name: str
    package: str
    settings: type[Settings]
    metadata: MetaData
    events: Sequence[ModuleType] = ()
    subscriptions: "Subscriptions"
    timers: "Timers"
    blueprints: Callable[[], Sequence[Any]] = field(default=list)  # type: ignore[assignment]
    objects: Sequence[Any] = ()
    kept: Sequence[Any] = ()
    automated: Sequence[Any] = ()
    transfers: Sequence[Any] = ()
    configuration: Callable[[], Sequence["Section"]] = list  # type: ignore[assignment]
    seed: Callable[[Session], None] | None = None
    unseed: Callable[[Session, dict[str, set[str]]], None] | None = None
    loops: Sequence[Callable[["Runtime"], None]] = ()
    on_start: Sequence[Callable[["Flask"], None]] = ()
    erasers: Sequence["Personal"] = ()
    folders: Sequence[str] = ("attachments/{service}",)

    def __post_init__(self) -> None:
        from chassis import directory, seeding, unseeding, upkeep
        from chassis.audit import anchors
        from chassis.erasure import taking_part

        self.subscriptions.include(taking_part.subscriptions(self))
        self.subscriptions.include(anchors.subscriptions(self.name))
        unseeding.know(self)
        self.subscriptions.include(directory.on)
        self.subscriptions.include(seeding.on)
        self.timers.include(upkeep.due)

    def load_settings(self) -> Settings:
        """Settings of this service from the environment."""
        return load(self.settings, self.name)

    def web(self, settings: Settings | None = None) -> "Flask":
        """The WSGI application of this service's web process."""
        from chassis.web import build

        return build(self, settings or self.load_settings())
