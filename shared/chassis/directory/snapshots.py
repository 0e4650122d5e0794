"""The directory in memory: one snapshot per database and process, and how fresh it is."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis import clock, metrics, networks
from chassis.caller import Caller
from chassis.db import Database
from chassis.directory.tables import (
    EVERYONE,
    DirectoryContact,
    DirectoryDepartment,
    DirectoryRevocation,
    DirectoryRole,
    DirectoryState,
    DirectoryUser,
)

CHECK_SECONDS = 0.5
RELOAD_SECONDS = 60  # reload even if nothing seems to have changed: a rebuilt projection ends with the same event
STALE_SECONDS = 300  # an older replica refuses export, bulk and administration


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the snapshot."""

    id: str
    name: str
    email: str
    locale: str
    department_id: str | None
    is_head: bool
    roles: tuple[str, ...]
    active: bool
    absent: bool
    epoch: int
    allowed_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Department:
    """A department in the snapshot; `path` holds the ids from the top down to itself."""

    id: str
    parent_id: str | None
    name: str
    head_id: str | None
    path: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """The directory as of one version, all in memory."""

    version: str | None
    users: Mapping[str, Person]
    departments: Mapping[str, Department]
    grants: Mapping[str, Mapping[str, Any]]  # role key → object → grant
    role_names: Mapping[str, Mapping[str, str]]
    revoked: frozenset[str]
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role key → where its holders may be
    _callers: dict[str, Caller] = field(default_factory=dict, compare=False)

    @cached_property
    def members(self) -> Mapping[str, list[str]]:
        """Department id → ids of the active people in it."""
        found = defaultdict(list)
        for user in self.users.values():
            if user.department_id and user.active:
                found[user.department_id].append(user.id)
        return found

    def lets_in(self, address: str, roles: Iterable[str], own: Iterable[str] = ()) -> bool:
        """Whether somebody with these roles and networks of his own may be served at `address`."""
        lists = [own, *(self.networks[key] for key in (EVERYONE, *roles) if key in self.networks)]
        return networks.allowed(address, lists)

    def below(self, department_id: str | None) -> tuple[str, ...]:
        """The department with all below it."""
        if department_id is None:
            return ()
        found = tuple(sorted(item.id for item in self.departments.values() if department_id in item.path))
        return found or (department_id,)

    def caller(self, user_id: str) -> Caller | None:
        """A person as a caller, None when unknown or inactive."""
        known = self._callers.get(user_id)
        if known is not None:
            return known
        user = self.users.get(user_id)
        if user is None or not user.active:
            return None
        below = self.below(user.department_id)
        team_of = below if user.is_head else below and (user.department_id,)
        made = Caller(
            id=user.id,
            kind="user",
            name=user.name,
            roles=user.roles,
            department_id=user.department_id,
            department_ids=below,
            team_ids=tuple(
                sorted({user.id, *(member for team in team_of for member in self.members.get(team or "", ()))})
            ),
            locale=user.locale,
        )
        self._callers[user_id] = made
        return made


_FRESHNESS = select(
    select(DirectoryState.version).scalar_subquery(), select(DirectoryContact.heard_at).scalar_subquery()
)


class Directory:
    """The snapshot of one database and its freshness."""

    def __init__(self, database: Database):
        self.database = database
        self._snapshot: Snapshot | None = None
        self._heard_at: datetime | None = None
        self._checked = self._loaded = float("-inf")
        self._lock = threading.Lock()

    def snapshot(self) -> Snapshot:
        """The current snapshot, never more than half a second behind this service's own replica tables."""
        known = self._snapshot
        if known is not None and clock.monotonic() - self._checked < CHECK_SECONDS:
            return known
        if known is not None and not self._lock.acquire(blocking=False):
            return known  # another thread is looking already
        if known is None:
            self._lock.acquire()
        try:
            return self._look()
        except SQLAlchemyError:
            if known is None:
                raise
            return known  # the database is away; the request will find out for itself, and the age grows
        finally:
            self._lock.release()

    @property
    def age(self) -> float:
        """Seconds since the directory was last known current; 0 in a service that has never heard of one."""
        return max(0.0, (clock.now() - self._heard_at).total_seconds()) if self._heard_at else 0.0

    @property
    def is_known(self) -> bool:
        """Whether this service has ever held everything that the directory had said."""
        if self._heard_at is None:
            self.snapshot()
        return self._heard_at is not None

    def forget(self) -> None:
        """Look again at the next use."""
        self._checked = self._loaded = float("-inf")

    def _look(self) -> Snapshot:
        now = clock.monotonic()
        with self.database.connection() as connection:
            version, self._heard_at = connection.execute(_FRESHNESS).one()
        if self._snapshot is None or self._snapshot.version != version or now - self._loaded > RELOAD_SECONDS:
            with self.database.reading() as session:
                self._snapshot = load(session, version)
            self._loaded = now
        self._checked = now
        metrics.REPLICA_AGE.set(self.age)
        return self._snapshot


def load(session: Session, version: str | None) -> Snapshot:
    """Read the replica tables."""
    users = {
        row.id: Person(
            row.id, row.name, row.email, row.locale, row.department_id, row.is_head, tuple(row.roles), row.active,
            row.absent, row.epoch, tuple(row.allowed_networks),
        )
        for row in session.execute(select(*DirectoryUser.__table__.c))
    }  # fmt: skip
    departments = {
        row.id: Department(row.id, row.parent_id, row.name, row.head_id, tuple(row.path.strip("/").split("/")))
        for row in session.execute(select(*DirectoryDepartment.__table__.c))
    }
    roles = session.execute(select(*DirectoryRole.__table__.c)).all()
    return Snapshot(
        version=version,
        users=users,
        departments=departments,
        grants={row.key: row.grants for row in roles},
        role_names={row.key: row.name for row in roles},
        networks={row.key: tuple(row.allowed_networks) for row in roles if row.allowed_networks},
        revoked=frozenset(session.scalars(select(DirectoryRevocation.session_id))),
    )


_directories: WeakKeyDictionary[Database, Directory] = WeakKeyDictionary()
_making = threading.Lock()


def of(database: Database) -> Directory:
    """The directory of a service's database, one per process."""
    found = _directories.get(database)
    if found is None:
        with _making:
            found = _directories.setdefault(database, Directory(database))
    return found


def snapshot(session: Session) -> Snapshot:
    """The directory as seen from a use case; reads the cache, not the session's own uncommitted changes."""
    return of(session.info["database"]).snapshot()


def caller_for(
    session: Session, user_id: str, *, session_id: str = "", scopes: Iterable[str] = (), locale: str | None = None
) -> Caller | None:
    """The person as a caller, for jobs that act in somebody's name; None when unknown or inactive."""
    directory = of(session.info["database"])
    found = directory.snapshot().caller(user_id)
    if found is None:
        return None
    return replace(
        found, session_id=session_id, scopes=frozenset(scopes), locale=locale or found.locale, replica_age=directory.age
    )


def names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Display names of people by id; an unknown one is left out."""
    users = snapshot(session).users
    return {id_: users[id_].name for id_ in ids if id_ and id_ in users}
