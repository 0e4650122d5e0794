"""Replica of people, departments, roles and ended sessions, kept by the gateway's events; who a caller is comes from it.

Each process holds one snapshot per database and asks every half second, with one tiny query, whether it is still current.
"""

# Long because tables, the events that fill them, the snapshot and its freshness are one mechanism.

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import Schema, fields
from sqlalchemy import Boolean, Integer, String, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, metrics, networks
from chassis.caller import Caller
from chassis.db import Base, Database, Id, Json, UtcDateTime
from chassis.subscriptions import Received, Subscriptions

CHECK_SECONDS = 0.5
RELOAD_SECONDS = 60  # reload even if nothing seems to have changed: a rebuilt projection ends with the same event
KEEP_REVOCATIONS = timedelta(days=40)  # longer than any session lives
EVERYONE = "everyone"  # the role that binds the whole company; held by all without being given
STALE_SECONDS = 300  # an older replica refuses export, bulk and administration

_BRANCH = {"info": {"branch": "chassis"}}


class DirectoryUser(Base):
    """A person, as far as access and display need them."""

    __tablename__ = "directory_users"
    __table_args__ = _BRANCH

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="", info={"personal": True})
    email: Mapped[str] = mapped_column(String(254), default="", info={"personal": True})
    locale: Mapped[str] = mapped_column(String(10), default="en")
    department_id: Mapped[str | None] = mapped_column(Id)
    is_head: Mapped[bool] = mapped_column(Boolean, default=False)
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    absent: Mapped[bool] = mapped_column(Boolean, default=False)
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)


class DirectoryDepartment(Base):
    """A department; `path` is the ids from the top down to itself, between slashes."""

    __tablename__ = "directory_departments"
    __table_args__ = _BRANCH

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(200), default="")
    head_id: Mapped[str | None] = mapped_column(Id)
    path: Mapped[str] = mapped_column(String(1000), default="")


class DirectoryRole(Base):
    """A role and what it grants per object; engines.access gives `grants` its meaning.

    The role EVERYONE grants nothing: its networks bind the whole company.
    """

    __tablename__ = "directory_roles"
    __table_args__ = _BRANCH

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    grants: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)


class DirectoryRevocation(Base):
    """A session that was ended before its token expires."""

    __tablename__ = "directory_revocations"
    __table_args__ = _BRANCH

    session_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DirectoryState(Base):
    """One row: the event the replica stands at, by which processes see that their snapshot is out of date."""

    __tablename__ = "directory_state"
    __table_args__ = _BRANCH

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(Id)


class DirectoryContact(Base):
    """One row: when the directory's log was last read to its end. No part of the projection, so not rebuilt."""

    __tablename__ = "directory_contact"
    __table_args__ = _BRANCH

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)


TABLES = [DirectoryUser, DirectoryDepartment, DirectoryRole, DirectoryRevocation, DirectoryState]
on = Subscriptions()


class UserChanged(Schema):
    user_id = fields.String(required=True)
    name = fields.String(load_default="")
    email = fields.String(load_default="", allow_none=True)
    locale = fields.String(load_default="en", allow_none=True)
    department_id = fields.String(load_default=None, allow_none=True)
    is_head = fields.Boolean(load_default=False)
    roles = fields.List(fields.String(), load_default=list)
    active = fields.Boolean(load_default=True)
    absent = fields.Boolean(load_default=False)
    epoch = fields.Integer(load_default=0)
    allowed_networks = fields.List(fields.String(), load_default=list)


class DepartmentChanged(Schema):
    department_id = fields.String(required=True)
    parent_id = fields.String(load_default=None, allow_none=True)
    name = fields.String(load_default="")
    head_id = fields.String(load_default=None, allow_none=True)


class RoleChanged(Schema):
    key = fields.String(required=True)
    name = fields.Dict(load_default=dict)
    grants = fields.Dict(load_default=dict)
    allowed_networks = fields.List(fields.String(), load_default=list)


class DepartmentRemoved(Schema):
    department_id = fields.String(required=True)


class RoleRemoved(Schema):
    key = fields.String(required=True)


class SessionRevoked(Schema):
    session_id = fields.String(load_default=None, allow_none=True)
    user_id = fields.String(load_default=None, allow_none=True)
    epoch = fields.Integer(load_default=None, allow_none=True)


class DemoDataRemoved(Schema):
    removed = fields.Dict(load_default=dict)


@on("gateway.user.changed.v1", group="directory", kind="projection", reads=UserChanged, tables=TABLES)
def user_changed(session: Session, event: Received) -> None:
    store_user(session, version=event.id, **event.data)


@on("gateway.department.changed.v1", group="directory", kind="projection", reads=DepartmentChanged, tables=TABLES)
def department_changed(session: Session, event: Received) -> None:
    store_department(session, version=event.id, **event.data)


