"""A company full of canaries: the demo data of all services, with a value of its own in every field of every record."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, String, Text, func, inspect, select, update

from chassis import directory, event_log
from chassis.testing import Client
from engines.objects import REFERENCES, ObjectType
from engines.timeline import Activity, Task
from integration_gateway.directory import departments, roles, users
from integration_gateway.models import Department
from tests import together
from tests.access.canaries import Canaries, Canary

RIGHTS = (  # every named right but those that open other people's records: see_pool, aggregate
    "assign", "bulk", "export", "import", "claim", "release", "merge", "move", "convert", "share", "transfer", "approve",
    "urge", "simulate", "set_tier", "terminate", "publish", "allocate", "refund", "retry", "administer",
)  # fmt: skip
# Steer pages and routes, or are no secret within the company (names of colleagues, roles, departments, definitions).
PLAIN = frozenset(
    (
        "id", "key", "kind", "status", "stage", "category", "currency", "version", "owner_id", "department_id", "created_by",
        "number", "locale", "roles", "active", "scopes", "grants", "shipped", "epoch", "state", "grade", "source", "pool",
        "channel", "outcome", "definition", "subject_kind", "allowed_networks", "system",
    )
)  # fmt: skip
OPEN_KINDS = frozenset({"role", "department", "pipeline", "user"})


def _grant(scope: str, **more: Any) -> dict[str, Any]:
    return {"create": True, "read": scope, "edit": scope, "delete": scope, "rights": list(RIGHTS)} | more


@dataclass(frozen=True)
class Walker:
    """Somebody who tries every door; `reach` says which records are his: own, all or nothing."""

    key: str
    reach: str
    grants: dict[str, Any] = field(default_factory=dict)
    masked: bool = False


@dataclass
class World:
    """The suite with its canaries, and clients for each walker."""

    suite: together.Together
    canaries: Canaries
    walkers: dict[str, Walker]
    ids: dict[str, str]  # walker key → user id
    foreign: dict[str, dict[str, list[str]]] = field(
        default_factory=dict
    )  # service → kind → ids out of everybody's scope
    own: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def client(self, service: str, walker: str) -> Client:
        app = self.suite.apps[service]
        client = Client(app, app.extensions["crm"].settings)
        if service == "gateway":
            client.token = self.suite._token(self.ids[walker])
            return client
        return client.as_user(self.ids[walker])

    def kinds(self, service: str) -> list[ObjectType]:
        return [kind for kind in self.suite.services[service].objects if kind.model is not None]

    def last_event(self, service: str) -> int:
        with self.suite.databases[service].connection() as connection:
            return connection.scalar(select(func.max(event_log.LOG.c.id))) or 0

    def written_since(self, service: str, last: int) -> str:
        """What the events after `last` say, in full."""
        with self.suite.databases[service].connection() as connection:
            rows = connection.execute(
                select(event_log.LOG.c.data, event_log.LOG.c.changes).where(event_log.LOG.c.id > last)
            )
            return "".join(f"{row.data}{row.changes}" for row in rows)

    def subjects_since(self, service: str, last: int) -> list[tuple[str, str]]:
        """(subject, type) of the events written after `last`."""
        with self.suite.databases[service].connection() as connection:
            rows = connection.execute(
                select(event_log.LOG.c.subject, event_log.LOG.c.type).where(event_log.LOG.c.id > last)
            )
            return [(row.subject, row.type) for row in rows]


def walkers(kinds: list[ObjectType]) -> dict[str, Walker]:
    """One for each way in which a role may be narrow."""
    masks: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        rules = {}
        for place, item in enumerate(kind.fields):
            if item.name in PLAIN or item.kind in REFERENCES | {"choice", "boolean"}:
                continue
            rules[item.name] = "mask" if (place + number) % 2 else "none"
        masks[kind.kind] = _grant("all", fields=rules)
    return {
        walker.key: walker
        for walker in (
            Walker("walk_nothing", "none"),
            Walker("walk_none", "none", {"*": _grant("none")}),
            Walker("walk_own", "own", {"*": _grant("own")}),
            Walker("walk_rightless", "all", {"*": _grant("all", rights=[])}),
            Walker("walk_team", "own", {"*": _grant("team")}),
            Walker("walk_tree", "own", {"*": _grant("department_tree")}),
            Walker("walk_masked", "all", masks, masked=True),
        )
    }


@contextmanager
def built(folder: Path) -> Iterator[World]:
    with together.running(folder) as suite:
        every = {kind.kind: kind for service in suite.services.values() for kind in service.objects}
        made = walkers(list(every.values()))
        ids = _hire(suite, made)
        world = World(suite, Canaries(), made, ids)
        for name in suite.services:
            _own_some(world, name, ids["walk_own"])
            _plant(world, name)
        for database in suite.databases.values():
            directory.of(database).forget()
        yield world


def _hire(suite: together.Together, made: dict[str, Walker]) -> dict[str, str]:
    """All walkers are in one department of their own, so that team and subtree hold only themselves."""
    ids = {}
    with suite.databases["gateway"].transaction() as session:
        company = session.scalar(select(Department.id).where(Department.parent_id.is_(None)))
        own = departments.create(session, name="walkers", parent_id=company, id="walk-department")
        for key, walker in made.items():
            roles.create(session, key=key, name={"zh": key, "en": key}, grants=walker.grants)
            held = [] if key == "walk_nothing" else [key]
            home = None if key in ("walk_nothing", "walk_masked") else own.id
            made_user = users.create(session, name=key, email=f"{key}@walk.example", roles=held, department_id=home)
            ids[key] = made_user.id
    suite.settle()
    return ids


def _own_some(world: World, service: str, owner: str) -> None:
    """Give the walker one customer with all that hangs on it, and one record of each other kind."""
    with world.suite.databases[service].transaction() as session:
        anchor: str | None = None
        for kind in world.kinds(service):
            table = kind.model.__table__
            if "owner_id" not in table.c or kind.kind in OPEN_KINDS:
                continue
            if kind.kind == "account":
                anchor = session.scalar(select(world_model_id(world, service, "opportunity", "account_id")).limit(1))
                chosen = [anchor]
            elif "account_id" in table.c and anchor is not None:
                chosen = list(session.scalars(select(table.c.id).where(table.c.account_id == anchor)))
            else:
                chosen = list(session.scalars(select(table.c.id).order_by(table.c.id).limit(1)))
            mine = update(table).where(table.c.id.in_(chosen))
            session.connection().execute(mine.values(owner_id=owner, department_id="walk-department"))


def world_model_id(world: World, service: str, kind: str, column: str) -> Any:
    found = next(item for item in world.kinds(service) if item.kind == kind)
    return found.model.__table__.c[column]


def _plant(world: World, service: str) -> None:
    """Put a canary into each free column of each record, and remember who may see it."""
    foreign, own = world.foreign.setdefault(service, {}), world.own.setdefault(service, {})
    walker = world.ids["walk_own"]
    with world.suite.databases[service].connection(write=True) as connection:
        for kind in world.kinds(service):
            table = kind.model.__table__
            columns = [item for item in table.c if _is_free(kind, item)]
            for row in connection.execute(select(table)).mappings().all():
                if _is_other_kind(kind, row):
                    continue
                mine = row.get("owner_id") == walker
                if kind.kind not in OPEN_KINDS:
                    (own if mine else foreign).setdefault(kind.kind, []).append(row["id"])
                fresh = {
                    item.name: world.canaries.planted(
                        row[item.name], Canary(service, kind.kind, row["id"], _field_of(kind, item.name), mine)
                    )
                    for item in columns
                    if row[item.name] not in (None, "", [], {})
                }
                if fresh:
                    connection.execute(update(table).where(table.c.id == row["id"]).values(**fresh))
        for model in (Activity, Task):
            table = model.__table__
            for row in connection.execute(select(table)).mappings().all():
                mine = row["subject_id"] in own.get(row["subject_kind"], ()) or row.get("assignee_id") == walker
                mark = Canary(service, row["subject_kind"], row["subject_id"], "", mine)
                name = "text" if model is Activity else "title"
                connection.execute(
                    update(table).where(table.c.id == row["id"]).values({name: world.canaries.planted(row[name], mark)})
                )
                (own if mine else foreign).setdefault(f"{table.name}", []).append(row["id"])


def _is_other_kind(kind: ObjectType, row: Any) -> bool:
    """Several kinds of definitions share one table."""
    return "kind" in row and kind.model.__name__ == "Definition" and row["kind"] not in (kind.kind, None)


def _is_free(kind: ObjectType, column: Any) -> bool:
    item = next((each for each in kind.fields if each.column == column.name), None)
    steered = item is not None and item.kind in REFERENCES | {"choice", "boolean", "date", "datetime"}
    if steered or column.name in PLAIN or column.name.endswith(("_id", "_key", "_ids")) or column.primary_key:
        return False
    if kind.kind in OPEN_KINDS and column.name in ("name", "title", "email", "stages", "scopes"):
        return False
    if kind.model.__name__ in ("Definition", "Dashboard", "MetricDefinition", "Connector"):
        return column.name in ("description",)
    if isinstance(column.type, String | Text):
        return True
    if isinstance(column.type, BigInteger | Integer):
        return column.name.endswith("_minor")
    return column.name in ("phones", "emails", "lines")


def _field_of(kind: ObjectType, column: str) -> str:
    return next((item.name for item in kind.fields if item.column == column), "")


def columns_of(model: Any) -> list[str]:
    return [item.key for item in inspect(model).column_attrs]


def as_text(answer: Any) -> str:
    """Body and headers of an answer as one text, JSON escapes undone."""
    body = answer.get_data(as_text=True)
    if "json" in (answer.mimetype or ""):
        with suppress(orjson.JSONDecodeError):
            body = orjson.dumps(orjson.loads(body)).decode()
    return body + "\n" + re.sub(r"\s+", " ", str(answer.headers))
