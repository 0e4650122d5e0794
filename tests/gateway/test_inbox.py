"""Notifications and "my work": what arrives, for whom, and what a person said about channels."""

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest

from chassis import clock
from chassis.ids import uuid7
from chassis.subscriptions import Received
from chassis.testing import Client
from integration_gateway import notifications, subscriptions, work_items
from integration_gateway.directory import users
from integration_gateway.models import User, WorkItem

API = "/gateway/api/v1"


@pytest.fixture
def hear(database, company):
    """`hear("leads", "task.created", {...})`: a handler's work in its own transaction, twice with `again`."""

    def arrive(source: str, noun: str, data: dict[str, Any], *, id: str = "", group: str = "work_items") -> None:
        event = Received(
            id=id or uuid7(), source=source, type=f"{source}.{noun}.v1", subject=data.get("subject") or "lead/1",
            time=clock.now(), sequence=1, epoch="e", aggregateversion=1, data=data,
        )  # fmt: skip
        found = subscriptions.on.groups[group].match(event.type)
        with database.transaction() as session:
            found.handle(session, found.load(event))

    return arrive


def task(company, key="zhang.wei", **given) -> dict[str, Any]:
    due = clock.iso(clock.now() + timedelta(hours=2))
    title = {"zh": "首次跟进：合见工软", "en": "First follow-up: 合见工软"}
    return {
        "task_id": uuid7(),
        "subject": "lead/1",
        "title": title,
        "assignee_id": company[key]["id"],
        "due_at": due,
    } | given


def test_work_of_all_services_is_one_list_with_what_is_due_first_on_top(hear, company, as_):
    later = task(company, due_at=clock.iso(clock.now() + timedelta(days=3)), title="Later")
    hear("leads", "task.created", later)
    hear("sales", "task.created", task(company, due_at=None, title="Some time"))
    hear("approvals", "task.created", task(company, subject="", subject_kind="contract", subject_id="c1",
                                           due_at=clock.iso(clock.now() - timedelta(hours=1)), title="Late"))  # fmt: skip
    hear("leads", "task.created", task(company, "wu.xiaotong"))
    answer = as_("zhang.wei").get(f"{API}/work-items").json
    assert [item["title"] for item in answer["items"]] == ["Late", "Later", "Some time"]
    assert (answer["open"], answer["overdue"]) == (3, 1)
    assert answer["items"][0]["link"].startswith("/approvals/tasks/")
    hear("leads", "task.completed", {"task_id": later["task_id"], "outcome": "done"})
    assert [item["title"] for item in as_("zhang.wei").get(f"{API}/work-items?done=true").json["items"]] == ["Later"]


def ticket(company, **given) -> dict[str, Any]:
    return {
        "ticket_id": "tk-1", "number": "T-1", "subject": "登录失败", "status": "open",
        "assignee_id": company["zhang.wei"]["id"], "next_due_at": clock.iso(clock.now() + timedelta(hours=1)),
    } | given  # fmt: skip


def test_a_ticket_is_work_of_its_assignee_until_it_is_solved(hear, company, as_):
    me = as_("zhang.wei")
    hear("service-desk", "ticket.assigned", ticket(company))
    (item,) = me.get(f"{API}/work-items?kind=ticket").json["items"]
    assert (item["kind"], item["title"], item["link"]) == ("ticket", "T-1 登录失败", "/service-desk/tickets/tk-1")
    assert me.get(f"{API}/work-items?kind=approval").json["items"] == []
    hear("service-desk", "ticket.solved", ticket(company, status="solved"))
    assert me.get(f"{API}/work-items").json["items"] == []
    hear("service-desk", "ticket.changed", ticket(company, status="open"))
    assert me.get(f"{API}/work-items").json["open"] == 1
    hear("service-desk", "ticket.assigned", ticket(company, assignee_id=None))
    assert me.get(f"{API}/work-items").json["open"] == 0


def test_open_work_is_grouped_by_the_companys_day(time):
    time.set(datetime(2026, 3, 2, 15, 30, tzinfo=UTC))  # 23:30 in Shanghai
    minutes = {"late": -1, "tonight": 20, "tomorrow": 40, "never": None}
    items = [
        WorkItem(task_id=name, due_at=None if after is None else clock.now() + timedelta(minutes=after))
        for name, after in minutes.items()
    ]
    grouped = work_items.by_day(items, "Asia/Shanghai")
    assert [(name, [item.task_id for item in group]) for name, group in grouped] == [
        ("overdue", ["late"]), ("today", ["tonight"]), ("later", ["tomorrow"]), ("undated", ["never"]),
    ]  # fmt: skip


