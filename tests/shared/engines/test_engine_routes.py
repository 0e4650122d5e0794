"""The engines behind real routes: lists, access, field rules, activities and tasks over HTTP."""

from typing import Any

import orjson
import pytest
from marshmallow import Schema, fields

from chassis import event_log
from chassis.api import Api
from chassis.caller import SYSTEM
from chassis.db import Database
from chassis.service import Service
from chassis.settings import Settings
from chassis.subscriptions import Subscriptions
from chassis.testing import Client, People
from chassis.timers import Timers
from engines import access, feed_api, kit_parts, listing, record_kit, timeline, timeline_api
from tests.shared.engines import things
from tests.shared.engines.things import THING, Thing

api = Api("things")
logged: list[tuple[str, str]] = []


class ThingIn(Schema):
    name = fields.String(load_default=None)
    nick = fields.String(load_default=None)
    count = fields.Integer(load_default=None)


class ThingOut(Schema):
    id = fields.String()
    name = fields.String()
    nick = fields.String()
    count = fields.Integer()
    met = fields.DateTime()
    custom = fields.Dict()


@api.get(
    "/things",
    page=listing.paged(THING, default="-id"),
    query=listing.QUERY,
    answer=ThingOut,
    allow=access.right("thing", "read"),
)
def list_things(call: Any) -> Any:
    """List things"""
    return listing.rows(call, THING)


@api.get("/things/<id>", answer=ThingOut, allow=access.right("thing", "read"))
def read_thing(call: Any, id: str) -> Thing:
    """Read a thing"""
    return access.get(call.session, call.caller, Thing, id)


@api.patch("/things/<id>", body=ThingIn, answer=ThingOut, allow=access.right("thing", "edit"))
def edit_thing(call: Any, id: str) -> Thing:
    """Edit a thing"""
    thing = access.get(call.session, call.caller, Thing, id, "edit")
    for name in call.request.get_json():
        setattr(thing, name, call.body[name])
    return thing


def note(_session: Any, caller: Any, record: Thing, activity: timeline.Activity) -> None:
    logged.append((record.id, activity.kind))


record_kit.keep("things", [record_kit.Kept(kind=THING, page="/things/{id}", after_activity=note)])
timeline_api.mount(api)
SERVICE = Service(
    name="things", package="chassis", settings=Settings, metadata=things.Base.metadata, events=kit_parts.EVENTS,
    subscriptions=Subscriptions(), timers=Timers(), objects=[THING], blueprints=lambda: [api, feed_api.api("things", [THING])],
)  # fmt: skip
BASE = "/things/api/v1"


@pytest.fixture(scope="session")
def service() -> Service:
    return SERVICE


@pytest.fixture
def people(database: Database) -> People:
    """A head with two sellers of one department, a stranger, a clerk with field rules, and forty things."""
    made = People(database)
    seller = {"read": "own", "edit": "own", "create": True}
    made.role("seller", {"thing": seller})
    made.role("head", {"thing": {"read": "department_tree", "edit": "own", "rights": ["see_pool"]}})
    made.role(
        "clerk", {"thing": {"read": "all", "edit": "all", "fields": {"name": "mask", "nick": "none", "count": "read"}}}
    )
    made.department("d-1")
    for name, role in (("u-me", "seller"), ("u-mate", "seller"), ("u-head", "head"), ("u-clerk", "clerk")):
        made.add(name, roles=(role,), department="d-1", is_head=role == "head")
    with database.transaction() as session:
        session.add_all(things.records(40))
    return made


def ids(client: Client, **query: Any) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        answer = client.get(f"{BASE}/things", query_string=query | {"cursor": cursor, "limit": 7})
        assert answer.status_code == 200, answer.json
        found += [item["id"] for item in answer.json["items"]]
        cursor = answer.json["next_cursor"]
        if not cursor:
            return found


