"""Approval cards, decisions by button and notifications in WeCom, with the fake pressing for people."""

from urllib.parse import urlsplit

import pytest

from chassis.db import Database
from fakes import wecom as fake_wecom
from integration_gateway import notifications
from integration_gateway.connectors import configured
from integration_gateway.connectors.models import ChatCallback, ChatCard, Delivery

CALLBACK = "/gateway/api/v1/connectors/wecom/callback"
DECIDED = "gateway.chat_decision.received.v1"


def task(people, who: str = "zhang.wei", task_id: str = "t-1") -> dict[str, object]:
    return {
        "task_id": task_id,
        "assignee_id": people[who].id,
        "title": {"zh": "合同审批：合见工软", "en": "Contract approval"},
        "kind": "approve",
        "highlights": [
            {
                "name": "amount",
                "label": {"zh": "金额", "en": "Amount"},
                "kind": "money",
                "value": "612345",
                "currency": "CNY",
            },
            {"name": "max_discount_percent", "label": {"zh": "最大折扣"}, "kind": "percent", "value": "21.5"},
        ],
        "link": f"/approvals/tasks/{task_id}",
        "due_at": "2026-11-24T09:00:00Z",
    }


@pytest.fixture
def press(wecom_fake, client, chat_connector):
    """Somebody presses a button; the sealed callback goes to our address. Returns the statuses of the answers."""

    def send(task_id: str, key: str, *, times: int = 1, member: str = "") -> list[int]:
        wecom_fake.press(task_id, key, user=member, times=times)
        entries, wecom_fake.book["callbacks"] = wecom_fake.book["callbacks"], []
        return [deliver(entry["fields"]) for entry in entries]

    def deliver(fields: dict[str, object]) -> int:
        url, body = wecom_fake.sealed(fields)
        return client.post(f"{CALLBACK}?{urlsplit(url).query}", data=body, content_type="text/xml").status_code

    send.deliver = deliver
    return send


def test_a_task_becomes_a_card_in_the_assignees_language_and_a_press_a_decision(
    people_here, chat_connector, wecom_fake, hear, carry_out, press, published
):
    hear("approvals.task.created.v1", **task(people_here))
    carry_out()
    card = wecom_fake.book["cards"]["t-1"]["card"]
    assert card["main_title"]["title"] == "合同审批：合见工软"
    rows = {row["keyname"]: row["value"] for row in card["horizontal_content_list"]}
    assert rows == {"金额": "¥612,345.00", "最大折扣": "21.5%", "截止": "2026-11-24 17:00"}
    assert [one["text"] for one in card["button_list"]] == ["同意", "驳回"]
    assert card["card_action"]["url"].endswith("/approvals/tasks/t-1")
    assert card["card_action"]["url"].startswith("http")
    assert press("t-1", "approve") == [200]
    (decision,) = published(DECIDED)
    assert (decision["task_id"], decision["user_id"], decision["decision"]) == (
        "t-1",
        people_here["zhang.wei"].id,
        "approve",
    )


def test_a_callback_that_comes_three_times_is_one_decision(
    people_here, chat_connector, hear, carry_out, press, published
):
    hear("approvals.task.created.v1", **task(people_here))
    carry_out()
    assert press("t-1", "reject", times=3) == [200, 200, 200]
    assert [one["decision"] for one in published(DECIDED)] == ["reject"]


def test_callbacks_out_of_order_are_each_taken_once(
    people_here, chat_connector, wecom_fake, hear, carry_out, press, published
):
    for task_id in ("t-1", "t-2"):
        hear("approvals.task.created.v1", **task(people_here, task_id=task_id))
    carry_out()
    wecom_fake.hold()
    wecom_fake.press("t-1", "approve")
    wecom_fake.press("t-2", "reject")
    wecom_fake.release(order="reverse", times=2)
    for entry in wecom_fake.book["callbacks"]:
        assert press.deliver(entry["fields"]) == 200
    assert [(one["task_id"], one["decision"]) for one in published(DECIDED)] == [("t-2", "reject"), ("t-1", "approve")]


def test_the_card_shows_the_outcome_wherever_the_task_was_decided(
    people_here, chat_connector, wecom_fake, hear, carry_out, press
):
    hear("approvals.task.created.v1", **task(people_here))
    carry_out()
    press("t-1", "approve")
    hear("approvals.task.completed.v1", task_id="t-1", outcome="approved")
    carry_out()
    assert wecom_fake.book["cards"]["t-1"]["replaced"] == {"ZhangWei": "已同意"}


def test_a_task_that_is_over_before_its_card_was_sent_gets_its_card_closed(
    people_here, chat_connector, wecom_fake, hear, carry_out
):
    hear("approvals.task.created.v1", **task(people_here))
    hear("approvals.task.completed.v1", task_id="t-1", outcome="rejected")
    carry_out()
    assert wecom_fake.book["cards"]["t-1"]["replaced"] == {"ZhangWei": "已驳回"}


