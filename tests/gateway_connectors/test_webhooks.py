"""Webhooks of automation rules: signed as Standard Webhooks says, called once, tried again, missed ones told."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from fakes.listening import Fake, Reply, Request, Running
from integration_gateway.connectors import configured
from integration_gateway.connectors.webhook.plugin import CONNECTOR, signature

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
REQUEST = "01900000-0000-7000-8000-0000000000d1"
ASKED = {"request_id": REQUEST, "webhook": "erp-hook", "rule": "big", "about": "account/a1", "values": {"name": "云帆"}}


class Receiver(Fake):
    """Takes what is posted, verifies it as a receiver would, and deduplicates by id."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[int] = []

    def empty(self) -> dict[str, Any]:
        return {"ids": [], "calls": []}

    def handle(self, request: Request) -> Reply:
        got = {name.lower(): value for name, value in request.headers.items()}
        signed = f"{got['webhook-id']}.{got['webhook-timestamp']}.".encode() + request.body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        good = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if got["webhook-signature"] != good:
            return Reply({"error": "signature"}, 401)
        self.book["ids"].append(got["webhook-id"])
        self.book["calls"].append(request.json())
        return Reply({}, self.answers.pop(0) if self.answers else 200)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with Running(made) as url:
        made.url = url
        yield made


@pytest.fixture
def hook(database, receiver):
    with database.transaction() as session:
        settings = {"url": f"{receiver.url}/hook", "secret": SECRET}
        return configured.create(session, kind="webhook", name="erp-hook", settings=settings)


def test_the_signature_is_the_one_the_specification_shows():
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )  # fmt: skip
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_rules_webhook_is_called_once_though_it_is_heard_twice(hook, receiver, hear, carry_out):
    for _ in range(2):
        hear("sales.webhook.requested.v1", **ASKED)
    carry_out()
    (call,) = receiver.book["calls"]
    assert call["type"] == "sales.rule.acted"
    assert call["data"] == {"rule": "big", "record": {"kind": "account", "id": "a1", "fields": {"name": "云帆"}}}


def test_a_webhook_that_fails_is_tried_again_under_the_same_id(hook, receiver, hear, carry_out, time):
    receiver.answers = [500, 503]
    hear("sales.webhook.requested.v1", **ASKED)
    for _ in range(3):
        carry_out()
        time.pass_(hours=1)
    assert receiver.book["ids"] == [REQUEST] * 3


def test_the_administrators_are_told_of_a_webhook_that_is_not_there(people_here, hear, published):
    hear("sales.webhook.requested.v1", **ASKED)
    (told,) = published("gateway.notification.requested.v1")
    assert told["key"] == "webhook_missing"


@pytest.mark.parametrize("wrong", [{"url": "ftp://x"}, {"url": "nonsense"}, {"secret": "short"}])
def test_wrong_settings_are_named(wrong):
    given = {"url": "https://example.com/hook", "secret": SECRET} | wrong
    assert set(CONNECTOR.settings().validate(given)) == set(wrong)