def test_a_list_shows_exactly_what_single_reads_do(client: Client, people: People, database: Database) -> None:
    with database.reading() as session:
        every = [record.id for record in session.query(Thing)]
    for person in ("u-me", "u-mate", "u-head", "u-clerk"):
        as_person = client.as_user(person)
        listed = ids(as_person)
        assert len(set(listed)) == len(listed)
        readable = {id_ for id_ in every if as_person.get(f"{BASE}/things/{id_}").status_code == 200}
        assert set(listed) == readable
    assert set(ids(client.as_user("u-me"))) < set(ids(client.as_user("u-clerk"))) == set(every)
    assert set(ids(client.as_user("u-head"))) < set(every)


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "{"},
        {"filter": '{"field": "nick", "op": "is_empty"}'},
        {"filter": '{"field": "name", "op": "starts_with", "value": "a"}'},
        {"filter": '{"any": [{"field": "x", "op": "eq", "value": 1}]}'},
        {"filter": '{"field": "pool", "op": "eq", "value": "\\u0000"}'},
        {"filter": '{"field": "pool", "op": "eq", "value": "\\ud800"}'},
        {"filter": '{"field": "count", "op": "eq", "value": 1e999}'},
        {"filter": '{"field": "count", "op": "eq", "value": ' + "9" * 400 + "}"},
        {"filter": "[" * 5000},
        {"filter": '{"not":' * 500 + "{}" + "}" * 500},
        {"sort": "name"},
        {"sort": "-nick"},
        {"scope": "all"},
        {"ignore_permissions": "true"},
    ],
)
def test_a_bad_or_forbidden_list_parameter_is_refused_and_named(client: Client, people: People, query: Any) -> None:
    answer = client.as_user("u-clerk").get(f"{BASE}/things", query_string=query)
    assert answer.status_code in {400, 422}, answer.json
    assert any(name.startswith(tuple(query)) for name in answer.json["errors"]), answer.json


def test_a_filter_narrows_a_list_and_mistakes_come_in_the_callers_language(client: Client, people: People) -> None:
    condition = {"field": "count", "op": "ge", "value": 1}
    found = ids(client.as_user("u-clerk"), filter=orjson.dumps(condition).decode())
    assert 0 < len(found) < len(ids(client.as_user("u-clerk")))
    people.add("u-zh", roles=("clerk",), locale="zh")
    answer = client.as_user("u-zh").get(f"{BASE}/things", query_string={"filter": '{"field": "nick", "op": "eq"}'})
    assert answer.json["code"] == "invalid_condition"
    assert answer.json["errors"] == {"filter.field": ["没有字段 nick。"]}


def test_masked_fields_are_masked_everywhere_and_hidden_ones_absent(client: Client, people: People) -> None:
    as_clerk = client.as_user("u-clerk")
    items = as_clerk.get(f"{BASE}/things").json["items"]
    assert all("nick" not in item for item in items)
    assert all(item["name"] is None or "*" in item["name"] for item in items)
    one = as_clerk.get(f"{BASE}/things/{items[0]['id']}").json
    assert "nick" not in one


def test_an_edit_outside_scope_or_of_a_closed_field_is_refused(
    client: Client, people: People, database: Database
) -> None:
    mine, others = ids(client.as_user("u-me"))[0], ids(client.as_user("u-head"))
    hers = next(id_ for id_ in others if id_ not in ids(client.as_user("u-me")))
    assert client.as_user("u-me").patch(f"{BASE}/things/{mine}", json={"count": 5}).status_code == 200
    assert client.as_user("u-me").patch(f"{BASE}/things/{hers}", json={"count": 5}).status_code == 404
    assert client.as_user("u-head").patch(f"{BASE}/things/{hers}", json={"count": 5}).status_code == 403
    answer = client.as_user("u-clerk").patch(f"{BASE}/things/{mine}", json={"name": "x", "nick": "y"})
    assert answer.status_code == 422
    assert answer.json["errors"] == {"name": ["You may not change this field."], "nick": ["Unknown field."]}