def test_a_press_on_a_closed_card_takes_the_buttons_away_again(
    people_here, chat_connector, wecom_fake, hear, carry_out, press, database
):
    hear("approvals.task.created.v1", **task(people_here))
    carry_out()
    hear("approvals.task.completed.v1", task_id="t-1", outcome="approved")
    carry_out()
    press("t-1", "reject")
    carry_out()
    with database.reading() as session:
        states = [one.state for one in session.query(Delivery).filter_by(action="finish_card")]
    assert states == ["succeeded", "succeeded"]


def test_somebody_elses_press_and_an_unknown_card_decide_nothing(
    people_here, chat_connector, database, hear, carry_out, press, published
):
    hear("approvals.task.created.v1", **task(people_here))
    carry_out()
    assert press("t-1", "approve", member="LinJing") == [200]
    unknown = {"Event": "template_card_event", "TaskId": "x", "EventKey": "approve"}
    assert press.deliver({"FromUserName": "ZhangWei"} | unknown) == 200
    assert published(DECIDED) == []
    with database.reading() as session:
        assert {one.outcome for one in session.query(ChatCallback)} == {"not_addressee", "unknown_card"}


def test_forged_callbacks_are_refused(people_here, chat_connector, wecom_fake, client):
    url, body = wecom_fake.sealed({"FromUserName": "ZhangWei", "Event": "template_card_event", "TaskId": "t-1"})
    query = urlsplit(url).query
    for changed in (query.replace("nonce=", "nonce=0"), "", query.replace("msg_signature=", "msg_signature=é")):
        assert client.post(f"{CALLBACK}?{changed}", data=body).status_code == 403
    for rubbish in (b"", b"<xml>", b"<xml><Encrypt>x</Encrypt></xml>", b"\xff\xfe", b"<!DOCTYPE a><xml/>"):
        assert client.post(f"{CALLBACK}?{query}", data=rubbish).status_code == 403
    assert client.get(f"{CALLBACK}?{query}&echostr=abc").status_code == 403


def test_the_address_check_is_answered_with_the_plain_echo(chat_connector, client):
    from fakes.envelope import seal

    keys = {"aes_key": fake_wecom.AES_KEY, "token": fake_wecom.TOKEN, "receiver": fake_wecom.CORP}
    encrypted, signature = seal("1616140317555161061", timestamp="1", nonce="n", **keys)
    query = {"msg_signature": signature, "timestamp": "1", "nonce": "n", "echostr": encrypted}
    answer = client.get(CALLBACK, query_string=query)
    assert (answer.status_code, answer.data) == (200, b"1616140317555161061")


def test_without_a_connector_there_is_no_callback_address(client):
    assert client.get(CALLBACK).status_code == 404


def test_people_without_a_chat_id_or_without_the_wish_get_no_card(
    people_here, chat_connector, database, hear, carry_out, wecom_fake
):
    with database.transaction() as session:
        wishes = [{"channel": "chat", "key": "*", "wanted": False}]
        notifications.prefer(session, people_here["lin.jing"].id, wishes)
    hear("approvals.task.created.v1", **task(people_here, "sun.qian", "t-1"))
    hear("approvals.task.created.v1", **task(people_here, "lin.jing", "t-2"))
    hear("approvals.task.created.v1", **(task(people_here) | {"assignee_id": "nobody", "task_id": "t-3"}))
    hear("approvals.task.created.v1", **(task(people_here) | {"kind": "handle", "task_id": "t-4"}))
    carry_out()
    assert wecom_fake.book["cards"] == {}
    assert _cards(database) == 0


def test_a_notification_reaches_each_person_once_in_their_language(
    people_here, chat_connector, hear, carry_out, wecom_fake
):
    note = {
        "to": [people_here["zhang.wei"].id, people_here["lin.jing"].id, people_here["sun.qian"].id],
        "key": "lead_assigned",
        "title": {"zh": "新线索", "en": "New lead"},
        "text": {"zh": "请跟进", "en": "Please follow up"},
        "link": "/leads/leads/1",
    }
    for _ in range(2):
        hear("leads.notification.requested.v1", event_id="01900000-0000-7000-8000-0000000000e1", **note)
    carry_out()
    assert sorted(one["to"][0] for one in wecom_fake.book["messages"]) == ["LinJing", "ZhangWei"]
    body = wecom_fake.book["messages"][0]["body"]["textcard"]
    assert (body["title"], body["description"]) == ("新线索", "请跟进")
    assert body["url"].endswith("/leads/leads/1")


def _cards(database: Database) -> int:
    with database.reading() as session:
        return session.query(ChatCard).count()


def test_a_connector_can_be_named_by_kind_or_id(database, chat_connector):
    with database.reading() as session:
        assert configured.get(session, "wecom").id == configured.get(session, chat_connector.id).id
