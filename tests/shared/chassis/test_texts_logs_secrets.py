"""Texts in two languages, logs without personal data, secrets that are ciphertext in the database."""

import logging
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text

from chassis import i18n, logs, telemetry, vault
from chassis.settings import Settings

CHASSIS = Path(i18n.__file__).parent


@pytest.mark.parametrize(
    ("given_", "chosen"),
    [
        ({"user": "zh", "cookie": "en", "accept": ["en"]}, "zh"),
        ({"cookie": "zh-CN", "accept": ["en"]}, "zh"),
        ({"accept": ["fr", "zh-TW", "en"]}, "zh"),
        ({"user": None, "cookie": "xx", "accept": ["de"]}, "en"),
        ({}, "en"),
    ],
    ids=str,
)
def test_the_language_is_the_users_then_the_cookies_then_the_browsers(given_, chosen):
    assert i18n.negotiate(**given_) == chosen


def test_a_lazy_text_is_translated_when_it_is_read():
    title = i18n.lazy("Choose from: %(names)s", names="a, b")
    with i18n.speaking("zh"):
        assert str(title) == "可选：a, b"
    assert str(title) == "Choose from: a, b"
    assert i18n.both("Send application/json") == {"zh": "请以 application/json 格式发送", "en": "Send application/json"}
    with i18n.speaking("zh"):
        assert i18n.pick({"zh": "线索", "en": "Lead"}) == "线索"
        assert i18n.pick({"en": "Lead"}) == "Lead"


def test_every_text_of_the_chassis_has_a_chinese_one():
    calls = re.compile(r"""\b_\(\s*"((?:[^"\\]|\\.)+)"(?!\s*\))?""")
    files = [*CHASSIS.glob("*.py"), *CHASSIS.glob("templates/chassis/*.html")]
    used = {message for file in files for message in calls.findall(file.read_text())}
    assert len(used) > 40
    with i18n.speaking("zh"):
        assert [message for message in sorted(used) if i18n.gettext(message) == message] == []


class Everything(Schema):
    number = fields.Integer(required=True, validate=validate.Range(1, 9))
    text = fields.String(validate=[validate.Length(max=3), validate.Regexp("^x")])
    choice = fields.String(validate=validate.OneOf(["a", "b"]))
    moment = fields.AwareDateTime()
    mail = fields.Email()
    many = fields.List(fields.Integer())


@given(
    st.dictionaries(
        st.sampled_from(["number", "text", "choice", "moment", "mail", "many", "other"]),
        st.one_of(
            st.none(), st.integers(), st.text(max_size=6), st.lists(st.text(max_size=2), max_size=2), st.floats()
        ),
    )
)
def test_every_message_of_marshmallow_has_a_chinese_text(value):
    try:
        Everything().load(value)
    except ValidationError as error:
        with i18n.speaking("zh"):
            for messages in error.normalized_messages().values():
                flat = messages if isinstance(messages, list) else [text for part in messages.values() for text in part]
                assert all(re.search("[\u4e00-\u9fff]", i18n.retranslate(message)) for message in flat), flat


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678", "+86 138 1234 5678", "0086-no", "bob.lee@example.com.cn", "110101199003074514", "+44 20 7946 0958",
        "https://qyapi.example/cgi-bin/gettoken?corpid=a&corpsecret=S3cret-x", "https://x/y?access_token=S3cret-x&a=1",
        "Authorization: Bearer S3cret-x", "{'password': 'S3cret-x'}", "postgresql://crm:S3cret-x@db/crm",
        "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJhIn0.c2ln", "client_secret=S3cret-x", "010-62345678",
    ],
)  # fmt: skip
def test_personal_data_and_secrets_never_reach_the_log(secret):
    record = logging.makeLogRecord(
        {"name": "x", "levelno": 20, "levelname": "INFO", "msg": "see %s", "args": (secret,)}
    )
    record.created = 0.0  # a time of day may hold any four digits
    record.extra_value = {"nested": [secret]}
    record.user_phone = "5551234"
    line = logs.JsonLines("leads").format(record)
    assert "\n" not in line
    for word in ("S3cret", "1381234", "138 1234", "bob.lee", "1101011990", "7946", "5551234", "c2ln", "6234567"):
        assert word not in line
    assert orjson.loads(line)["service"] == "leads"


