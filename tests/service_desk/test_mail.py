"""Mail to the desk over a real SMTP conversation; hostile mail; threads; loops."""

import smtplib
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.attachments import keeping
from service_desk import mail_intake, mail_server, mails, posting, progress
from service_desk import settings as desk_settings
from service_desk.models import Message, Ticket

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def server(desk, tmp_path):
    made = desk_settings.Settings(
        service="service-desk", mail_port=0, mail_addresses="support@desk.example, hilfe@desk.example", mail_per_hour=5,
        mail_max_bytes=200_000, max_upload=50_000, data=str(tmp_path),
    )  # fmt: skip
    desk_settings.use(made)
    running = mail_server.receiver(desk.database, made)
    running.start()
    yield running
    running.stop()


def letter(text: str = "打印机坏了", *, sender: str = "李雷 <lilei@kunde.example>", **headers: str) -> EmailMessage:
    made = EmailMessage()
    given = {"From": sender, "To": "support@desk.example", "Subject": "打印机", "Message-ID": "<m1@kunde.example>"}
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            made[name] = value
    made.set_content(text)
    return made


def send(
    server, message: EmailMessage | bytes, *, envelope: str = "lilei@kunde.example", to: str = "support@desk.example"
):
    with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
        if isinstance(message, bytes):
            return client.sendmail(envelope, [to], message)
        return client.send_message(message, envelope, [to])


def test_a_mail_becomes_a_ticket_and_is_acknowledged_in_its_language(desk, server):
    send(server, letter())
    (ticket,) = desk.all(Ticket)
    (message,) = desk.all(Message)
    assert (ticket.subject, ticket.channel, ticket.requester_name, ticket.requester_email, ticket.language) == (
        "打印机", "email", "李雷", "lilei@kunde.example", "zh"
    )  # fmt: skip
    assert (message.text, message.mail_id, message.author) == ("打印机坏了", "m1@kunde.example", "customer")
    (mail,) = desk.mails()
    assert mail["in_reply_to"] == "m1@kunde.example"
    assert "工单号：T-2026-000001" in mail["text"]


def test_the_same_mail_delivered_twice_is_one_ticket(desk, server):
    send(server, letter())
    send(server, letter())
    assert len(desk.all(Ticket)) == 1
    assert len(desk.all(Message)) == 1


@pytest.mark.parametrize("by", ["In-Reply-To", "References", "our mail", "number"])
def test_an_answer_finds_its_conversation(desk, server, by):
    send(server, letter())
    (ticket,) = desk.all(Ticket)
    message = desk.do(progress.reply, ticket.id, caller=desk.caller("anna"), text="请重启", status="pending")
    ours = f"<{posting.mail_id(message.id)}@gateway.example>"
    headers = {
        "In-Reply-To": {"In_Reply_To": "<m1@kunde.example>"},
        "References": {"References": "<x@y.example> <m1@kunde.example>"},
        "our mail": {"In_Reply_To": ours},
        "number": {"Subject": f"Re: [#{ticket.number}] 打印机"},
    }[by]
    quoted = "重启了，好了。\n\n在 2026年3月2日，客服 写道：\n> 请重启\n"
    send(server, letter(quoted, **{"Message_ID": "<m2@kunde.example>", **headers}))
    assert len(desk.all(Ticket)) == 1
    assert desk.all(Message)[-1].text == "重启了，好了。"
    assert desk.get(ticket.id).status == "open"


def test_a_guessed_number_lets_no_stranger_into_a_conversation(desk, server):
    send(server, letter())
    (ticket,) = desk.all(Ticket)
    forged = letter(
        "骗子", sender="x@evil.example", Subject=f"Re: [#{ticket.number}] 打印机", Message_ID="<e@evil.example>"
    )
    send(server, forged, envelope="x@evil.example")
    assert len(desk.all(Ticket)) == 2
    assert [each.text for each in desk.all(Message) if each.ticket_id == ticket.id] == ["打印机坏了"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<news.example>"}, {"X_Autoreply": "yes"},
        {"sender": "MAILER-DAEMON@kunde.example"}, {"sender": "no-reply@kunde.example"}, {"sender": "hilfe@desk.example"},
        {"Message_ID": "<desk.0190.ack@gateway.example>"}, {"envelope": ""},
    ],
)  # fmt: skip
def test_robots_and_our_own_mail_get_neither_ticket_nor_answer(desk, server, headers):
    envelope = headers.get("envelope", "lilei@kunde.example")
    message = letter(**{name: value for name, value in headers.items() if name != "envelope"})
    assert send(server, message, envelope=envelope) == {}
    assert desk.all(Ticket) == []
    assert desk.mails() == []


def test_mail_to_others_is_refused_and_a_plus_tag_is_not(desk, server):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, letter(), to="someone@else.example")
    send(server, letter(), to="support+vip@desk.example")
    assert len(desk.all(Ticket)) == 1


