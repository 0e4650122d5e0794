"""Fakes listening on loopback, and clients of our connectors that talk to them."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from chassis import clock
from chassis.db import Database
from chassis.event_log import LOG
from chassis.ids import uuid7
from chassis.service import Service
from chassis.subscriptions import Received
from fakes import kingdee as fake_kingdee
from fakes import wecom as fake_wecom
from fakes.listening import Running
from integration_gateway import seed, sending
from integration_gateway.connectors import configured
from integration_gateway.connectors import seed as connectors_seed
from integration_gateway.connectors.kingdee.plugin import Ledger
from integration_gateway.connectors.kingdee.plugin import Settings as KingdeeSettings
from integration_gateway.connectors.models import Connector
from integration_gateway.connectors.wecom.client import WeCom
from integration_gateway.directory import departments, users
from integration_gateway.models import User


@pytest.fixture
def wecom_fake() -> Iterator[fake_wecom.WeComFake]:
    """WeCom, listening; `fake.url` is where."""
    fake = fake_wecom.WeComFake()
    with Running(fake) as url:
        fake.url = url
        yield fake


@pytest.fixture
def kingdee_fake() -> Iterator[fake_kingdee.KingdeeFake]:
    """K3Cloud, listening."""
    fake = fake_kingdee.KingdeeFake()
    with Running(fake) as url:
        fake.url = url
        yield fake


@pytest.fixture
def wecom(wecom_fake: fake_wecom.WeComFake) -> WeCom:
    return WeCom(
        url=wecom_fake.url,
        corp_id=fake_wecom.CORP,
        secret=fake_wecom.SECRET,
        agent_id=fake_wecom.AGENT,
        read_seconds=0.5,
    )


@pytest.fixture
def ledger(kingdee_fake: fake_kingdee.KingdeeFake) -> Ledger:
    return make_ledger(kingdee_fake.url)


def make_ledger(url: str, **given: object) -> Ledger:
    settings = {
        "url": url,
        "acct_id": fake_kingdee.ACCT,
        "user": fake_kingdee.USER,
        "app_id": fake_kingdee.APP_ID,
        "app_secret": fake_kingdee.APP_SECRET,
        "password": fake_kingdee.PASSWORD,
    }
    ledger = Ledger(KingdeeSettings().load(settings | given))
    ledger._read_seconds = 0.5
    return ledger


@pytest.fixture(scope="session")
def service() -> Service:
    from integration_gateway.app import SERVICE

    return SERVICE


@pytest.fixture
def people_here(database: Database) -> dict[str, User]:
    """A small company: Zhang Wei with a chat id, Sun Qian without, Lin Jing the administrator."""
    with database.transaction() as session:
        seed.ship_roles(session)
        company = departments.create(session, name="启明云", parent_id=None, external_ids={"wecom": "1"})
        return {
            key: users.create(
                session, name=name, email=f"{key}@qiming.example", department_id=company.id, roles=roles, **more
            )
            for key, name, roles, more in (
                ("zhang.wei", "张伟", ["seller"], {"external_ids": {"wecom": "ZhangWei"}}),
                ("sun.qian", "孙倩", ["service_agent"], {}),
                ("lin.jing", "林静", ["admin"], {"external_ids": {"wecom": "LinJing"}}),
            )
        }


@pytest.fixture
def chat_connector(database: Database, wecom_fake: fake_wecom.WeComFake) -> Connector:
    """WeCom set up to talk to the fake."""
    with database.transaction() as session:
        return configured.create(
            session, kind="wecom", name="企业微信", settings=connectors_seed.WECOM | {"url": wecom_fake.url}
        )


@pytest.fixture
def erp_connector(database: Database, kingdee_fake: fake_kingdee.KingdeeFake) -> Connector:
    """K3Cloud set up to talk to the fake."""
    with database.transaction() as session:
        return configured.create(
            session, kind="kingdee", name="金蝶", settings=connectors_seed.KINGDEE | {"url": kingdee_fake.url}
        )


@pytest.fixture
def hear(database: Database, service: Service) -> Callable[..., None]:
    """`hear("approvals.task.created.v1", task_id=…)`: the event arrives and its handlers run, as the follower does it."""

    def arrive(type_: str, *, event_id: str = "", subject: str = "", **data: Any) -> None:
        event = Received(
            id=event_id or uuid7(),
            source=type_.partition(".")[0],
            type=type_,
            subject=subject,
            time=clock.now(),
            sequence=1,
            epoch="e",
            aggregateversion=1,
            data=data,
        )
        for group in service.subscriptions.groups.values():
            if subscription := group.match(type_):
                with database.transaction() as session:
                    subscription.handle(session, subscription.load(event))

    return arrive


@pytest.fixture
def carry_out(database: Database) -> Callable[[], int]:
    """Carry out everything due, in this thread; returns how many tries there were."""

    def work() -> int:
        tries = 0
        with database.reading() as session:
            connectors = [one.id for one in configured.listed(session)]
        while claims := [c for key in connectors for c in sending.claim_due(database, key, limit=4)]:
            for claim in claims:
                sending.finish(database, claim, sending.attempt(claim))
                tries += 1
        return tries

    return work


@pytest.fixture
def published(database: Database) -> Callable[[str], list[dict[str, Any]]]:
    """The data of all events of a type published so far."""

    def read(type_: str) -> list[dict[str, Any]]:
        with database.reading() as session:
            rows = session.execute(select(LOG.c.data).where(LOG.c.type == type_).order_by(LOG.c.id))
            return [row.data if isinstance(row.data, dict) else orjson.loads(row.data) for row in rows]

    return read
