"""The worker's loop with its threads: several at once, nobody in the way of anybody."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from gateway_connectors.test_deliveries import note, order, read

from chassis import clock
from chassis.relay import Wake
from chassis.service import Runtime
from chassis.testing import wait_until
from integration_gateway import sending


@pytest.fixture
def loop(database, settings) -> Iterator[Runtime]:
    """The loop, running."""
    runtime = Runtime(database, settings, threading.Event(), Wake())
    thread = threading.Thread(target=sending.run_forever, args=(runtime,))
    thread.start()
    yield runtime
    runtime.stopping.set()
    runtime.nudged.ring()
    thread.join(20)
    assert not thread.is_alive()


def test_a_partner_that_hangs_delays_only_its_own(database, erp_connector, chat_connector, kingdee_fake, loop):
    kingdee_fake.faults.append({"on": "/k3cloud/", "do": "hang", "seconds": 30, "times": 4})
    slow = [order(database, erp_connector, key=f"k{n}", number=f"ACC-{n}", name=f"客户{n}") for n in range(6)]
    wait_until(lambda: len(kingdee_fake.calls) == 4)
    quick = [note(database, chat_connector, key=f"n{n}", title=f"t{n}") for n in range(6)]
    loop.nudged.ring()
    wait_until(lambda: all(read(database, one).state == "succeeded" for one in quick))
    assert "succeeded" not in {read(database, one).state for one in slow}
    kingdee_fake.stopped.set()
    wait_until(lambda: all(read(database, one).state == "succeeded" for one in slow), seconds=20)
    assert len(kingdee_fake.book["documents"]) == 6


def test_two_who_claim_at_the_same_time_never_take_the_same(database, chat_connector):
    ids = {note(database, chat_connector, key=f"n{n}", title=f"t{n}") for n in range(20)}
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: sending.claim_due(database, chat_connector.id, limit=5), range(4)))
    claimed = [claim.delivery_id for claims in taken for claim in claims]
    assert sorted(claimed) == sorted(set(claimed))
    assert set(claimed) <= ids


def test_what_was_ordered_while_the_clock_stood_ahead_goes_out_once_it_is_put_right(
    database, chat_connector, monkeypatch
):
    with monkeypatch.context() as ahead:
        ahead.setattr(clock, "_offset", timedelta(hours=2))
        made = note(database, chat_connector, key="n1", title="t1")
    assert [claim.delivery_id for claim in sending.claim_due(database, chat_connector.id, limit=5)] == [made]
