"""Who sees what lies in a pool: its members and admins; and what it keeps back from them until they claim it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import Caller
from chassis.db import Database
from chassis.directory import Snapshot
from engines import access
from engines.access.grants import ADMIN
from engines.ownership import ownable
from engines.ownership.definitions import Pool, glance
from engines.ownership.ownable import Ownable

IN_POOL = {"field": "pool", "op": "is_not_empty"}


def in_my_pools(kind: str) -> Callable[[Session, Caller], Mapping[str, Any]]:
    """The records in pools the caller is a member of, for `open_to` of an object: {"see_pool": in_my_pools("…")}."""

    def opened(session: Session, caller: Caller) -> Mapping[str, Any]:
        closed = sorted(_closed(session, ownable.of(kind), caller))
        return {"all": [IN_POOL, {"field": "pool", "op": "not_in", "value": closed}]} if closed else IN_POOL

    return opened


def keeps_back(kind: Ownable) -> Callable[[Session | Database, Caller], access.veils.Veils]:
    """What each pool of a kind hides from a caller, for engines.access."""

    def hidden(source: Session | Database, caller: Caller) -> Mapping[str, frozenset[str]]:
        pools = glance(source, kind).pools.values()
        if ADMIN in caller.roles or not any(pool.hidden for pool in pools):
            return {}
        people = _people(source)
        return {pool.key: pool.hidden for pool in pools if pool.hidden and not pool.runs(people, caller)}

    return hidden


def register(kind: Ownable) -> Ownable:
    """Make a kind known to the timers of this process, and what its pools hide to engines.access."""
    access.veil_by(kind.name, keeps_back(kind))
    return ownable.register(kind)


def pools_of(session: Session, kind: Ownable, caller: Caller) -> list[Pool]:
    """The pools the caller may claim from, by key; the default one where none is defined."""
    known, people = glance(session, kind), directory.snapshot(session)
    found = [pool for _key, pool in sorted(known.pools.items()) if pool.admits(people, caller)]
    return found or ([] if known.pools else [known.pool(None)])


def runs_pool(session: Session, kind: Ownable, record: Any, caller: Caller) -> bool:
    """Whether the record lies in a pool the caller is an admin of."""
    if record.owner_id is not None:
        return False
    return glance(session, kind).pool(record.pool).runs(directory.snapshot(session), caller)


def require_giving(session: Session, kind: Ownable, record: Any, caller: Caller) -> None:
    """Forbidden unless the caller may give the record to somebody: by the right `assign`, or as admin of its pool."""
    if not runs_pool(session, kind, record, caller):
        access.require_right(session, caller, kind.name, "assign")


def _closed(session: Session, kind: Ownable, caller: Caller) -> set[str]:
    known, people = glance(session, kind), directory.snapshot(session)
    return {pool.key for pool in known.pools.values() if not pool.admits(people, caller)}


def _people(source: Session | Database) -> Snapshot:
    return directory.of(source if isinstance(source, Database) else source.info["database"]).snapshot()
