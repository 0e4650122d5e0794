"""`/<service>/healthz`: this process answers. `/<service>/readyz`: its database answers and has the code's schema; with
`?directory` it also knows the people who may log in."""

import importlib
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chassis import auth, clock, directory, event_log, revisions
from chassis.answers import to_json
from chassis.db import Database
from chassis.service import Service
from chassis.settings import Settings

_CACHE_SECONDS = 2.0


class Health:
    """The state of a service's parts, looked up at most every two seconds."""

    def __init__(self, service: Service, settings: Settings, database: Database):
        self.service, self.settings, self.database = service, settings, database
        module = importlib.import_module(service.package)
        self.heads = revisions.code_heads(Path(module.__file__).parent) if module.__file__ else frozenset()
        self._follows_directory = "directory" in service.subscriptions.groups
        self._seen: dict[str, Any] = {}
        self._seen_at = float("-inf")

    def parts(self) -> dict[str, Any]:
        """{"ready", "database", "schema", "bus", …}; the broker's state is shown and never makes it unready."""
        if clock.monotonic() - self._seen_at >= _CACHE_SECONDS:
            self._seen, self._seen_at = self._look(), clock.monotonic()
        return self._seen

    def _look(self) -> dict[str, Any]:
        found: dict[str, Any] = {"service": self.service.name, "ready": False, "database": "down"}
        try:
            with self.database.connection() as connection:
                found["database"] = "ok"
                stored = frozenset(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
                found["schema"] = "current" if stored == self.heads else "other revision than the code's"
                found["ready"] = stored == self.heads
                if found["ready"]:
                    found["bus"] = self._bus(connection)
            if found["ready"]:
                found["directory_known"] = not self._follows_directory or directory.of(self.database).is_known
        except SQLAlchemyError:
            if found["database"] == "ok":
                found["schema"] = "missing"
        found["directory_age_seconds"] = round(directory.of(self.database).age, 1)
        return found

    def _bus(self, connection: Any) -> dict[str, Any]:
        transport = "broker" if self.settings.bus_url else "pull"
        row = connection.execute(text("SELECT numbered, published FROM event_log_state")).first()
        shown: dict[str, Any] = {"transport": transport}
        if row is not None and self.settings.bus_url:
            shown["unpublished"] = max(0, event_log.head(connection) - row.published)
        return shown


def blueprint(service: Service, settings: Settings, database: Database) -> Blueprint:
    """The two routes, without log-in and without a word that helps an attacker."""
    health = Health(service, settings, database)
    made = Blueprint("health", __name__, url_prefix=f"/{service.name}")

    def healthz() -> Response:
        return _json({"service": service.name, "alive": True})

    def readyz() -> Response:
        parts = health.parts()
        ready = parts["ready"] and (parts.get("directory_known") or "directory" not in request.args)
        return _json(parts, 200 if ready else 503)

    for view in (healthz, readyz):
        made.add_url_rule(f"/{view.__name__}", view.__name__, auth.declare(view, public=True))
    return made


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(to_json(body), status=status, mimetype="application/json")
