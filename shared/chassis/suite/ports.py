"""Which process listens where: everything counts from the front door's port."""

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from chassis.places import FRONT, Place, places

HOST = "127.0.0.1"
SPAN = 300  # ports from the front door's to the last web metrics port
FAKES = ("wecom", "kingdee")  # tests/fakes, started beside the demo data


@dataclass(frozen=True)
class Ports:
    """The ports of one suite."""

    front: int = FRONT

    def web(self, place: Place) -> int:
        return self.front + place.port - FRONT

    def internal(self, place: Place) -> int:
        return self.web(place) + 100

    def web_metrics(self, place: Place) -> int:
        return self.web(place) + 200

    @property
    def control(self) -> int:
        """The supervisor's own: health of the whole, and commands of `./crm ps|stop|start`."""
        return self.front + 90

    def fake(self, name: str) -> int:
        return self.front + 91 + FAKES.index(name)

    def all(self) -> Iterator[tuple[int, str]]:
        yield self.front, "front door"
        for place in places():
            yield self.web(place), f"{place.name} web"
            yield self.internal(place), f"{place.name} worker"
            yield self.web_metrics(place), f"{place.name} metrics"
        yield self.control, "supervisor"
        for name in FAKES:
            yield self.fake(name), f"{name} stand-in"

    def taken(self) -> list[tuple[int, str]]:
        """Those that another program holds."""
        return [(port, use) for port, use in self.all() if not is_free(port)]


def is_free(port: int) -> bool:
    """Whether this machine lets us listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as problem:
            if problem.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def suggestion(front: int) -> int | None:
    """Another front port whose whole range is free."""
    for candidate in range(front + 1000, 60000, 1000):
        if not Ports(candidate).taken():
            return candidate
    return None
