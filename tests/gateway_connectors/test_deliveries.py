"""Deliveries on real databases against fakes that fail in every way they can."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.db import Database
from fakes.listening import Running
from fakes.wecom import WeComFake
from integration_gateway import deliveries, sending
from integration_gateway.connectors import configured
from integration_gateway.connectors import seed as connectors_seed
from integration_gateway.connectors.models import ConnectorState, Delivery, DeliveryAttempt

CUSTOMER = {"number": "ACC-1", "name": "合见工业软件集团"}


def order(database: Database, connector, *, key="k1", action="customer", after=None, **payload) -> str:
    with database.transaction() as session:
        previous = session.get(Delivery, after) if after else None
        given = payload or CUSTOMER
        delivery = deliveries.enqueue(
            session, connector=connector, action=action, key=key, payload=given, subject="account/1", after=previous
        )
        return delivery.id


def note(database: Database, connector, *, key: str, title: str = "hello") -> str:
    return order(database, connector, key=key, action="notify", users=["ZhangWei"], title=title)


def read(database: Database, delivery_id: str) -> Delivery:
    with database.reading() as session:
        return session.get(Delivery, delivery_id)


def outcomes(database: Database, delivery_id: str) -> list[tuple[str, bool]]:
    with database.reading() as session:
        rows = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
        return [(one.outcome, one.looked) for one in session.scalars(rows.order_by(DeliveryAttempt.generation))]


def test_the_same_key_is_one_delivery_and_its_result_is_kept(database, erp_connector, kingdee_fake, carry_out):
    first, again = order(database, erp_connector), order(database, erp_connector)
    assert first == again
    assert carry_out() == 1
    done = read(database, first)
    assert (done.state, done.result["number"], done.attempts) == ("succeeded", "ACC-1", 1)
    assert len(kingdee_fake.book["documents"]) == 1


def test_an_accepted_write_with_a_lost_answer_is_looked_up_and_never_written_twice(
    database, erp_connector, kingdee_fake, carry_out, time
):
    kingdee_fake.faults.append({"on": ".Audit.", "do": "drop", "times": 1})
    delivery = order(database, erp_connector)
    carry_out()
    waiting = read(database, delivery)
    assert waiting.state == "uncertain"
    assert waiting.next_at > clock.now()
    assert "connection lost" in waiting.error
    assert carry_out() == 0
    time.pass_(seconds=10)
    carry_out()
    assert read(database, delivery).state == "succeeded"
    assert outcomes(database, delivery) == [("uncertain", False), ("succeeded", True)]
    assert len(kingdee_fake.book["documents"]) == 1
    assert sum(".Save." in call["path"] for call in kingdee_fake.calls) == 1


def test_what_can_never_work_fails_at_once_and_administrators_are_told(
    database, erp_connector, people_here, carry_out, published
):
    broken = order(
        database, erp_connector, key="order", action="sales_order", number="CON-1", date="2026-11-22",
        customer_number="NONE", currency="CNY", lines=[{"quantity": "1", "unit_price": "1"}],
    )  # fmt: skip
    carry_out()
    failed = read(database, broken)
    assert (failed.state, failed.error_permanent, failed.attempts) == ("failed", True, 1)
    (told,) = published("gateway.notification.requested.v1")
    assert told["to"] == [people_here["lin.jing"].id]
    assert broken in told["link"]
    assert published("gateway.delivery.failed.v1")[0]["delivery_id"] == broken


def test_one_that_fails_blocks_no_other(database, erp_connector, chat_connector, wecom_fake, carry_out):
    bad = order(
        database, erp_connector, key="bad", action="sales_order", number="CON-1", date="2026-11-22",
        customer_number="NONE", currency="CNY", lines=[{"quantity": "1", "unit_price": "1"}],
    )  # fmt: skip
    good, other = order(database, erp_connector, key="good"), note(database, chat_connector, key="n")
    carry_out()
    assert [read(database, one).state for one in (bad, good, other)] == ["failed", "succeeded", "succeeded"]


def test_a_follower_waits_for_its_predecessor_and_goes_when_it_succeeds(
    database, erp_connector, kingdee_fake, carry_out
):
    kingdee_fake.faults.append({"on": ".Save.", "do": "body", "times": 1, "body": _refusal("客户名称重复")})
    first = order(database, erp_connector)
    second = order(database, erp_connector, key="k2", after=first, number="ACC-2", name="二号客户")
    assert carry_out() == 1
    assert (read(database, first).state, read(database, second).state) == ("failed", "pending")
    with database.transaction() as session:
        deliveries.retry(session, session.get(Delivery, first))
    carry_out()
    assert (read(database, first).state, read(database, second).state) == ("succeeded", "succeeded")


def test_back_off_grows_with_jitter_and_ends_in_failure(database, erp_connector, kingdee_fake, carry_out, time):
    kingdee_fake.faults.append({"on": "/k3cloud/", "do": "status", "status": 500, "times": 9999})
    delivery = order(database, erp_connector)
    for _ in range(60):
        carry_out()
        if read(database, delivery).state == "failed":
            break
        time.pass_(hours=1.3)
    dead = read(database, delivery)
    assert (dead.state, dead.attempts, dead.error_permanent) == ("failed", 15, False)
    for tries in range(1, 20):
        assert 0.75 * min(2**tries, 3600) <= deliveries.delay(tries) <= 1.25 * min(2**tries, 3600)


def test_a_connector_that_keeps_failing_rests_and_one_try_probes_it(
    database, erp_connector, kingdee_fake, carry_out, time
):
    kingdee_fake.faults.append({"on": "/k3cloud/", "do": "status", "status": 500, "times": 6})
    ids = [order(database, erp_connector, key=f"k{n}", number=f"ACC-{n}", name=f"客户{n}") for n in range(8)]
    carry_out()
    assert _state(database, erp_connector).paused_until > clock.now()
    calls = len(kingdee_fake.calls)
    time.pass_(seconds=14)
    assert carry_out() == 0
    assert len(kingdee_fake.calls) == calls
    assert {read(database, one).state for one in ids} == {"pending"}
    time.pass_(seconds=3)
    assert len(sending.claim_due(database, erp_connector.id, limit=4)) == 1
    sending.recover(database)
    for _ in range(20):
        time.pass_(seconds=40)
        carry_out()
    assert {read(database, one).state for one in ids} == {"succeeded"}
    assert _state(database, erp_connector).failures == 0


def test_being_asked_to_wait_pauses_the_connector_and_costs_no_try(
    database, chat_connector, wecom_fake, carry_out, time
):
    limit = {"errcode": 45009, "errmsg": "api freq out of limit"}
    wecom_fake.faults.append({"on": "message/send", "do": "body", "body": limit, "times": 1})
    first = note(database, chat_connector, key="a")
    assert carry_out() == 1
    second = note(database, chat_connector, key="b", title="other")
    assert read(database, first).attempts == 0
    assert carry_out() == 0
    time.pass_(seconds=61)
    carry_out()
    assert [read(database, one).state for one in (first, second)] == ["succeeded", "succeeded"]


def test_the_rate_of_a_connector_is_kept(database, chat_connector, time):
    for number in range(30):
        note(database, chat_connector, key=f"n{number}")
    assert sum(len(sending.claim_due(database, chat_connector.id, limit=4)) for _ in range(10)) == 20
    time.pass_(seconds=0.5)
    assert len(sending.claim_due(database, chat_connector.id, limit=10)) == 5


def test_what_a_killed_worker_was_sending_is_looked_up_by_the_next_one(
    database, erp_connector, kingdee_fake, carry_out
):
    delivery = order(database, erp_connector)
    (claim,) = sending.claim_due(database, erp_connector.id, limit=1)
    outcome = sending.attempt(claim)  # it took effect, and the worker died before it could say so
    assert read(database, delivery).state == "sending"
    assert sending.recover(database) == 1
    carry_out()
    assert outcomes(database, delivery) == [("", False), ("succeeded", True)]
    sending.finish(database, claim, outcome)  # the dead worker's answer comes late
    assert read(database, delivery).attempts == 2
    assert len(kingdee_fake.book["documents"]) == 1


def test_nobody_else_takes_a_delivery_that_is_being_sent(database, erp_connector):
    order(database, erp_connector)
    assert len(sending.claim_due(database, erp_connector.id, limit=4)) == 1
    assert sending.claim_due(database, erp_connector.id, limit=4) == []


def test_a_switched_off_connector_keeps_its_deliveries(database, chat_connector, carry_out):
    delivery = note(database, chat_connector, key="n")
    with database.transaction() as session:
        configured.change(session, configured.get(session, chat_connector.id), enabled=False)
    assert carry_out() == 0
    assert read(database, delivery).state == "pending"
    with database.transaction() as session:
        configured.change(session, configured.get(session, chat_connector.id), enabled=True)
    carry_out()
    assert read(database, delivery).state == "succeeded"


def test_cancelling_takes_what_waits_along_and_replaying_makes_a_new_one(database, erp_connector, carry_out):
    first = order(database, erp_connector)
    second = order(database, erp_connector, key="k2", after=first, number="ACC-2", name="二号")
    with database.transaction() as session:
        deliveries.cancel(session, session.get(Delivery, first))
    assert carry_out() == 0
    assert [read(database, one).state for one in (first, second)] == ["cancelled", "cancelled"]
    with database.transaction() as session:
        again = deliveries.replay(session, session.get(Delivery, first)).id
        with pytest.raises(deliveries.NotOpen):
            deliveries.cancel(session, session.get(Delivery, first))
    carry_out()
    assert read(database, again).state == "succeeded"


def test_secrets_are_encrypted_at_rest_and_never_shown(database, chat_connector):
    secret = connectors_seed.WECOM["secret"]
    with database.connection() as connection:
        row = connection.exec_driver_sql("SELECT settings, secrets FROM connector").one()
    assert secret not in str(row)
    assert "v1." in row.secrets
    with database.transaction() as session:
        connector = configured.get(session, "wecom")
        assert configured.shown(connector)["secret"] == configured.KEPT
        configured.change(session, connector, settings={"agent_id": 1000003, "secret": configured.KEPT})
        assert configured.opened(connector)["secret"] == secret
        assert connector.settings["agent_id"] == 1000003


def test_health_says_what_is_wrong_and_a_dry_run_sends_nothing(database, chat_connector, wecom_fake):
    assert configured.check_health(database, chat_connector.id).ok
    with database.transaction() as session:
        connector = configured.get(session, chat_connector.id)
        payload = {"users": ["ZhangWei"], "title": "hello"}
        drafted = configured.dry_run(session, connector, action="notify", payload=payload)
        assert drafted["body"]["text"]["content"] == "hello"
        assert wecom_fake.book["messages"] == []
        configured.change(session, connector, settings={"secret": "wrong"})
    health = configured.check_health(database, chat_connector.id)
    assert not health.ok
    assert "secret" in health.detail
    assert not _state(database, chat_connector).healthy


def test_the_book_of_a_fake_survives_its_restart(tmp_path, database, carry_out):
    state = tmp_path / "wecom.json"
    with Running(WeComFake(state)) as url, database.transaction() as session:
        connector = configured.create(session, kind="wecom", name="w", settings=connectors_seed.WECOM | {"url": url})
    with Running(WeComFake(state)) as url:
        with database.transaction() as session:
            configured.change(session, configured.get(session, connector.id), settings={"url": url})
        note(database, connector, key="n")
        carry_out()
    assert [one["body"]["text"]["content"] for one in WeComFake(state).book["messages"]] == ["hello"]


def _state(database: Database, connector) -> ConnectorState:
    with database.reading() as session:
        return session.get(ConnectorState, connector.id)


def _refusal(text: str) -> dict[str, object]:
    errors = [{"FieldName": "FName", "Message": text, "DIndex": 0}]
    return {"Result": {"ResponseStatus": {"IsSuccess": False, "Errors": errors, "MsgCode": 9}}}


def test_a_lease_is_longer_than_any_chain_of_calls():
    assert timedelta(seconds=5 * 65) < sending.LEASE
