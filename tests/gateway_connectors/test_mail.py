"""Mail through a real SMTP server on loopback."""

import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from chassis.db import Database
from integration_gateway import notifications
from integration_gateway.connectors import configured
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.models import Connector, Delivery
from integration_gateway.connectors.smtp.plugin import CONNECTOR, health


class Mailbox:
    """Takes mail, or answers what it is told to."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.answer.startswith("250"):
            self.mails.append(envelope.content)
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def settings_of(box: Mailbox) -> dict[str, object]:
    given = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "crm@qiming.example"}
    return CONNECTOR.settings().load(given)


@pytest.fixture
def mail_connector(database: Database, mailbox: Mailbox) -> Connector:
    with database.transaction() as session:
        return configured.create(session, kind="smtp", name="mail", settings=settings_of(mailbox))


def test_a_notification_is_mailed_once_to_those_who_want_mail(
    database, people_here, mail_connector, mailbox, hear, carry_out
):
    with database.transaction() as session:
        wishes = [{"channel": "mail", "key": "*", "wanted": True}]
        notifications.prefer(session, people_here["sun.qian"].id, wishes)
    note = {
        "to": [people_here["sun.qian"].id, people_here["lin.jing"].id],
        "key": "lead_assigned",
        "title": {"zh": "新线索", "en": "New lead"},
        "text": {"zh": "请跟进", "en": "Please follow up"},
        "link": "/leads/leads/1",
    }
    for _ in range(2):
        hear("leads.notification.requested.v1", event_id="01900000-0000-7000-8000-0000000000e2", **note)
    carry_out()
    (mail,) = mailbox.mails
    assert b"sun.qian@qiming.example" in mail
    assert b"Message-ID: <01900000-0000-7000-8000-0000000000e2." in mail


def test_a_full_mailbox_is_tried_again_and_an_unknown_one_is_not(database, mail_connector, mailbox, carry_out, time):
    spec = CONNECTOR.actions["mail"]
    mail = spec.payload().load({"to": "a@b.example", "subject": "s", "text": "t"})
    for answer, permanent in (("452 mailbox full", False), ("550 no such user", True)):
        mailbox.answer = answer
        with pytest.raises(ConnectorError) as raised:
            spec.run(settings_of(mailbox), mail)
        assert raised.value.permanent is permanent
        assert raised.value.code == f"smtp_{answer[:3]}"


def test_the_health_check_needs_a_server(mailbox):
    assert health(settings_of(mailbox)).ok
    with pytest.raises(ConnectorError):
        health(settings_of(mailbox) | {"port": 1})


def test_without_a_mail_server_nothing_is_ordered(database, people_here, hear):
    hear("leads.notification.requested.v1", to=[people_here["sun.qian"].id], key="k", title={"en": "x"})
    with database.reading() as session:
        assert session.query(Delivery).count() == 0


def test_the_desks_mail_reaches_the_customer_once_as_an_answer_to_his(
    database, mail_connector, mailbox, hear, carry_out
):
    mail = {
        "ticket_id": "t1",
        "message_id": "desk.m1",
        "to": "li@customer.example",
        "subject": "[#T-1] 登录不了",
        "text": "请再试一次",
        "in_reply_to": "abc@customer.example",
        "reply_to": "support@qiming.example",
    }
    for _ in range(2):
        hear("service-desk.message.requested.v1", event_id="01900000-0000-7000-8000-0000000000e3", **mail)
    carry_out()
    (sent,) = mailbox.mails
    assert b"Message-ID: <desk.m1@qiming.example>" in sent
    assert b"In-Reply-To: <abc@customer.example>" in sent
    assert b"Reply-To: support@qiming.example" in sent


def test_a_rules_mail_is_sent_once_under_its_own_id(mail_connector, mailbox, hear, carry_out):
    mail = {"message_id": "01900000-0000-7000-8000-0000000000aa", "to": "li@customer.example", "title": "合同已生效",
            "text": "您好"}  # fmt: skip
    for _ in range(2):
        hear("sales.mail.requested.v1", event_id="01900000-0000-7000-8000-0000000000e4", **mail)
    carry_out()
    (sent,) = mailbox.mails
    assert b"Message-ID: <01900000-0000-7000-8000-0000000000aa@qiming.example>" in sent
