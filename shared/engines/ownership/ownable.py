"""What a service says of a kind of record that has owners; the rest of this engine works on it alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines.objects import Label, ObjectType


@dataclass(frozen=True)
class Pause:
    """Something that keeps a record with its owner while it lasts: an open contract, say."""

    label: Label
    link: str = ""


def _everything() -> ColumnElement[bool]:
    return true()


def _always(record: Any) -> bool:
    return True


def _counts(record: Any, since: Sequence[str]) -> bool:
    return True


def _nothing(session: Session, record: Any) -> Sequence[Pause]:
    return ()


@dataclass(frozen=True, eq=False)
class Ownable:
    """A kind whose records people claim, hold and lose.

    `held` is the WHERE clause of records that count as held, `reclaimable` whether one record may be taken back at all,
    `counts(record, since)` whether rules that count from these times concern it; `paused` names what keeps it with its
    owner; `label` and `link` are how people see it. `give_back(session, record,
    caller, pool, how, reason)` takes a record from its owner the service's own way (status, events, notices) and must
    call `moves.release`. `owned_since` and `pooled_at` are the columns that hold these times.
    """

    kind: ObjectType
    label: Callable[[Any], str]
    link: Callable[[Any], str]
    give_back: Callable[[Session, Any, Caller, str, str, str], Any]
    held: Callable[[], ColumnElement[bool]] = _everything
    reclaimable: Callable[[Any], bool] = _always
    counts: Callable[[Any, Sequence[str]], bool] = _counts
    paused: Callable[[Session, Any], Sequence[Pause]] = _nothing
    owned_since: str = "owned_since"
    pooled_at: str = "pooled_at"

    @property
    def model(self) -> Any:
        return self.kind.model

    @property
    def name(self) -> str:
        return self.kind.kind


_known: dict[str, Ownable] = {}


def register(ownable: Ownable) -> Ownable:
    """Make a kind known to the timers of this process."""
    _known[ownable.name] = ownable
    return ownable


def of(kind: str) -> Ownable:
    """The kind as it was registered; KeyError."""
    return _known[kind]
