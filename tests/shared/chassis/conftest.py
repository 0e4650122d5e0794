"""The sample service is what the web half of the chassis is tested on, names on the broker what the backbone is."""

import uuid
from typing import Any

import kombu
import pytest
from shared.chassis.gadgets.app import SERVICE

from chassis.db import Base
from chassis.rabbit import Names
from tests.shared.chassis import backbone
from tests.shared.chassis.backbone import AMQP


@pytest.fixture(scope="session")
def service():
    return SERVICE


@pytest.fixture(scope="session")
def tables(service):
    """Without the engines' tables: the chassis must not need them."""
    from chassis.testing import import_all

    import_all("chassis")
    return [Base.metadata, service.metadata]


@pytest.fixture
def names() -> Any:
    """Exchange and queue names of this test alone, removed afterwards."""
    if backbone.backend_missing(5672):
        pytest.skip("RabbitMQ is not reachable")
    own = Names(f"test-{uuid.uuid4().hex[:8]}")
    yield own
    with kombu.Connection(AMQP) as connection:
        channel = connection.channel()
        for queue in (own.queue("shop", "post"), own.dead):
            channel.queue_delete(queue)
        for exchange in (own.exchange, own.dead):
            channel.exchange_delete(exchange)
