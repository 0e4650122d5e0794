"""Fields that records show only once somebody owns them: what lies in a pool keeps them back, in answers and in searches."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import Database
from engines.objects import ObjectType

Veils = Mapping[str, frozenset[str]]  # pool → fields its records keep back from the caller
Provider = Callable[[Session | Database, Caller], Veils]
_providers: dict[str, Provider] = {}


def veil_by(kind: str, provider: Provider) -> None:
    """Let `provider` say what pools of this kind keep back from a caller."""
    _providers[kind] = provider


def veils_of(source: Session | Database, caller: Caller, kind: str) -> Veils:
    """What each pool keeps back from the caller."""
    provider = _providers.get(kind)
    return provider(source, caller) if provider else {}


def fields_hidden(veils: Veils, dumped: Mapping[str, Any]) -> frozenset[str]:
    """The fields of one dumped record that its pool keeps back; an answer without its pool is treated as in any of them."""
    if not veils or dumped.get("owner_id"):
        return frozenset()
    if "pool" in dumped:
        return veils.get(dumped["pool"] or "", frozenset())
    return frozenset().union(*veils.values())


def seen_through(
    source: Session | Database, caller: Caller, kind: ObjectType, names: Iterable[str]
) -> ColumnElement[bool]:
    """WHERE clause of a list filtered, searched or sorted by `names`: records whose pool keeps one of them back are left
    out, for their presence or place would tell the value."""
    used = set(names)
    closed = sorted(pool for pool, hidden in veils_of(source, caller, kind.kind).items() if hidden & used)
    if not closed:
        return true()
    pool = kind.model.pool
    return or_(pool.is_(None), pool.not_in(closed))