@pytest.mark.parametrize(
    "harmless", ["lead/01994a9c-7a10-7000-8000-138123456789", "took 13812 ms", "L-2026-000123", "127.0.0.1:8001"]
)
def test_ids_numbers_and_addresses_stay_readable(harmless):
    assert logs.mask(harmless) == harmless


def test_a_log_line_carries_the_trace_and_no_values_from_a_traceback():
    with telemetry.span("work") as span:
        try:
            raise ValueError("bob@example.com")
        except ValueError:
            import sys

            record = logging.makeLogRecord(
                {"name": "x", "levelname": "ERROR", "msg": "failed", "exc_info": sys.exc_info()}
            )
            line = orjson.loads(logs.JsonLines("leads").format(record))
    assert line["trace_id"] == span.trace_id
    assert line["error"] == "ValueError"
    assert "bob" not in line["traceback"]


def test_a_trace_goes_on_from_the_callers_and_malformed_ones_are_ignored():
    parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    with telemetry.span("outer", parent=parent) as outer:
        assert (outer.trace_id, outer.sampled) == ("a" * 32, True)
        with telemetry.span("inner") as inner:
            assert inner.trace_id == outer.trace_id
            assert telemetry.traceparent() == inner.traceparent
        assert telemetry.current() is outer
    assert telemetry.traceparent() is None
    for bad in (
        "",
        "x",
        "00-" + "0" * 32 + "-" + "b" * 16 + "-01",
        "zz-" + parent[3:],
        "00-" + "A" * 32 + "-" + "b" * 16 + "-01",
    ):
        assert telemetry.parse(bad) is None


SECRETS = Table(
    "secrets",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("value", vault.EncryptedText("secrets.value")),
)


def test_a_secret_is_ciphertext_in_the_database_and_survives_a_change_of_keys(database):
    with database.transaction() as session:
        SECRETS.create(session.connection())
        session.execute(insert(SECRETS).values(id=1, value="钥匙"))
        stored = session.execute(text("SELECT value FROM secrets")).scalar_one()
        assert stored.startswith("v1.")
        assert "钥匙" not in stored
        vault.use("new key", "only for tests")
        assert session.execute(select(SECRETS.c.value)).scalar_one() == "钥匙"
        assert vault.reencrypt(session, SECRETS.metadata) == 1
        changed = session.execute(text("SELECT value FROM secrets")).scalar_one()
        assert changed.split(".")[1] != stored.split(".")[1]
        assert session.execute(select(SECRETS.c.value)).scalar_one() == "钥匙"
        session.rollback()


def test_a_changed_or_moved_secret_is_refused():
    sealed = vault.seal("x", context="a.b")
    with pytest.raises(vault.Undecipherable):
        vault.unseal(sealed, context="a.c")
    with pytest.raises(vault.Undecipherable):
        vault.unseal(sealed[:-8] + "AAAAAAA=", context="a.b")
    with pytest.raises(vault.Undecipherable):
        vault.unseal("v1.00000000.AAAA", context="a.b")
    assert vault.seal("x") != vault.seal("x")


def test_without_a_secret_key_the_service_makes_one_for_itself(tmp_path):
    settings = Settings(service="leads", data=str(tmp_path))
    vault.unlock(settings)
    sealed = vault.seal("x")
    vault.unlock(settings)
    assert vault.unseal(sealed) == "x"
    assert (tmp_path / "private" / "leads.vault").stat().st_mode & 0o777 == 0o600
