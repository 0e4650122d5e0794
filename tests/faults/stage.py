"""One running suite with its load, its audit and everything a fault may lay hands on."""

import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from chassis.places import places
from tests.faults import witness
from tests.faults.audit import Audit, Finding
from tests.faults.books import Books
from tests.faults.driver import Driver
from tests.faults.family import SERVICES, Family, wait_for
from tests.faults.ledger import Ledger, now
from tests.faults.meter import Meter
from tests.faults.partner import Partner
from tests.faults.postgresql import PostgreSQL
from tests.faults.proxy import Proxy
from tests.faults.rabbitmq import RabbitMQ
from tests.faults.scratch import SmallDisk, base_port

EMBEDDED, SERVERS = "embedded", "servers"
SETTLE = 60.0  # seconds from the end of a fault to a steady state with every promise kept


class Stage:
    """What a fault is given. `chance` is seeded for each fault."""

    def __init__(self, backend: str, scratch: Path, seed: int):
        self.backend, self.seed = backend, seed
        self.scratch = scratch
        self.chance = random.Random(seed)
        self.ledger = Ledger()
        self.postgresql: PostgreSQL | None = None
        self.rabbitmq: RabbitMQ | None = None
        self.to_database: Proxy | None = None
        self.to_broker: Proxy | None = None
        self.disk: SmallDisk
        self.family: Family
        self.books: Books
        self.keep = False  # databases too, not only logs
        self._ending = ExitStack()
        self._known: set[Finding] = set()
        self._groups = expected_cursors()

    @property
    def servers(self) -> bool:
        return self.backend == SERVERS

    def begin(self) -> None:
        """Servers, suite, load and meter; returns when all is ready and the first log-ins are done."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # the servers must not outlive us
        base = base_port()
        database = bus = ""
        data = self.scratch / "suite"
        if self.servers:
            database, bus = self._begin_servers(base)
        else:
            self.disk = SmallDisk(data, 700)
            self._ending.callback(self._let_go_of_disk)
        self.family = Family(data, base, database=database, bus=bus, settings={"CRM_BUS_NAMESPACE": "crm"})
        direct = self.family.urls
        if self.postgresql is not None and self.to_database is not None:
            around = (f":{self.to_database.port}/", f":{self.postgresql.port}/")
            direct = {name: url.replace(*around) for name, url in direct.items()}
        self.books = Books(direct)
        self._ending.callback(self.family.down)
        self.family.up()
        self.partner = Partner(self.family.kingdee)
        self.meter = Meter(lambda: [c.port for c in self.family.children if "-worker" in c.name and c.is_alive])
        self.meter.start()
        self._ending.callback(self.meter.stop)
        self.driver = Driver(self.family.url, self.family.kingdee, self.ledger, self.seed)
        self._ending.callback(self.driver.end)
        self.audit = Audit(self.books, self.ledger, self.family.kingdee)
        wait_for(self.steady, seconds=SETTLE, what="the first steady state")
        self.driver.begin()

    def end(self) -> None:
        """End everything that was begun, the last first; what a small disk held is kept beside it."""
        self._ending.close()

    def _let_go_of_disk(self) -> None:
        if self.disk.mounted:
            what = None if self.keep else shutil.ignore_patterns("*.db*", "cluster", "caddy", "assets")
            shutil.copytree(self.disk.folder, self.scratch / "kept", ignore=what, symlinks=True)
        self.disk.remove()

    def _begin_servers(self, base: int) -> tuple[str, str]:
        folder = self.scratch / "rabbitmq"
        folder.mkdir(parents=True)
        self.rabbitmq = RabbitMQ(folder, base + 322)
        self._ending.callback(self.rabbitmq.kill)
        self.rabbitmq.start(wait=False)
        self.disk = SmallDisk(self.scratch / "postgresql", 1200)
        self._ending.callback(self._let_go_of_disk)
        self.scratch.chmod(0o755)
        self.postgresql = PostgreSQL(self.disk.folder, base + 320)
        self.postgresql.create()
        self._ending.callback(self.postgresql.stop)
        self.postgresql.start()
        self.rabbitmq.wait()
        self.to_database = Proxy(base + 310, self.postgresql.port).start()
        self.to_broker = Proxy(base + 311, self.rabbitmq.port).start()
        self._ending.callback(self.to_database.stop)
        self._ending.callback(self.to_broker.stop)
        bus = f"amqp://guest:guest@127.0.0.1:{self.to_broker.port}//"
        with psycopg.connect(f"{self.postgresql.url}postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE crm_witness")
        return f"postgresql://postgres@127.0.0.1:{self.to_database.port}/crm", bus

    def heal(self) -> None:
        """Take back whatever a fault may have left broken."""
        for proxy in (self.to_broker, self.to_database, *self.family.feeds.values()):
            if proxy is not None and proxy.mode != "pass":
                proxy.heal()
        self.partner.behave()
        self.family.shift_clock(0)
        self.family.hurry()
        for child in self.family.children:
            if not child.wanted:
                self.family.start(child.name)

    def why_not_steady(self) -> str:
        """Empty when every log is numbered and published, every cursor at its end, and nothing waits."""
        standing = {name: self.books.standing(name) for name in (*SERVICES, witness.NAME)}
        for name, own in standing.items():
            if own is None:
                return f"{name}: no database"
            if own.unnumbered or (self.servers and name in SERVICES and own.published < own.head):
                return f"{name}: {own.unnumbered} unnumbered, published {own.published} of {own.head}"
            for source, group in self._groups[name]:
                log = standing[source]
                position, epoch = own.cursors.get((source, group), (0, ""))
                if log is None or (log.head and (position < log.head or epoch != log.epoch)):
                    return f"{name}: {group} is at {position} of {source}, whose head is {log and log.head}"
        waiting = self.books.rows(
            "gateway",
            "SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending', 'uncertain') AND connector_id IN"
            " (SELECT id FROM connector WHERE kind = 'kingdee')",
        )[0][0]
        return f"gateway: {waiting} deliveries" if waiting else ""

    def steady(self) -> bool:
        return not self.why_not_steady()

    def new_findings(self) -> list[Finding]:
        """What the audit finds beyond what was reported before."""
        return [finding for finding in self.audit.findings() if finding not in self._known]

    def remember(self, findings: list[Finding]) -> None:
        self._known |= set(findings)

    def audited(self) -> tuple[str, ...]:
        return (*SERVICES, witness.NAME)

    def clear_parked(self) -> None:
        """Give up what was made to be parked, or has lost its ground by a restore: its fault is over."""
        for service in self.audited():
            self.books.change(service, "DELETE FROM event_parked")

    def expect_subscriber(self, service: str, group: str, *, source: str) -> None:
        """From now on this cursor counts too."""
        if (source, group) not in self._groups[service]:
            self._groups[service].append((source, group))

    def heads(self) -> int:
        """Events of all logs."""
        found = [self.books.standing(name) for name in SERVICES]
        return sum(one.head for one in found if one is not None)

    @contextmanager
    def load(self) -> Iterator[None]:
        """The driver goes on within the block; at its end every request in hand has been answered."""
        self.driver.going.set()
        try:
            yield
        finally:
            self.driver.pause()

    def wait(self, seconds: float) -> None:
        """Let the load go on."""
        until = now() + seconds
        wait_for(lambda: now() >= until, seconds=seconds + 5, what="time")

    def services(self) -> list[str]:
        """All six in an order of chance."""
        return self.chance.sample(SERVICES, len(SERVICES))


def expected_cursors() -> dict[str, list[tuple[str, str]]]:
    """(source, group) of every subscriber, from its declaration."""
    declared = {place.name: place.service() for place in places()} | {witness.NAME: witness.service()}
    return {
        name: [
            (source, group.name)
            for source, groups in service.subscriptions.sources(list(SERVICES), own=name).items()
            for group in groups
            if source in SERVICES
        ]
        for name, service in declared.items()
    }