@on("gateway.role.changed.v1", group="directory", kind="projection", reads=RoleChanged, tables=TABLES)
def role_changed(session: Session, event: Received) -> None:
    store_role(session, version=event.id, **event.data)


@on("gateway.department.removed.v1", group="directory", kind="projection", reads=DepartmentRemoved, tables=TABLES)
def department_removed(session: Session, event: Received) -> None:
    drop_department(session, version=event.id, **event.data)


@on("gateway.role.removed.v1", group="directory", kind="projection", reads=RoleRemoved, tables=TABLES)
def role_removed(session: Session, event: Received) -> None:
    drop_role(session, version=event.id, **event.data)


@on("gateway.session.revoked.v1", group="directory", kind="projection", reads=SessionRevoked, tables=TABLES)
def session_revoked(session: Session, event: Received) -> None:
    revoke(session, version=event.id, at=event.time, **event.data)


@on("gateway.demo_data.removed.v1", group="directory", kind="projection", reads=DemoDataRemoved, tables=TABLES)
def demo_data_removed(session: Session, event: Received) -> None:
    gone = event.data["removed"]
    session.execute(delete(DirectoryUser).where(DirectoryUser.id.in_(gone.get("user", []))))
    session.execute(delete(DirectoryDepartment).where(DirectoryDepartment.id.in_(gone.get("department", []))))
    _stand_at(session, event.id)


def store_user(session: Session, *, version: str, user_id: str, epoch: int = 0, **values: Any) -> None:
    """Insert or overwrite a person; an epoch never goes back."""
    values = {name: value for name, value in values.items() if value is not None or name == "department_id"}
    user = session.get(DirectoryUser, user_id)
    if user is None:
        user = DirectoryUser(id=user_id, epoch=0)
        session.add(user)
    for name, value in values.items():
        setattr(user, name, value)
    user.epoch = max(user.epoch, epoch)
    _stand_at(session, version)


def store_department(
    session: Session, *, version: str, department_id: str, parent_id: str | None = None, name: str = "",
    head_id: str | None = None,
) -> None:  # fmt: skip
    """Insert or overwrite a department and renew the paths of all below it; children may arrive before parents."""
    session.merge(DirectoryDepartment(id=department_id, parent_id=parent_id, name=name, head_id=head_id, path=""))
    session.flush()
    everyone = {item.id: item for item in session.scalars(select(DirectoryDepartment))}
    for item in everyone.values():
        item.path = "/" + "/".join(_ancestry(everyone, item.id)) + "/"
    _stand_at(session, version)


def store_role(
    session: Session, *, version: str, key: str, name: Mapping[str, str] | None = None,
    grants: Mapping[str, Any] | None = None, allowed_networks: Iterable[str] = (),
) -> None:  # fmt: skip
    """Insert or overwrite a role."""
    session.merge(
        DirectoryRole(
            key=key, name=dict(name or {}), grants=dict(grants or {}), allowed_networks=list(allowed_networks)
        )
    )
    _stand_at(session, version)


def drop_department(session: Session, *, version: str, department_id: str) -> None:
    """Forget a department; it had none below it."""
    session.execute(delete(DirectoryDepartment).where(DirectoryDepartment.id == department_id))
    _stand_at(session, version)


def drop_role(session: Session, *, version: str, key: str) -> None:
    """Forget a role that nobody held."""
    session.execute(delete(DirectoryRole).where(DirectoryRole.key == key))
    _stand_at(session, version)


def revoke(
    session: Session, *, version: str, at: datetime, session_id: str | None = None, user_id: str | None = None,
    epoch: int | None = None,
) -> None:  # fmt: skip
    """End one session, or with `user_id` every session and token of an epoch below `epoch`."""
    if session_id:
        session.merge(DirectoryRevocation(session_id=session_id, revoked_at=at))
        session.execute(delete(DirectoryRevocation).where(DirectoryRevocation.revoked_at < at - KEEP_REVOCATIONS))
    if user_id and epoch is not None:
        user = session.get(DirectoryUser, user_id)
        if user is None:  # its own event comes later; the epoch must not be lost until then
            session.add(DirectoryUser(id=user_id, epoch=epoch, active=False))
        else:
            user.epoch = max(user.epoch, epoch)
    _stand_at(session, version)


def heard(session: Session) -> None:
    """Note that the directory's log has just been read to its end: the replica is current as of now."""
    session.merge(DirectoryContact(id=1, heard_at=clock.now()))


def _stand_at(session: Session, version: str) -> None:
    session.merge(DirectoryState(id=1, version=version))
    session.flush()


def _ancestry(everyone: Mapping[str, Any], department_id: str) -> list[str]:
    """Ids from the top down to the department; a loop, which only a mistake upstream can make, is cut."""
    line: list[str] = []
    step: str | None = department_id
    while step is not None and step in everyone and step not in line:
        line.append(step)
        step = everyone[step].parent_id
    return line[::-1]


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
