"""Routes and pages of connectors and deliveries, as administrators and others meet them."""

from datetime import timedelta

import pytest

from chassis import directory
from chassis.testing import Client
from integration_gateway import sessions, signing_keys, tokens
from integration_gateway.connectors import seed as connectors_seed
from integration_gateway.connectors.models import Delivery
from integration_gateway.models import User

API = "/gateway/api/v1"
MAIL = {"host": "mail.example", "sender": "crm@qiming.example"}
PAGES = [
    "/gateway/connectors",
    "/gateway/connectors/new",
    "/gateway/connectors/new?kind=kingdee",
    "/gateway/deliveries",
]


@pytest.fixture
def as_(app, settings, database, people_here):
    """`as_("lin.jing")`: a client with that person's token, as a log-in gives it."""
    with database.transaction() as session:
        signing_keys.ensure(session)
    directory.of(database).forget()

    def client(key: str) -> Client:
        with database.transaction() as session:
            user = session.get(User, people_here[key].id)
            place = {"kind": "api", "address": "10.0.0.7", "agent": "tests", "second_factor": False}
            started = sessions.start(session, user, lifetime=timedelta(hours=1), **place)
            return Client(app, settings, tokens.for_person(session, user, started).text)

    return client


@pytest.fixture
def admin(as_):
    return as_("lin.jing")


@pytest.fixture
def seller(as_):
    return as_("zhang.wei")


