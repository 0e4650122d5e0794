"""The record kit over HTTP: timeline, comments with mentions, files, tags, followers, within the access of the record."""

import io
from datetime import timedelta
from typing import Any

import pytest
from marshmallow import fields
from sqlalchemy import MetaData, String, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis import clock, event_log
from chassis.api import Api
from chassis.db import NAMING, Database, loads
from chassis.events import Event, publish
from chassis.records import Record
from chassis.service import Service
from chassis.settings import Settings
from chassis.subscriptions import Subscriptions
from chassis.testing import Client, People, Time
from chassis.timers import Timers, fire_due
from engines import kit_parts, record_kit, timeline_api
from engines.objects import Field, ObjectType
from engines.record_kit import Happening, Kept
from engines.timeline import Activity


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Parcel(Record, Base):
    __tablename__ = "parcels"
    __kind__ = "parcel"

    name: Mapped[str] = mapped_column(String(80), info={"personal": True})
    price_minor: Mapped[int | None] = mapped_column()
    status: Mapped[str] = mapped_column(String(20), default="new")


class ParcelChanged(Event, type="parcels.parcel.changed.v1"):
    """A parcel changed."""

    parcel_id = fields.String(required=True)


class ParcelSent(Event, type="parcels.parcel.sent.v1"):
    """A parcel was sent."""

    parcel_id = fields.String(required=True)


