"""Lines that are cut, slow or silent: to the services' feeds, the broker and the database."""

from collections.abc import Callable

from tests.faults.catalogue import BOTH, SERVERS, fault
from tests.faults.family import SERVICES
from tests.faults.proxy import Proxy
from tests.faults.stage import Stage

Break = Callable[[Proxy], None]
WAYS: dict[str, tuple[Break, float]] = {
    "cut": (Proxy.cut, 4.0),
    "slow": (Proxy.slow, 4.0),
    "half-open": (Proxy.half_open, 6.0),
    "a black hole": (Proxy.black_hole, 6.0),
    "broken again and again": (lambda proxy: None, 4.0),
}


def _line(what: str, backends: tuple[str, ...], find: Callable[[Stage], list[Proxy]]) -> None:
    for way, (hurt, seconds) in WAYS.items():
        _one(f"{what} {way}", backends, find, hurt, seconds, often=way.startswith("broken"))


def _one(name: str, backends: tuple[str, ...], find: Callable[[Stage], list[Proxy]], hurt: Break, seconds: float, *,
         often: bool) -> None:  # fmt: skip
    @fault(name, backends)
    def play(stage: Stage) -> None:
        stage.wait(0.5)
        proxies = find(stage)
        for proxy in proxies:
            hurt(proxy)
        for _ in range(int(seconds * 2)):
            stage.wait(0.5)
            if often:
                for proxy in proxies:
                    proxy.drop_connections()
        for proxy in proxies:
            proxy.heal()


def _broker(stage: Stage) -> list[Proxy]:
    assert stage.to_broker is not None
    return [stage.to_broker]


def _database(stage: Stage) -> list[Proxy]:
    assert stage.to_database is not None
    return [stage.to_database]


def _feeds(stage: Stage) -> list[Proxy]:
    return [stage.family.feeds[name] for name in SERVICES]


_line("the line to the broker", (SERVERS,), _broker)
_line("the line to the database", (SERVERS,), _database)
_line("the lines between services", BOTH, _feeds)