def test_activities_and_tasks_follow_the_access_of_their_record(client: Client, people: People) -> None:
    me, head, mate = (client.as_user(name) for name in ("u-me", "u-head", "u-mate"))
    mine = next(id_ for id_ in ids(me) if id_ not in ids(mate))
    subject = {"subject_kind": "thing", "subject_id": mine}
    logged.clear()
    assert me.post(f"{BASE}/activities", json=subject | {"kind": "call", "text": "hello"}).status_code == 201
    assert logged == [(mine, "call")]
    assert head.get(f"{BASE}/activities", query_string=subject).json["items"][0]["text"] == "hello"
    assert mate.get(f"{BASE}/activities", query_string=subject).status_code == 404
    assert head.post(f"{BASE}/activities", json=subject | {"kind": "call", "text": "x"}).status_code == 403
    assert (
        me.post(f"{BASE}/activities", json=subject | {"subject_kind": "ghost", "kind": "call", "text": "x"}).status_code
        == 422
    )
    task = me.post(f"{BASE}/tasks", json=subject | {"title": "Call back", "assignee_id": "u-mate"}).json
    assert [item["id"] for item in mate.get(f"{BASE}/tasks").json["items"]] == [task["id"]]
    assert head.post(f"{BASE}/tasks/{task['id']}/complete").status_code == 403
    assert mate.post(f"{BASE}/tasks/{task['id']}/complete").json["done_by"] == "u-mate"
    assert me.post(f"{BASE}/tasks/{task['id']}/complete").status_code == 409
    assert me.get(f"{BASE}/tasks", query_string=subject).json["items"] == []
    assert len(me.get(f"{BASE}/tasks", query_string=subject | {"open": "false"}).json["items"]) == 1
    assert client.post(f"{BASE}/activities", json=subject | {"kind": "call", "text": "x"}).status_code == 401


def test_the_event_feed_shows_only_what_the_reader_may_read(client: Client, people: People, database: Database) -> None:
    with database.transaction() as session:
        mine, other = (session.query(Thing).filter_by(owner_id=owner).first() for owner in ("u-me", "u-stranger"))
        assert mine
        assert other
        for thing in (mine, other):
            timeline.log_activity(
                session, caller=SYSTEM, subject_kind="thing", subject_id=thing.id, kind="note", text="secret words"
            )
    event_log.ensure_state(database)
    with database.connection(write=True) as connection:
        event_log.number(connection)
    seen = client.as_user("u-me").get(f"{BASE}/events", query_string={"after": 0}).json
    assert {event["subject"] for event in seen["events"]} == {f"thing/{mine.id}"}
    assert seen["scanned_through"] == 2
    assert seen["epoch"]
    assert client.as_user("u-me").get(f"{BASE}/events", query_string={"after": 2}).json["events"] == []
    everything = client.as_user("u-clerk").get(f"{BASE}/events").json["events"]
    assert len(everything) == 2
    assert all("personal" not in event["data"] for event in everything)
    assert client.get(f"{BASE}/events").status_code == 401
    narrow = client.as_user("u-me", scope="things:read").get(f"{BASE}/events")
    assert narrow.status_code == 403
    assert narrow.json["code"] == "missing_scope"
    assert client.as_user("u-me").get(f"{BASE}/events", query_string={"limit": 501}).status_code == 422


def test_the_audit_trail_is_for_those_with_the_right_to_it(client: Client, people: People, database: Database) -> None:
    with database.transaction() as session:
        thing = session.query(Thing).filter_by(owner_id="u-me").first()
        assert thing
        timeline.log_activity(
            session, caller=SYSTEM, subject_kind="thing", subject_id=thing.id, kind="note", text="words"
        )
    people.role("auditor", {"audit": {"read": "all"}})
    people.add("u-auditor", roles=("auditor",))
    assert client.as_user("u-me").get(f"{BASE}/audit").status_code == 403
    assert client.get(f"{BASE}/audit").status_code == 401
    event_log.ensure_state(database)
    with database.connection(write=True) as connection:
        event_log.number(connection)
    seen = client.as_user("u-auditor").get(f"{BASE}/audit", query_string={"subject": f"thing/{thing.id}"}).json
    assert [item["subject"] for item in seen["items"]] == [f"thing/{thing.id}"]
    assert seen["before"] is None
    assert client.as_user("u-auditor").get(f"{BASE}/audit", query_string={"since": "rubbish"}).status_code == 422
