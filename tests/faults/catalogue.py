"""Every fault by name, with the backends it applies to. A fault breaks something, lets time pass and mends it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.faults.stage import EMBEDDED, SERVERS, Stage

Play = Callable[[Stage], None]
BOTH = (EMBEDDED, SERVERS)


@dataclass(frozen=True)
class Fault:
    """`play` runs while the load goes on. `late` faults come last, for they change what later ones would see."""

    name: str
    play: Play
    backends: tuple[str, ...] = BOTH
    late: bool = False


class Skipped(Exception):
    """This machine can't play the fault; the message says why."""


FAULTS: list[Fault] = []


def fault(name: str, backends: tuple[str, ...] = BOTH, *, late: bool = False) -> Callable[[Play], Play]:
    """Register a fault."""

    def register(play: Play) -> Play:
        FAULTS.append(Fault(name, play, backends, late))
        return play

    return register


def of(backend: str) -> list[Fault]:
    """Those of a backend, in the order they are written."""
    from tests.faults.playing import clockwork, messages, network, partners, processes, servers, versions

    modules: Iterable[object] = (processes, network, messages, partners, clockwork, servers, versions)
    assert all(modules)
    return [item for item in FAULTS if backend in item.backends]