def test_an_administrator_sets_up_checks_and_rehearses_a_connector(admin, wecom_fake):
    kinds = {one["kind"]: one for one in admin.get(f"{API}/connector-kinds").json["items"]}
    assert set(kinds) == {"wecom", "kingdee", "smtp", "webhook"}
    assert {one["name"] for one in kinds["wecom"]["settings"] if one.get("secret")} >= {"secret", "callback_token"}
    body = {"kind": "wecom", "name": "WeCom", "settings": connectors_seed.WECOM | {"url": wecom_fake.url}}
    made = admin.post(f"{API}/connectors", json=body)
    assert made.status_code == 201, made.json
    assert made.json["settings"]["secret"] == "********"
    assert connectors_seed.WECOM["secret"] not in made.text
    at = f"{API}/connectors/{made.json['id']}"
    assert admin.post(f"{at}/health").json["ok"]
    drafted = admin.post(f"{at}/dry-run", json={"action": "notify", "payload": {"users": ["ZhangWei"], "title": "hi"}})
    assert drafted.json["request"]["body"]["text"]["content"] == "hi"
    changed = admin.patch(at, json={"enabled": False, "settings": {"secret": "wrong"}}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert changed.json["enabled"] is False
    assert not admin.post(f"{at}/health").json["ok"]
    assert admin.patch(at, json={"name": "x"}, headers={"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "sap", "name": "x", "settings": {}}, "kind"),
        ({"kind": "wecom", "name": "x", "settings": {}}, "settings.corp_id"),
        ({"kind": "wecom", "name": "x", "settings": connectors_seed.WECOM | {"url": "ftp://x"}}, "settings.url"),
        (
            {"kind": "smtp", "name": "x", "settings": {"host": "h", "sender": "a@b.example", "sender_name": "a\nb"}},
            "settings.sender_name",
        ),
    ],
)
def test_wrong_settings_are_named(admin, body, field):
    answer = admin.post(f"{API}/connectors", json=body)
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_an_order_by_hand_is_done_once_and_can_be_seen_retried_replayed_and_cancelled(
    admin, chat_connector, carry_out, wecom_fake
):
    order = {"action": "notify", "key": "hand-1", "payload": {"users": ["ZhangWei"], "title": "hi"}}
    first = admin.post(f"{API}/connectors/{chat_connector.id}/deliveries", json=order)
    again = admin.post(f"{API}/connectors/{chat_connector.id}/deliveries", json=order)
    assert first.status_code == 202
    assert first.json["id"] == again.json["id"]
    at = f"{API}/deliveries/{first.json['id']}"
    carry_out()
    seen = admin.get(at).json
    assert (seen["state"], [one["outcome"] for one in seen["tries"]], seen["result"]["refused"]) == (
        "succeeded",
        ["succeeded"],
        [],
    )
    assert admin.post(f"{at}/retry").status_code == 409
    replayed = admin.post(f"{at}/replay")
    assert replayed.status_code == 201
    assert admin.post(f"{API}/deliveries/{replayed.json['id']}/cancel").json["state"] == "cancelled"
    listed = admin.get(f"{API}/deliveries?state=cancelled&limit=10").json
    assert [one["id"] for one in listed["items"]] == [replayed.json["id"]]
    assert admin.get(f"{API}/deliveries/nothing").status_code == 404


def test_a_comparison_of_contacts_is_ordered_and_reported(admin, chat_connector, database):
    from integration_gateway import contacts_sync

    at = f"{API}/connectors/{chat_connector.id}/contact-checks"
    asked = admin.post(at, json={"apply": False})
    assert asked.status_code == 202
    contacts_sync.carry_out(database, asked.json["id"])
    (report,) = admin.get(at).json["items"]
    assert report["done_at"]
    assert report["differences"] > 0


def test_others_see_neither_connectors_nor_deliveries(seller, client, chat_connector):
    for path in ("/connectors", f"/connectors/{chat_connector.id}", "/deliveries", "/connector-kinds"):
        assert seller.get(API + path).status_code == 403
        assert client.get(API + path).status_code == 401
    assert seller.post(f"{API}/connectors/{chat_connector.id}/health").status_code == 403
    assert seller.get("/gateway/connectors").status_code == 403


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_open_in_both_languages(admin, chat_connector, erp_connector, page, language):
    answer = admin.speaking(language).get(page, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text[:500]


def test_the_pages_of_a_connector_show_no_secret_and_its_buttons_work(admin, chat_connector, database):
    at = f"/gateway/connectors/{chat_connector.id}"
    for page in (at, f"{at}/edit", f"{at}/rehearsal"):
        answer = admin.get(page, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert connectors_seed.WECOM["secret"] not in answer.text
    assert admin.post(f"{at}/health").status_code == 303
    assert admin.post(f"{at}/switch").status_code == 303
    assert admin.post(f"{at}/compare").status_code == 303
    payload = '{"users": ["ZhangWei"], "title": "rehearsed"}'
    shown = admin.post(f"{at}/rehearsal", data={"action": "notify", "payload": payload})
    assert shown.status_code == 200
    assert "rehearsed" in shown.text
    assert admin.post(f"{at}/rehearsal", data={"action": "notify", "payload": "{"}).status_code == 422
    edited = admin.post(f"{at}/edit", data={"name": "renamed", "agent_id": "x"})
    assert edited.status_code == 422
    assert "agent_id" in edited.text
    assert admin.post(f"{at}/edit", data={"name": "renamed", "agent_id": "7"}).status_code == 303
    assert "renamed" in admin.get(at).text


def test_a_connector_is_set_up_by_form(admin, wecom_fake):
    chosen = admin.post("/gateway/connectors/new", data={"kind": "wecom"})
    assert chosen.status_code == 200
    assert "corp_id" in chosen.text
    settings = {key: str(value) for key, value in connectors_seed.WECOM.items()}
    made = admin.post(
        "/gateway/connectors/new", data=settings | {"kind": "wecom", "name": "Ours", "url": wecom_fake.url}
    )
    assert made.status_code == 303
    assert admin.get(f"{API}/connectors").json["items"][0]["settings"]["agent_id"] == 1000002


def test_the_page_of_a_delivery_shows_its_tries_and_its_buttons_work(
    admin, chat_connector, database, carry_out, wecom_fake
):
    order = {"action": "notify", "key": "k", "payload": {"users": ["Nobody"], "title": "hi"}}
    made = admin.post(f"{API}/connectors/{chat_connector.id}/deliveries", json=order).json
    carry_out()
    at = f"/gateway/deliveries/{made['id']}"
    page = admin.get(at)
    assert page.status_code == 200
    assert "81013" in page.text
    listed = admin.get(
        "/gateway/deliveries", query_string={"filter": '{"field": "state", "op": "eq", "value": "failed"}'}
    )
    assert made["id"] in listed.text
    assert admin.post(f"{at}/retry").status_code == 303
    assert admin.post(f"{at}/cancel").status_code == 303
    assert admin.post(f"{at}/replay").status_code == 303
    with database.reading() as session:
        assert sorted(one.state for one in session.query(Delivery)) == ["cancelled", "pending"]
