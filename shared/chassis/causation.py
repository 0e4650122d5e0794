"""Why something happens: who acted, from where, and which event led to it. Every event written carries it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MAX_DEPTH = 24  # a chain of events longer than this is a loop, see `publish`


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The context of a request, a handled event or a timer; `origin` is how and from where ("api 10.0.0.7")."""

    actor: str = "system"
    origin: str = ""
    correlation_id: str | None = None
    causation_id: str | None = None
    depth: int = 0
    traceparent: str | None = None


_current: ContextVar[Cause] = ContextVar("cause", default=Cause())  # noqa: B039 - frozen


def current() -> Cause:
    """The cause in force."""
    return _current.get()


@contextmanager
def because(cause: Cause) -> Iterator[None]:
    """Everything published in the block is attributed to `cause`."""
    token = _current.set(cause)
    try:
        yield
    finally:
        _current.reset(token)
