"""The WeCom client and callback crypto against the published vectors, an independent peer and the fake server."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from wechatpy.enterprise import WeChatClient
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException

from fakes import wecom as fake_wecom
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.wecom import callbacks, contacts, messages
from integration_gateway.connectors.wecom.crypto import CallbackCrypto, CallbackRefused
from integration_gateway.connectors.wecom.plugin import CONNECTOR

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "cases" / "chat_platform_vectors.json"
VECTORS = json.loads((SHARED if SHARED.exists() else ROOT / "tests/data/chat_platform_vectors.json").read_text())
SEALED = [one for one in VECTORS if one["scheme"].startswith("wecom/dingtalk AES")]
KEYS = {"token": fake_wecom.TOKEN, "aes_key": fake_wecom.AES_KEY, "receive_id": fake_wecom.CORP}
CARD = {
    "users": ["ZhangWei"],
    "task_id": "task-1",
    "title": "合同审批",
    "facts": {"金额": "¥600,000"},
    "link": "http://127.0.0.1/approvals/tasks/1",
}


def crypto_of(vector: dict[str, str]) -> CallbackCrypto:
    return CallbackCrypto(token=vector["token"], aes_key=vector["encoding_aes_key"], receive_id=vector["receive_id"])


def opened(vector: dict[str, str], **changed: str) -> str:
    given = vector | changed
    return crypto_of(vector).open(
        signature=given["msg_signature"], timestamp=given["timestamp"], nonce=given["nonce"], encrypted=given["encrypt"]
    )


def perform(client: object, action: str, **payload: object) -> dict[str, object]:
    spec = CONNECTOR.actions[action]
    return spec.run(client, spec.payload().load(payload))


@pytest.mark.parametrize("vector", SEALED, ids=lambda one: one["id"])
def test_every_published_callback_vector_opens_to_its_plain_text(vector):
    assert opened(vector) == vector["plaintext"]


@pytest.mark.parametrize("vector", SEALED, ids=lambda one: one["id"])
def test_a_tampered_callback_or_one_for_another_company_is_refused(vector):
    with pytest.raises(CallbackRefused):
        opened(vector, nonce=vector["nonce"] + "0")
    other = CallbackCrypto(token=vector["token"], aes_key=vector["encoding_aes_key"], receive_id="wwsomebodyelse")
    with pytest.raises(CallbackRefused):
        other.open(
            signature=vector["msg_signature"],
            timestamp=vector["timestamp"],
            nonce=vector["nonce"],
            encrypted=vector["encrypt"],
        )


def test_what_we_seal_an_independent_peer_opens():
    ours = CallbackCrypto(**KEYS)
    encrypted, signature = ours.seal("<xml><a>你好</a></xml>", timestamp="1700000000", nonce="n1")
    peer = WeChatCrypto(fake_wecom.TOKEN, fake_wecom.AES_KEY, fake_wecom.CORP)
    envelope = f"<xml><Encrypt>{encrypted}</Encrypt></xml>"
    assert peer.decrypt_message(envelope, signature, "1700000000", "n1") == "<xml><a>你好</a></xml>"


def test_what_the_peer_seals_we_open():
    peer = WeChatCrypto(fake_wecom.TOKEN, fake_wecom.AES_KEY, fake_wecom.CORP)
    sealed = peer.encrypt_message("<xml><MsgType>text</MsgType><MsgId>7</MsgId></xml>", "n2", "1700000001")
    signature = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = {"msg_signature": signature, "timestamp": "1700000001", "nonce": "n2"}
    assert callbacks.receive(CallbackCrypto(**KEYS), query, sealed.encode()).id == "7"


def test_callbacks_of_the_fake_are_opened_by_us_and_by_the_peer(wecom_fake):
    fields = {"FromUserName": "ZhangWei", "CreateTime": 1, "MsgType": "event", "Event": "template_card_event"}
    url, body = wecom_fake.sealed(fields | {"EventKey": "approve", "TaskId": "t1"})
    query = dict(parse_qsl(urlsplit(url).query))
    click = callbacks.receive(CallbackCrypto(**KEYS), query, body.encode())
    assert click.is_click
    assert click.member == "ZhangWei"
    assert click.fields["EventKey"] == "approve"
    peer = WeChatCrypto(fake_wecom.TOKEN, fake_wecom.AES_KEY, fake_wecom.CORP)
    assert "approve" in peer.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])


def test_a_callback_with_a_document_type_is_refused():
    bomb = b'<!DOCTYPE xml [<!ENTITY a "x">]><xml><Encrypt>&a;</Encrypt></xml>'
    with pytest.raises(CallbackRefused, match="document type"):
        callbacks.receive(CallbackCrypto(**KEYS), {}, bomb)


def test_many_threads_fetch_one_token(wecom, wecom_fake):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wecom.get("agent/get", agentid=wecom.agent_id), range(16)))
    assert {one["name"] for one in answers} == {"CRM"}
    assert sum(call["path"].endswith("gettoken") for call in wecom_fake.calls) == 1


def test_an_expired_token_is_renewed_once_and_the_call_repeated_once(wecom, wecom_fake):
    wecom.token()
    wecom_fake.expire_tokens()
    assert wecom.get("agent/get", agentid=wecom.agent_id)["name"] == "CRM"
    assert sum(call["path"].endswith("gettoken") for call in wecom_fake.calls) == 2


def test_a_token_that_stays_refused_fails_after_two_calls(wecom, wecom_fake):
    expired = {"errcode": 42001, "errmsg": "access_token expired"}
    wecom_fake.faults.append({"on": "agent/get", "do": "body", "body": expired, "times": 99})
    with pytest.raises(ConnectorError) as raised:
        wecom.get("agent/get", agentid=wecom.agent_id)
    assert not raised.value.permanent
    assert sum(call["path"].endswith("agent/get") for call in wecom_fake.calls) == 2


@pytest.mark.parametrize(
    ("code", "permanent", "waits"), [(45009, False, 60), (-1, False, 5), (60020, True, None), (99999, True, None)]
)
def test_error_codes_say_whether_trying_again_helps(wecom, wecom_fake, code, permanent, waits):
    wecom_fake.faults.append({"on": "message/send", "do": "body", "body": {"errcode": code, "errmsg": "x"}, "times": 1})
    with pytest.raises(ConnectorError) as raised:
        perform(wecom, "notify", users=["ZhangWei"], title="hello")
    assert (raised.value.permanent, raised.value.retry_after) == (permanent, waits)


def test_a_wrong_secret_is_an_error_of_the_settings(wecom):
    wecom._secret = "wrong"
    with pytest.raises(ConnectorError) as raised:
        wecom.get("agent/get", agentid=wecom.agent_id)
    assert raised.value.permanent
    assert "secret" in str(raised.value)
    assert "wrong" not in str(raised.value).split("secret")[0]


def test_a_message_that_was_accepted_before_the_line_dropped_is_not_sent_twice(wecom, wecom_fake):
    wecom_fake.faults.append({"on": "message/send", "do": "drop", "times": 1})
    with pytest.raises(ConnectorError) as raised:
        perform(wecom, "approval_card", **CARD)
    assert raised.value.uncertain
    assert perform(wecom, "approval_card", **CARD)["response_code"]
    assert len(wecom_fake.book["messages"]) == 1


def test_a_partner_that_hangs_leaves_the_outcome_uncertain(wecom, wecom_fake):
    wecom.token()
    wecom_fake.faults.append({"on": "message/send", "do": "hang", "times": 1})
    with pytest.raises(ConnectorError) as raised:
        perform(wecom, "notify", users=["ZhangWei"], title="hello")
    assert (raised.value.code, raised.value.uncertain) == ("timeout", True)


def test_receivers_that_do_not_exist_are_named_and_nobody_at_all_is_a_failure(wecom):
    assert perform(wecom, "notify", users=["ZhangWei", "Nobody"], title="hello")["refused"] == ["Nobody"]
    with pytest.raises(ConnectorError) as raised:
        perform(wecom, "notify", users=["Nobody"], title="hello")
    assert raised.value.permanent


def test_a_finished_card_loses_its_buttons_and_a_used_code_becomes_a_message(wecom, wecom_fake):
    sent = perform(wecom, "approval_card", **CARD)
    done = {"users": ["ZhangWei"], "response_code": sent["response_code"], "label": "已同意", "title": "合同审批"}
    assert perform(wecom, "finish_card", **done)["updated"]
    assert wecom_fake.book["cards"]["task-1"]["replaced"] == {"ZhangWei": "已同意"}
    assert not perform(wecom, "finish_card", **done)["updated"]
    assert wecom_fake.book["messages"][-1]["body"]["text"]["content"] == "合同审批: 已同意"


def test_texts_are_cut_at_the_limit_in_bytes_without_breaking_a_character():
    clipped = messages.clip("合" * 100, 128)
    assert len(clipped.encode()) <= 128
    assert clipped.endswith("…")
    assert set(clipped[:-1]) == {"合"}


def test_contacts_are_read_parents_first_and_compared_with_ours(wecom, wecom_fake):
    found = contacts.departments(wecom)
    people = {one.id: one for one in contacts.members(wecom, found)}
    assert found[0].parent_id is None
    assert len(people) == 12
    theirs = {one.id: {"name": one.name} for one in people.values()}
    ours = theirs | {"HeLi": {"name": "何丽"}, "Gone": {"name": "离职"}}
    ours.pop("LiuYang")
    report = contacts.compare(theirs, ours)
    assert [one["id"] for one in report.missing_here] == ["LiuYang"]
    assert [one["id"] for one in report.missing_there] == ["Gone"]
    assert report.changed == [{"id": "HeLi", "name": "何立", "fields": {"name": ["何丽", "何立"]}}]
    assert contacts.member(wecom, "Gone") is None


def test_the_independent_client_works_with_the_fake(wecom_fake):
    class Peer(WeChatClient):
        API_BASE_URL = wecom_fake.url + "/cgi-bin/"

        def fetch_access_token(self):
            query = {"corpid": self.corp_id, "corpsecret": self.secret}
            return self._fetch_access_token(url=self.API_BASE_URL + "gettoken", params=query)

    peer = Peer(fake_wecom.CORP, fake_wecom.SECRET)
    assert len(peer.user.list(1, fetch_child=True)) == 12
    assert peer.message.send_text(fake_wecom.AGENT, ["ZhangWei"], "hello")["msgid"] == "msg000001"
    with pytest.raises(WeChatClientException) as raised:
        peer.message.send_text(fake_wecom.AGENT, ["Nobody"], "hello")
    assert raised.value.errcode == 81013
    peer._http.close()