def test_a_calendar_is_read_at_a_private_address_until_it_is_taken_back(hear, company, as_, client):
    long_title = "拜访；客户, 带上\\合同\n第二行 " + "很长的标题" * 30
    due, early = clock.now() + timedelta(hours=2), clock.now() + timedelta(hours=1)
    times = {"due_at": clock.iso(due), "remind_at": clock.iso(early)}
    hear("sales", "task.created", task(company, title=long_title, link="/sales/accounts/a1", **times))
    hear("sales", "task.created", task(company, due_at=None))
    hear("sales", "task.created", task(company, "wu.xiaotong"))
    me = as_("zhang.wei")
    assert me.get(f"{API}/me/calendar").json["exists"] is False
    address = me.post(f"{API}/me/calendar").json["address"]
    path = address[address.index("/gateway/calendar/") :]
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    read = icalendar.Calendar.from_ical(answer.data)
    (event,) = read.events
    assert event["SUMMARY"] == long_title
    assert event.start.replace(microsecond=0) == due.replace(microsecond=0)
    assert event["URL"].endswith("/sales/accounts/a1")
    assert len(event.alarms.times) == 2
    assert not read.errors
    assert not event.errors
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert me.get(f"{API}/me/calendar").json["read_at"] is not None
    fresh = me.post(f"{API}/me/calendar").json["address"]
    assert client.get(path).status_code == 404
    assert client.get(fresh[fresh.index("/gateway/calendar/") :]).status_code == 200
    assert me.delete(f"{API}/me/calendar").status_code == 204
    assert client.get(fresh[fresh.index("/gateway/calendar/") :]).status_code == 404
    assert client.get("/gateway/calendar/guess.ics").status_code == 404


def test_a_task_passed_on_leaves_one_list_for_another(hear, company, database):
    given = task(company)
    hear("leads", "task.created", given)
    hear("leads", "task.created", given | {"assignee_id": company["wu.xiaotong"]["id"]})
    with database.reading() as session:
        assert work_items.counts(session, company["zhang.wei"]["id"])["open"] == 0
        assert work_items.counts(session, company["wu.xiaotong"]["id"])["open"] == 1


def test_the_same_task_id_in_two_services_is_two_things(hear, company, as_):
    given = task(company)
    hear("leads", "task.created", given)
    hear("sales", "task.created", given)
    assert as_("zhang.wei").get(f"{API}/work-items").json["open"] == 2


def note(company, *keys: str, **given) -> dict[str, Any]:
    to = [company[key]["id"] for key in keys]
    title = {"zh": "线索已分配给你", "en": "A lead was assigned to you"}
    return {
        "to": to,
        "key": "lead_assigned",
        "title": title,
        "text": {},
        "link": "/leads/leads/1",
        "subject": "lead/1",
    } | given


def test_a_notification_reaches_each_person_once(hear, company, as_, database):
    given, id = note(company, "zhang.wei", "liu.yang"), uuid7()
    for _twice in range(2):
        hear("leads", "notification.requested", given, id=id, group="notifications")
    wei = as_("zhang.wei")
    assert wei.get(f"{API}/notifications/unread").json == {"unread": 1}
    found = wei.get(f"{API}/notifications?unread=true").json["items"]
    assert found[0]["title"]["zh"] == "线索已分配给你"
    assert as_("wu.xiaotong").post(f"{API}/notifications/{found[0]['id']}/read").status_code == 404
    assert wei.post(f"{API}/notifications/{found[0]['id']}/read").json["read_at"]
    assert wei.get(f"{API}/notifications/unread").json == {"unread": 0}
    assert as_("liu.yang").post(f"{API}/notifications/read-all").json == {"unread": 0}


def test_who_left_gets_nothing(hear, company, database):
    with database.transaction() as session:
        users.change(session, session.get(User, company["zhang.wei"]["id"]), active=False)
    hear("leads", "notification.requested", note(company, "zhang.wei"), group="notifications")
    with database.reading() as session:
        assert notifications.unread(session, company["zhang.wei"]["id"]) == 0


@pytest.mark.parametrize("link", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
def test_a_link_elsewhere_is_dropped(hear, company, as_, link):
    hear("leads", "notification.requested", note(company, "zhang.wei", link=link), group="notifications")
    assert as_("zhang.wei").get(f"{API}/notifications").json["items"][0]["link"] == ""


def test_a_kind_of_message_can_be_switched_off_and_the_inbox_cannot(hear, company, as_):
    wei = as_("zhang.wei")
    off = {"items": [{"channel": "inbox", "key": "lead_assigned", "wanted": False},
                     {"channel": "mail", "key": "*", "wanted": True}]}  # fmt: skip
    answer = wei.put(f"{API}/notification-preferences", json=off)
    assert answer.status_code == 200, answer.json
    assert {"channel": "mail", "key": "*", "wanted": True} in answer.json["items"]
    hear("leads", "notification.requested", note(company, "zhang.wei"), group="notifications")
    hear("leads", "notification.requested", note(company, "zhang.wei", key="other"), group="notifications")
    assert wei.get(f"{API}/notifications/unread").json == {"unread": 1}
    refused = wei.put(
        f"{API}/notification-preferences", json={"items": [{"channel": "inbox", "key": "*", "wanted": False}]}
    )
    assert refused.status_code == 422


def test_a_machine_has_no_inbox(app, settings, company):
    token = app.test_client().post(
        "/gateway/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "demo-website",
              "client_secret": "demo-website-secret-2026", "audience": "gateway"},
    ).json["access_token"]  # fmt: skip
    assert Client(app, settings, token).get(f"{API}/notifications").status_code == 403
