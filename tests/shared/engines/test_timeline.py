"""Activities, tasks, reminders and notifications."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from chassis import clock, event_log
from chassis.caller import Caller
from chassis.db import Database, loads
from chassis.errors import Conflict, Invalid
from chassis.testing import Time
from chassis.timers import fire_due
from engines import notifications, timeline

SELLER = Caller(id="u-1", kind="user")
LEAD = {"subject_kind": "lead", "subject_id": "l-1"}


@dataclass
class Logged:
    """A row of the event log, its JSON read."""

    type: str
    subject: str
    data: dict[str, Any]
    personal: dict[str, Any]


def events(database: Database) -> list[Logged]:
    log = event_log.LOG
    with database.connection() as connection:
        rows = connection.execute(select(log.c.type, log.c.subject, log.c.data, log.c.personal).order_by(log.c.id))
        return [Logged(type_, subject, loads(data), loads(personal or "{}")) for type_, subject, data, personal in rows]


def types(database: Database) -> list[str]:
    return [row.type.partition(".")[2] for row in events(database)]


def plan(database: Database, **values: Any) -> str:
    with database.transaction() as session:
        return timeline.create_task(
            session, title={"zh": "回访", "en": "Call back"}, **(LEAD | {"assignee_id": "u-1"} | values)
        ).id


def test_an_activity_is_logged_with_an_event_on_its_record(database: Database) -> None:
    with database.transaction() as session:
        timeline.log_activity(session, caller=SELLER, kind="call", text="Wants a demo", **LEAD)
        found = timeline.activities(session, "lead", "l-1")
    assert [(item.kind, item.text, item.by) for item in found] == [("call", "Wants a demo", "u-1")]
    (row,) = events(database)
    assert row.type == f"{database.service}.activity.logged.v1"
    assert row.subject == "lead/l-1"
    assert row.data["subject"] == "lead/l-1"


def test_an_activity_of_an_unknown_kind_or_in_the_future_is_refused(database: Database) -> None:
    with database.transaction() as session:
        with pytest.raises(Invalid):
            timeline.log_activity(session, caller=SELLER, kind="lunch", text="", **LEAD)
        later = clock.now() + timedelta(hours=1)
        with pytest.raises(Invalid):
            timeline.log_activity(session, caller=SELLER, kind="note", text="", at=later, **LEAD)


def test_a_task_reminds_its_assignee_once_when_it_falls_due(database: Database, time: Time) -> None:
    plan(database, due_at=clock.now() + timedelta(hours=2))
    assert fire_due(database, timeline.due) == 0
    time.pass_(hours=2)
    assert fire_due(database, timeline.due) == 1
    assert fire_due(database, timeline.due) == 0
    told = events(database)[-1]
    assert told.type.endswith("notification.requested.v1")
    assert told.data["to"] == ["u-1"]
    assert told.personal["data"]["title"] == {"zh": "任务到期：回访", "en": "Task due: Call back"}


def test_a_done_task_reminds_nobody_and_cannot_be_done_twice(database: Database, time: Time) -> None:
    task_id = plan(database, due_at=clock.now() + timedelta(hours=2))
    with database.transaction() as session:
        timeline.complete_task(session, session.get_one(timeline.Task, task_id), by="u-1")
    time.pass_(hours=3)
    assert fire_due(database, timeline.due) == 0
    assert types(database) == ["task.created.v1", "task.completed.v1"]
    with database.transaction() as session, pytest.raises(Conflict):
        timeline.complete_task(session, session.get_one(timeline.Task, task_id), by="u-1")


def test_open_tasks_follow_the_record_to_its_new_owner(database: Database, time: Time) -> None:
    done, first, second = (plan(database, due_at=clock.now() + timedelta(hours=1)) for _task in range(3))
    with database.transaction() as session:
        timeline.complete_task(session, session.get_one(timeline.Task, done), by="u-1")
        assert timeline.reassign_tasks(session, to="u-2", **LEAD) == 2
        assert timeline.reassign_tasks(session, to="u-2", **LEAD) == 0
        assert {task.id: task.assignee_id for task in timeline.open_tasks(session, "lead", "l-1")} == {
            first: "u-2", second: "u-2",
        }  # fmt: skip
    time.pass_(hours=1)
    assert fire_due(database, timeline.due) == 2
    assert events(database)[-1].data["to"] == ["u-2"]


def test_a_leavers_tasks_go_to_the_successor_and_a_records_tasks_can_be_closed_together(database: Database) -> None:
    plan(database, key="follow_up")
    plan(database, subject_id="l-2")
    with database.transaction() as session:
        assert timeline.reassign_all(session, person="u-1", to="u-3") == 2
        assert timeline.complete_open(session, by="u-3", key="other", **LEAD) == 0
        assert timeline.complete_open(session, by="u-3", key="follow_up", **LEAD) == 1


def test_a_notification_names_each_person_once_and_nobody_asks_for_nothing(database: Database) -> None:
    texts = {"zh": "新线索", "en": "New lead"}
    with database.transaction() as session:
        notifications.notify(session, to=[None, ""], key="k", title=texts, subject="lead/l-1")
        notifications.notify(
            session, to=["u-2", "u-1", "u-2", None], key="k", title=texts, link="/x", subject="lead/l-1"
        )
    (row,) = events(database)
    assert row.data == {"to": ["u-1", "u-2"], "key": "k", "link": "/x", "subject": "lead/l-1"}