def test_a_flood_of_one_sender_is_put_off_and_too_large_a_mail_refused(desk, server):
    for n in range(5):
        send(server, letter(Message_ID=f"<{n}@kunde.example>"))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(server, letter(Message_ID="<6@kunde.example>"))
    assert refused.value.smtp_code == 451
    assert len(desk.all(Ticket)) == 5
    with pytest.raises(smtplib.SMTPException):
        send(server, letter("x" * 300_000, sender="b@kunde.example"), envelope="b@kunde.example")


def test_html_becomes_text_and_a_file_keeps_only_the_last_part_of_its_name(desk, server):
    message = letter()
    message.clear_content()
    message.set_content(
        "<html><head><style>p{}</style></head><body><script>alert(1)</script><p>你好&nbsp;<b>客服</b></p>"
        '<ul><li>一</li></ul><a href="https://x.example/a">详情</a><a href="javascript:evil()">点我</a></body></html>',
        subtype="html",
    )
    message.add_attachment(b"%PDF-1.4\n", maintype="application", subtype="pdf", filename="../../发票.pdf")
    send(server, message)
    (stored,) = desk.all(Message)
    assert stored.text == "你好 客服\n\n\n• 一\n\n详情 (https://x.example/a)点我".replace("\n\n\n", "\n\n")
    ((file, blob),) = files(desk)
    assert (file.name, blob.size, file.subject_kind) == ("_.._发票.pdf", 9, "ticket")
    assert stored.attachments == [
        {"name": "_.._发票.pdf", "type": "application/pdf", "size": 9, "attachment_id": file.id}
    ]


def files(desk):
    (ticket,) = desk.all(Ticket)
    with desk.database.reading() as session:
        return keeping.of(session, "ticket", ticket.id)


def test_files_of_a_mail_are_kept_with_the_ticket_and_each_content_once(desk, server, tmp_path):
    first, answer = letter(), letter("再发一次", Message_ID="<m2@kunde.example>", References="<m1@kunde.example>")
    page = b"<html><script>alert(1)</script></html>"
    for message in (first, answer):
        message.add_attachment(PNG, maintype="image", subtype="png", filename="截图.png")
        message.add_attachment(page, maintype="text", subtype="plain", filename="log.txt")
    send(server, first)
    send(server, first)
    send(server, answer)
    assert sorted(file.name for file, _blob in files(desk)) == ["log.txt", "log.txt", "截图.png", "截图.png"]
    assert len({blob.id for _file, blob in files(desk)}) == 2
    stored = [path.read_bytes() for path in (tmp_path / "attachments").rglob("*") if path.is_file()]
    assert sorted(stored) == sorted([PNG, page])


def test_what_must_not_be_attached_is_named_and_the_mail_is_taken_in_all_the_same(desk, server):
    message = letter()
    message.add_attachment(b"MZ" + bytes(200), maintype="application", subtype="octet-stream", filename="setup.exe")
    message.add_attachment(b"x" * 60_000, maintype="text", subtype="plain", filename="large.txt")
    send(server, message)
    (stored,) = desk.all(Message)
    assert [(each["name"], "attachment_id" in each) for each in stored.attachments] == [
        ("setup.exe", False), ("large.txt", False)
    ]  # fmt: skip
    assert files(desk) == []


def test_files_of_a_robots_mail_are_not_even_stored(desk, server, tmp_path):
    message = letter(Auto_Submitted="auto-replied")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="logo.png")
    send(server, message)
    assert desk.all(Ticket) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == PNG]


HOSTILE = [
    b"", b"\r\n\r\n", b"\x00\xff\xfe", b"From: <\r\nSubject: =?utf-8?B?!!!?=\r\n\r\nx",
    b"From: =?x-unknown?Q?a?= <a@b.example>\r\nSubject: =?utf-8?Q?=ff=fe?=\r\n\r\n\xff",
    b"From: a@b.example\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nhello",
    b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x--",
    b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"deep",
    b"From: a@b.example\r\nContent-Disposition: attachment; filename*=utf-8''%ff%00\r\n\r\nx",
    b"From: " + b"a" * 100_000 + b"@b.example\r\nSubject: " + b"=?utf-8?Q?a?= " * 5000 + b"\r\n\r\nx",
    b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1500)
    ) + b"\r\nx",
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_mail_is_harmless(desk, content):
    mail = mails.read(content, envelope_from="a@b.example")
    with desk.database.transaction() as session:
        mail_intake.take_in(session, mail, settings=desk_settings.current())
    for ticket in desk.all(Ticket):
        assert "\n" not in ticket.subject
        assert len(ticket.subject) <= 200


@settings(deadline=None, max_examples=200)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"From: a@b.example\r\n", b"Content-Type: multipart/x; boundary=a\r\n"]),
)
def test_reading_never_fails(content, head):
    mail = mails.read(head + content, envelope_from="a@b.example")
    assert "\0" not in mail.text
    assert "\n" not in mail.subject
    mail.text.encode()
    mail.subject.encode()