PARCEL = ObjectType(
    "parcel",
    Parcel,
    (Field("name", "text", {"zh": "名称", "en": "Name"}), Field("price", "money", column="price_minor"),
     Field("status", "choice", choices=("new", "sent"))),
    rights=("bulk",),
    label={"zh": "包裹", "en": "Parcel"},
)  # fmt: skip
KEPT = record_kit.keep(
    "parcels",
    [
        Kept(
            kind=PARCEL,
            page="/parcels/{id}",
            happenings={"parcel.sent": Happening({"zh": "已发出", "en": "Sent"}, "send")},
        )
    ],
)
api = Api("parcels")
timeline_api.mount(api)
due = Timers()
kit_parts.join(due)
SERVICE = Service(
    name="parcels", package="chassis", settings=Settings, metadata=Base.metadata, events=kit_parts.EVENTS,
    subscriptions=Subscriptions(), timers=due, objects=[PARCEL], kept=KEPT, blueprints=lambda: [api],
)  # fmt: skip
BASE = "/parcels/api/v1"
MINE = {"subject_kind": "parcel", "subject_id": "p-1"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(scope="session")
def service() -> Service:
    return SERVICE


@pytest.fixture
def people(database: Database) -> People:
    """An owner, a mate who reads and edits all, a clerk who reads all but no prices, a stranger, and one parcel."""
    made = People(database)
    made.role("seller", {"parcel": {"read": "own", "edit": "own"}})
    made.role("mate", {"parcel": {"read": "all", "edit": "all", "rights": ["bulk"]}})
    made.role("clerk", {"parcel": {"read": "all", "fields": {"price": "none"}}})
    for user, role, name in (
        ("u-1", "seller", "张三"), ("u-2", "mate", "李四"), ("u-3", "clerk", "Ann Lee"), ("u-4", "seller", "王五"),
        ("u-5", "mate", "Ann"), ("u-6", "mate", "赵六"), ("u-7", "clerk", "赵六"),
    ):  # fmt: skip
        made.add(user, roles=(role,), name=name, email=f"{user}@example.com")
    with database.transaction() as session:
        parcel = Parcel(id="p-1", name="Box", owner_id="u-1", price_minor=1000)
        session.add(parcel)
        publish(session, ParcelChanged(parcel, parcel_id="p-1"))
    return made


def change(database: Database, **values: Any) -> None:
    with database.transaction() as session:
        parcel = session.get_one(Parcel, "p-1")
        for name, value in values.items():
            setattr(parcel, name, value)
        kind = ParcelSent if values.get("status") == "sent" else ParcelChanged
        publish(session, kind(parcel, parcel_id="p-1"))


def notices(database: Database) -> list[tuple[list[str], str, dict[str, Any]]]:
    log = event_log.LOG
    with database.connection() as connection:
        rows = connection.execute(
            select(log.c.data, log.c.personal).where(log.c.type.like("%notification%")).order_by(log.c.id)
        ).all()
    return [(loads(data)["to"], loads(data)["key"], loads(hidden)["data"]) for data, hidden in rows]


def numbered(database: Database) -> None:
    event_log.ensure_state(database)
    with database.connection(write=True) as connection:
        event_log.number(connection)


def upload(client: Client, content: bytes = PNG, name: str = "photo.png", **query: Any) -> Any:
    return client.post(
        f"{BASE}/attachments", query_string=MINE | query, data={"file": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )  # fmt: skip


def test_a_timeline_merges_everything_newest_first_and_pages_by_key(
    client: Client, people: People, database: Database, time: Time
) -> None:
    owner = client.as_user("u-1")
    for number in range(3):
        time.pass_(minutes=1)
        owner.post(f"{BASE}/activities", json=MINE | {"kind": "call", "text": f"call {number}"})
        owner.post(f"{BASE}/comments", json=MINE | {"text": f"comment {number}"})
        upload(owner, name=f"{number}.png")
        change(database, price_minor=2000 + number)
        task = owner.post(f"{BASE}/tasks", json=MINE | {"title": f"task {number}"}).json
        owner.post(f"{BASE}/tasks/{task['id']}/complete")
    whole = owner.get(f"{BASE}/timeline", query_string=MINE | {"limit": 200}).json
    assert whole["next_cursor"] is None
    assert [item["at"] for item in whole["items"]] == sorted((item["at"] for item in whole["items"]), reverse=True)
    assert sorted(item["kind"] for item in whole["items"]) == sorted(
        ["activity", "comment", "attachment", "task", "change"] * 3 + ["change"]
    )
    for limit in (1, 4, 7):
        paged, cursor = [], ""
        while True:
            page = owner.get(f"{BASE}/timeline", query_string=MINE | {"limit": limit, "cursor": cursor}).json
            paged += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert paged == [item["id"] for item in whole["items"]]
    only = owner.get(f"{BASE}/timeline", query_string=MINE | {"kinds": "comment"}).json
    assert [item["comment"]["text"] for item in only["items"]] == ["comment 2", "comment 1", "comment 0"]
    refused = owner.get(f"{BASE}/timeline", query_string=MINE | {"cursor": "rubbish"})
    assert refused.status_code == 422


def test_changes_are_told_by_field_within_what_the_reader_may_see(
    client: Client, people: People, database: Database
) -> None:
    change(database, price_minor=123450, name="Crate")
    change(database, status="sent")
    change(database, price_minor=1)
    changes = client.as_user("u-1").get(f"{BASE}/timeline", query_string=MINE).json["items"]
    told = [(item["label"]["en"], [(c["field"], c["before"], c["after"]) for c in item["changes"]]) for item in changes]
    assert told[:3] == [
        ("Changed", [("price", "1234.50", "0.01")]),
        ("Sent", [("status", "new", "sent")]),
        ("Changed", [("price", "10.00", "1234.50"), ("name", "Box", "Crate")]),
    ]
    clerk = client.as_user("u-3").get(f"{BASE}/timeline", query_string=MINE).json["items"]
    assert {change["field"] for item in clerk for change in item["changes"]}.isdisjoint({"price"})


ROUTES = (
    ("GET", "/timeline", None), ("GET", "/activities", None), ("GET", "/comments", None), ("GET", "/attachments", None),
    ("GET", "/followers", None), ("GET", "/tasks", None), ("POST", "/activities", {"kind": "note", "text": "x"}),
    ("POST", "/comments", {"text": "x"}), ("POST", "/tasks", {"title": "x"}), ("PUT", "/followers/me", {}),
    ("PUT", "/record-tags", {"tags": ["x"]}),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_nothing_of_a_record_out_of_scope_is_read_or_written(
    client: Client, people: People, method: str, path: str, body: dict[str, Any] | None
) -> None:
    stranger = client.as_user("u-4")
    given: dict[str, Any] = {"query_string": MINE} if body is None else {"json": MINE | body}
    assert stranger.open(BASE + path, method=method, **given).status_code == 404
    unknown = {"subject_kind": "rocket", "subject_id": "p-1"}
    given = {"query_string": unknown} if body is None else {"json": unknown | body}
    assert client.as_user("u-1").open(BASE + path, method=method, **given).status_code == 422


def test_reading_does_not_give_writing_but_for_comments(client: Client, people: People) -> None:
    clerk = client.as_user("u-3")
    for path, body in (("/activities", {"kind": "note", "text": "x"}), ("/tasks", {"title": "x"})):
        assert clerk.post(BASE + path, json=MINE | body).status_code == 403
    assert upload(clerk).status_code == 403
    assert clerk.put(f"{BASE}/record-tags", json=MINE | {"tags": ["x"]}).status_code == 403
    assert clerk.post(f"{BASE}/comments", json=MINE | {"text": "seen"}).status_code == 201


def test_what_somebody_wrote_stays_theirs_to_change_only_while_they_may_write_to_the_record(
    client: Client, people: People, database: Database
) -> None:
    owner, clerk = client.as_user("u-1"), client.as_user("u-3")
    activity = owner.post(f"{BASE}/activities", json=MINE | {"kind": "note", "text": "x"}).json["id"]
    with database.connection(write=True) as connection:
        connection.execute(update(Activity).where(Activity.id == activity).values(by="u-3"))
    assert clerk.patch(f"{BASE}/activities/{activity}", json={"text": "y"}).status_code == 403
    assert clerk.delete(f"{BASE}/activities/{activity}").status_code == 403
    assert client.as_user("u-4").delete(f"{BASE}/activities/{activity}").status_code == 404


def test_a_task_is_given_to_an_active_account_only(client: Client, people: People) -> None:
    people.add("u-gone", roles=("mate",), active=False)
    owner = client.as_user("u-1")
    for nobody in ("u-gone", "nobody"):
        refused = owner.post(f"{BASE}/tasks", json=MINE | {"title": "x", "assignee_id": nobody})
        assert refused.status_code == 422
        assert "assignee_id" in refused.json["errors"]
    task = owner.post(f"{BASE}/tasks", json=MINE | {"title": "x"}).json["id"]
    for path, method in ((f"/tasks/{task}", "PATCH"), (f"/tasks/{task}/reassign", "POST")):
        assert owner.open(BASE + path, method=method, json={"assignee_id": "u-gone"}).status_code == 422


def test_a_file_is_read_with_its_record_and_served_so_that_nothing_runs(client: Client, people: People) -> None:
    owner = client.as_user("u-1")
    made = upload(owner, b"<html><script>alert(1)</script></html>", "报价.txt")
    assert made.status_code == 201, made.json
    assert made.json["media_type"] == "text/plain"
    address = f"{BASE}/attachments/{made.json['id']}/content"
    got = client.as_user("u-3").get(address)
    assert got.data == b"<html><script>alert(1)</script></html>"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert client.as_user("u-4").get(address).status_code == 404
    assert client.as_user("u-3").delete(f"{BASE}/attachments/{made.json['id']}").status_code == 403
    assert owner.delete(f"{BASE}/attachments/{made.json['id']}").status_code == 204
    assert owner.get(address).status_code == 404


@pytest.mark.parametrize("field", ["file", "other"])
def test_an_upload_without_a_file_is_refused(client: Client, people: People, field: str) -> None:
    given: Any = {"file": "no file"} if field == "file" else {"other": (io.BytesIO(b"x"), "a.txt")}
    answer = client.as_user("u-1").post(f"{BASE}/attachments", query_string=MINE, data=given)
    assert answer.status_code == 422
    assert "file" in answer.json["errors"]


def test_mentioned_colleagues_are_told_if_they_may_see_the_record(
    client: Client, people: People, database: Database
) -> None:
    made = client.as_user("u-1").post(
        f"{BASE}/comments", json=MINE | {"text": "@李四请看，@Ann Lee too, @王五 @Annabel a@b.cn", "mentions": ["u-5"]}
    )
    assert made.status_code == 201, made.json
    assert sorted(made.json["mentions"]) == ["u-2", "u-3", "u-4", "u-5"]
    assert made.json["unseen"] == ["u-4"]
    ((to, key, hidden),) = notices(database)
    assert (to, key) == (["u-2", "u-3", "u-5"], "mention")
    assert hidden["title"]["zh"] == "张三 在评论中提到了你"
    client.as_user("u-1").patch(f"{BASE}/comments/{made.json['id']}", json={"text": "@李四 @Ann Lee @Ann"})
    assert len(notices(database)) == 1  # nobody new
    assert client.as_user("u-2").patch(f"{BASE}/comments/{made.json['id']}", json={"text": "x"}).status_code == 403


def test_a_name_several_people_bear_must_be_told_apart(client: Client, people: People) -> None:
    owner = client.as_user("u-1")
    refused = owner.post(f"{BASE}/comments", json=MINE | {"text": "@赵六 看看"})
    assert refused.status_code == 422
    assert "u-6@example.com" in refused.json["errors"]["text"][0]
    made = owner.post(f"{BASE}/comments", json=MINE | {"text": "@赵六(u-7@example.com) 看看"})
    assert made.json["mentions"] == ["u-7"]


def test_an_activity_has_time_duration_participants_and_a_next_step_that_becomes_a_task(
    client: Client, people: People
) -> None:
    owner = client.as_user("u-1")
    later = clock.iso(clock.now() + timedelta(days=2))
    made = owner.post(
        f"{BASE}/activities",
        json=MINE | {
            "kind": "meeting", "text": "Demo", "duration_minutes": 45, "next_step": "Send the offer", "next_at": later,
            "participants": [{"id": "u-2"}, {"name": "Mr Customer"}],
        },
    )  # fmt: skip
    assert made.status_code == 201, made.json
    assert made.json["participants"] == [{"id": "u-2", "name": "李四"}, {"name": "Mr Customer"}]
    (task,) = owner.get(f"{BASE}/tasks", query_string=MINE).json["items"]
    assert (task["title"]["en"], task["due_at"], task["link"]) == ("Send the offer", later, "/parcels/p-1")
    assert client.as_user("u-2").patch(f"{BASE}/activities/{made.json['id']}", json={"text": "no"}).status_code == 403
    assert (
        owner.patch(f"{BASE}/activities/{made.json['id']}", json={"duration_minutes": 60}).json["duration_minutes"]
        == 60
    )
    assert owner.delete(f"{BASE}/activities/{made.json['id']}").status_code == 204
    wrong = owner.post(f"{BASE}/activities", json=MINE | {"kind": "call", "text": "x", "participants": [{"id": "u-9"}]})
    assert wrong.status_code == 422


def test_a_task_is_given_reminded_of_changed_taken_back_and_reopened(
    client: Client, people: People, database: Database, time: Time
) -> None:
    owner, mate = client.as_user("u-1"), client.as_user("u-2")
    due_at, early = clock.now() + timedelta(hours=3), clock.now() + timedelta(hours=1)
    body = {"title": "Call back", "assignee_id": "u-2", "due_at": clock.iso(due_at), "remind_at": clock.iso(early)}
    made = owner.post(f"{BASE}/tasks", json=MINE | body).json
    assert [(to, key) for to, key, _text in notices(database)] == [(["u-2"], "task_assigned")]
    time.pass_(hours=1)
    fire_due(database, due)
    assert notices(database)[-1][1] == "task_reminder"
    assert mate.patch(f"{BASE}/tasks/{made['id']}", json={"assignee_id": "u-1"}).json["assignee_id"] == "u-1"
    assert notices(database)[-1][:2] == (["u-1"], "task_assigned")
    assert owner.post(f"{BASE}/tasks/{made['id']}/cancel").json["outcome"] == "cancelled"
    assert owner.patch(f"{BASE}/tasks/{made['id']}", json={"title": "x"}).status_code == 409
    assert owner.post(f"{BASE}/tasks/{made['id']}/reopen").json["done_at"] is None
    time.pass_(hours=2)
    fire_due(database, due)
    assert notices(database)[-1][1] == "task_due"
    wrong = MINE | {"title": "x", "due_at": clock.iso(early), "remind_at": clock.iso(due_at)}
    assert owner.post(f"{BASE}/tasks", json=wrong).status_code == 422
    assert owner.post(f"{BASE}/tasks", json=MINE | {"title": "x", "assignee_id": "u-99"}).status_code == 422


def test_followers_hear_once_in_a_while_of_what_they_may_see_and_not_of_their_own_doing(
    client: Client, people: People, database: Database, time: Time
) -> None:
    numbered(database)
    for user in ("u-1", "u-3"):
        assert client.as_user(user).put(f"{BASE}/followers/me", json=MINE).json["following"] is True
    time.pass_(minutes=1)
    for price in (1, 2, 3):
        change(database, price_minor=price)
    numbered(database)
    time.pass_(minutes=15)
    fire_due(database, due)
    ((to, key, hidden),) = notices(database)  # one for three changes; none for the clerk, who sees no prices
    assert (to, key) == (["u-1"], "followed")
    assert hidden["title"] == {"zh": "包裹 Box：有更新", "en": "Parcel Box: news"}
    change(database, status="sent")
    numbered(database)
    time.pass_(minutes=15)
    fire_due(database, due)
    assert sorted(to for to, _key, _hidden in notices(database)[1:]) == [["u-1"], ["u-3"]]
    client.as_user("u-1").delete(f"{BASE}/followers/me", query_string=MINE)
    with database.transaction() as session:
        session.get_one(Parcel, "p-1").owner_id = "u-2"
        publish(session, ParcelChanged(session.get_one(Parcel, "p-1"), parcel_id="p-1"))
    numbered(database)
    time.pass_(minutes=15)
    fire_due(database, due)
    assert [to for to, _key, _hidden in notices(database)[3:]] == [["u-3"]]
    client.as_user("u-2").post(f"{BASE}/comments", json=MINE | {"text": "@Ann Lee"})
    followers = client.as_user("u-2").get(f"{BASE}/followers", query_string=MINE).json
    assert [item["id"] for item in followers["items"]] == ["u-3", "u-2"]


def test_tags_are_listed_coloured_renamed_merged_and_removed_on_all_records(
    client: Client, people: People, database: Database
) -> None:
    mate = client.as_user("u-2")
    assert mate.put(f"{BASE}/record-tags", json=MINE | {"tags": [" 重点 ", "重点", "VIP"]}).json == {
        "tags": ["重点", "VIP"]
    }
    listed = {item["name"]: item for item in mate.get(f"{BASE}/tags", query_string={"kind": "parcel"}).json["items"]}
    assert set(listed) == {"重点", "VIP"}
    assert listed["重点"]["colour"] != listed["VIP"]["colour"]
    assert (
        client.as_user("u-3").patch(f"{BASE}/tags/parcel/{listed['VIP']['id']}", json={"name": "x"}).status_code == 403
    )

    def tags_now() -> list[str]:
        fire_due(database, due)
        with database.reading() as session:
            return list(session.get_one(Parcel, "p-1").tags)

    mate.patch(f"{BASE}/tags/parcel/{listed['VIP']['id']}", json={"name": "贵宾", "colour": "pink"})
    assert tags_now() == ["重点", "贵宾"]
    mate.patch(f"{BASE}/tags/parcel/{listed['VIP']['id']}", json={"name": "重点"})
    assert tags_now() == ["重点"]
    mate.delete(f"{BASE}/tags/parcel/{listed['重点']['id']}")
    assert tags_now() == []
    assert mate.get(f"{BASE}/tags", query_string={"kind": "parcel"}).json["items"] == []
    for wrong in (["a,b"], ["x" * 41], [f"t{n}" for n in range(31)]):
        assert mate.put(f"{BASE}/record-tags", json=MINE | {"tags": wrong}).status_code == 422
